package gateway

import (
	"errors"
	"strconv"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// An EventError says what is wrong with an event, and where. It never quotes
// the event: what stands there may be a secret.
type EventError struct {
	Member string // the path of the member, as in requestContext.http; empty for the event itself
	Offset int    // byte offset in the event
	Msg    string
	Err    error // the cause, if there is one
}

func (e *EventError) Error() string {
	s := "HTTP event"
	if e.Member != "" {
		s += ": member " + strconv.Quote(e.Member)
	}
	return s + " at offset " + strconv.Itoa(e.Offset) + ": " + e.Msg
}

func (e *EventError) Unwrap() error { return e.Err }

// ErrorType is the name under which Lambda reports the error.
func (e *EventError) ErrorType() string { return "InvalidHTTPEvent" }

// syntaxError wraps what jsonscan found inside of a member.
func syntaxError(member string, err error) error {
	if s, ok := errors.AsType[*jsonscan.SyntaxError](err); ok {
		return &EventError{Member: member, Offset: s.Offset, Msg: s.Msg, Err: err}
	}
	return &EventError{Member: member, Msg: err.Error(), Err: err}
}

// kindError reports a value of the wrong type at b[i].
func kindError(member string, b []byte, i int, want string) error {
	if jsonscan.KindAt(b, i) == jsonscan.Invalid {
		_, err := jsonscan.Skip(b, i)
		return syntaxError(member, err)
	}
	return &EventError{Member: member, Offset: i, Msg: "found " + kindName(b, i) + " where " + want + " is expected"}
}

func kindName(b []byte, i int) string {
	switch jsonscan.KindAt(b, i) {
	case jsonscan.Null:
		return "null"
	case jsonscan.True, jsonscan.False:
		return "a boolean"
	case jsonscan.Number:
		return "a number"
	case jsonscan.String:
		return "a string"
	case jsonscan.Array:
		return "an array"
	}
	return "an object"
}

// A TooLargeError says that an answer is larger than its front takes.
type TooLargeError struct {
	Front Front
	Size  int // bytes of the answer; a lower bound where it was not built to its end
	Limit int // bytes
}

func (e *TooLargeError) Error() string {
	return "the answer has " + strconv.Itoa(e.Size) + " bytes or more, " + e.Front.String() +
		" takes " + strconv.Itoa(e.Limit) + " (bodies that are not text grow by a third in base64)"
}

// ErrorType is the name under which Lambda reports the error.
func (e *TooLargeError) ErrorType() string { return "ResponseTooLarge" }
