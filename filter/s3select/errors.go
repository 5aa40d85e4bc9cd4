package s3select

import (
	"errors"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// ErrTruncated is a result that ended before it was complete: an event stream
// without its End event, or a body that is shorter than promised. What was read
// until then is not the whole result.
var ErrTruncated = errors.New("s3select: the result is truncated")

// ErrChanged is an object that was replaced while it was read, known by its
// ETag. Nothing of the new object has been returned; start again if that is safe.
var ErrChanged = errors.New("s3select: the object changed while it was read")

// An Error says why a query failed, with the code that S3 uses for it: from the
// local engine and from the server alike. The codes are listed at
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#SelectObjectContentErrorCodeList.
type Error struct {
	Code    string // such as AmbiguousFieldName or CastFailed
	Message string // what is wrong, and what may stand there
	Offset  int    // byte in the SQL expression, -1 if it is not about one
	Record  int64  // one-based number of the input record, 0 if it is not about one
	Err     error  // cause, may be nil
}

func (e *Error) Error() string {
	f := fault.Error{Code: e.Code, Msg: e.Message, Offset: e.Offset, Record: e.Record}
	return "s3select: " + f.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// public gives an error of the engine its exported type.
func public(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	return &Error{Code: f.Code, Message: f.Msg, Offset: f.Offset, Record: f.Record, Err: f.Err}
}
