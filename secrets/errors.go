package secrets

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Why a fetch failed; found with [errors.Is] in what Get, Prefetch, Recover and
// a [Source] return.
var (
	// ErrNotFound: there is no such secret, or no version with that stage.
	ErrNotFound = errors.New("not found")
	// ErrDenied: the caller may not read the secret or decrypt it.
	ErrDenied = errors.New("access denied")
	// ErrDeleted: the secret is marked for deletion.
	ErrDeleted = errors.New("marked for deletion")
	// ErrRegion: the secret is not in the client's region, or the client has none.
	ErrRegion = errors.New("wrong region")
	// ErrTooLarge: the value exceeds 65,536 bytes.
	ErrTooLarge = errors.New("too large")
	// ErrDecode: the value does not fit the type T. The cause is described but
	// not wrapped, because decoders quote their input.
	ErrDecode = errors.New("cannot decode")
)

// Error reports which operation on which secret failed. It never contains the
// value.
type Error struct {
	// Op is "fetch" or "decode".
	Op string
	// ID is the secret's name or ARN.
	ID string
	// Stage is the stage that was asked for.
	Stage Stage
	// Err is the cause.
	Err error
}

func (e *Error) Error() string {
	return "secrets: " + e.Op + " " + string(e.Stage) + " of " + strconv.Quote(e.ID) + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// RecoverError reports that no version of a secret was accepted. Its cause,
// found by errors.As and errors.Is, is the last rejection, or what kept the
// next version from being fetched, or the end of the caller's context.
type RecoverError struct {
	// ID is the secret's name or ARN.
	ID string
	// Rounds counts the rounds through the stages that failed in a row.
	Rounds int
	// Stages are the stages of a round.
	Stages []Stage
	// RetryAt is when the next round may begin; calls before it fail fast,
	// without a fetch or a login.
	RetryAt time.Time
	// Err is the cause.
	Err error
}

func (e *RecoverError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "secrets: recover %q: ", e.ID)
	if e.Rounds > 0 {
		fmt.Fprintf(&b, "%d failed round(s) of %v", e.Rounds, e.Stages)
		if !e.RetryAt.IsZero() {
			b.WriteString(", next at " + e.RetryAt.UTC().Format(time.RFC3339))
		}
		b.WriteString(": ")
	}
	if e.Err != nil {
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

func (e *RecoverError) Unwrap() error { return e.Err }

// rejectedError marks its cause as a rejection of the credentials.
type rejectedError struct{ error }

func (e *rejectedError) Unwrap() error { return e.error }

// Rejected marks err as a rejection of the secret by the service it is for: a
// failed login, an HTTP 401. [Do] and [Secret.Recover] then look for another
// version. The message stays the same and the cause is wrapped. It returns nil
// for nil.
func Rejected(err error) error {
	if err == nil {
		return nil
	}
	return &rejectedError{err}
}

func isRejected(err error) bool {
	var r *rejectedError
	return errors.As(err, &r)
}
