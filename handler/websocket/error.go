package websocket

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// An EventError says what is wrong with an event, and where: it is not one of a
// WebSocket API, or no route is there for it. It never quotes a body or header.
type EventError struct {
	Member string // the path of the member, as in requestContext.stage; empty for the event itself
	Offset int    // byte offset in the event
	Msg    string
	Err    error // the cause, if there is one
}

func (e *EventError) Error() string {
	s := "WebSocket event"
	if e.Member != "" {
		s += ": member " + strconv.Quote(e.Member)
	}
	return s + " at offset " + strconv.Itoa(e.Offset) + ": " + e.Msg
}

// Unwrap returns Err.
func (e *EventError) Unwrap() error { return e.Err }

// ErrorType is the name under which Lambda reports the error.
func (e *EventError) ErrorType() string { return "InvalidWebSocketEvent" }

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
	return &EventError{Member: member, Offset: i, Msg: "another type of value than " + want}
}

// MaxMessage is how many bytes a message can have, in either direction; API
// Gateway splits what it sends into frames of 32 KB:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const MaxMessage = 128 << 10

// ErrTooLarge is the error of an invocation whose reply is larger than
// [MaxMessage].
var ErrTooLarge = errors.New("websocket: the reply is larger than 131072 bytes, a message's limit")

// A Refusal is an error that says no to the client: on $connect, where it
// decides that there will be no connection, and on other routes.
type Refusal struct {
	// Status is 400 to 499: 401 or 403 as a rule. Zero means 403.
	Status int
	// Message is for the client. Empty means the name of the status.
	Message string
}

func (e *Refusal) Error() string {
	if e.Message == "" {
		return http.StatusText(e.HTTPStatus())
	}
	return e.Message
}

// HTTPStatus returns Status or its default.
func (e *Refusal) HTTPStatus() int {
	if e.Status == 0 {
		return http.StatusForbidden
	}
	return e.Status
}
