package idempotent

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

var (
	// ErrNoKey is what a call gets whose key is empty. Logic did not run.
	ErrNoKey error = &statusError{http.StatusBadRequest, "IdempotencyKeyMissing", "an idempotency key is needed"}
	// ErrTakenOver is what a call gets that succeeded too late: after its own
	// deadline, when another call had taken over its key. What it did may have
	// been done twice. A Store's Complete returns it.
	ErrTakenOver = errors.New("idempotent: the call outlived its deadline, and its record was no longer there when it succeeded")
	// ErrFull is what Begin of a [Memory] returns that holds nothing but records
	// in progress.
	ErrFull = errors.New("idempotent: every record of the store is in progress")
)

// A statusError is one with a status in HTTP and a name in Step Functions.
type statusError struct {
	status        int
	name, message string
}

func (e *statusError) Error() string     { return e.message }
func (e *statusError) HTTPStatus() int   { return e.status }
func (e *statusError) ErrorType() string { return e.name }

// An InProgressError is what a call gets while another one with its key runs.
type InProgressError struct {
	// Until is when that call's invocation ends at the latest; zero if unknown.
	Until time.Time
}

func (e *InProgressError) Error() string {
	s := "a call with this idempotency key is in progress"
	if !e.Until.IsZero() {
		s += ", until " + e.Until.UTC().Format(time.RFC3339Nano) + " at the latest"
	}
	return s
}

// HTTPStatus is 409, as the IETF's draft of the Idempotency-Key header has it.
func (e *InProgressError) HTTPStatus() int { return http.StatusConflict }

// ErrorType is the name that Step Functions matches.
func (e *InProgressError) ErrorType() string { return "IdempotencyAlreadyInProgress" }

// A PayloadMismatchError is what a call gets whose key is that of an earlier
// call with another payload.
type PayloadMismatchError struct {
	// Status is how far that earlier call is.
	Status Status
}

func (e *PayloadMismatchError) Error() string {
	return "the idempotency key was used with another payload before"
}

// HTTPStatus is 422, as the IETF's draft of the Idempotency-Key header has it.
func (e *PayloadMismatchError) HTTPStatus() int { return http.StatusUnprocessableEntity }

// ErrorType is the name that Step Functions matches.
func (e *PayloadMismatchError) ErrorType() string { return "IdempotencyValidation" }

// A StoreError is a failure of the store, or of a result on its way into it or
// out of it. It carries neither key nor payload.
type StoreError struct {
	// Op is what failed: "begin", "encode", "complete", "release" or "replay". Logic
	// did not run if it is begin or replay.
	Op  string
	Err error
}

func (e *StoreError) Error() string {
	return "idempotent: " + strconv.Quote(e.Op) + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *StoreError) Unwrap() error { return e.Err }

// ErrorType is the name that Step Functions matches.
func (e *StoreError) ErrorType() string { return "IdempotencyPersistenceLayer" }
