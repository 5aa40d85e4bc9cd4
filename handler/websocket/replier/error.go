package replier

import (
	"errors"
	"strconv"
)

// What the service refuses, for errors.Is. The error itself is an [*Error].
var (
	// ErrGone: the connection is closed, or never was (410). It will not come
	// back: a client that connects again has another ID.
	ErrGone = errors.New("the connection is gone")
	// ErrForbidden: the credentials do not allow it, are expired or sign for
	// another region (403). A path that is not one of the API's is a 403, too.
	ErrForbidden = errors.New("not allowed")
	// ErrTooLarge: the message has more than [MaxMessage] bytes (413).
	ErrTooLarge = errors.New("the message is too large")
	// ErrLimitExceeded: too many requests, or the client takes its messages too
	// slowly (429), and still so after all attempts.
	ErrLimitExceeded = errors.New("too many requests, or the client is too slow")
)

// An Error is a call that failed. It tells nothing of a message or of
// credentials.
type Error struct {
	// Op is "post", "get" or "close".
	Op           string
	ConnectionID string
	// StatusCode is the service's, 0 if it did not answer or was not asked.
	StatusCode int
	// Code is the service's name for it, as GoneException; may be empty.
	Code string
	// Message is the service's; may be empty.
	Message string
	// RequestID is API Gateway's, for AWS Support; may be empty.
	RequestID string
	// Attempts is how many requests were sent.
	Attempts int
	// Err is one of the four errors of this package, or why there is no answer.
	Err error
}

func (e *Error) Error() string {
	s := "replier: " + e.Op + " to connection " + strconv.Quote(e.ConnectionID)
	if e.StatusCode != 0 {
		s += ": status " + strconv.Itoa(e.StatusCode)
	}
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Message != "" {
		s += " (" + e.Message + ")"
	}
	if e.Attempts > 1 {
		s += ", after " + strconv.Itoa(e.Attempts) + " attempts"
	}
	if e.RequestID != "" {
		s += ", request " + e.RequestID
	}
	return s
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// ErrorType is the name under which Lambda reports the error.
func (e *Error) ErrorType() string {
	if e.Code != "" {
		return e.Code
	}
	return "ReplierError"
}
