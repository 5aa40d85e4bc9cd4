// Package fault holds the one error type of the select engine: S3's code name,
// what is wrong, and where.
package fault

import (
	"errors"
	"fmt"
)

// An Error is a failed query. Code is one of the codes that S3 lists for
// SelectObjectContent
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
type Error struct {
	Code   string
	Msg    string
	Offset int   // byte in the SQL expression, or -1
	Record int64 // one-based number of the input record, or 0
	Err    error // cause, may be nil
}

func (e *Error) Error() string {
	s := e.Code + ": " + e.Msg
	if e.Offset >= 0 {
		s += fmt.Sprintf(" (at byte %d of the SQL expression)", e.Offset)
	}
	if e.Record > 0 {
		s += fmt.Sprintf(" (record %d)", e.Record)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// New is an error without a position. It is not inlined: there are a hundred
// calls of it, none of them hot, and a function pays for its size at every start.
//
//go:noinline
func New(code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...), Offset: -1}
}

// At is an error at a byte of the SQL expression. It is not inlined, as New.
//
//go:noinline
func At(offset int, code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...), Offset: offset}
}

// InRecord returns err with the number of the record, where it has none yet.
func InRecord(err error, n int64) error {
	var e *Error
	if n <= 0 || !errors.As(err, &e) || e.Record > 0 {
		return err
	}
	c := *e
	c.Record = n
	return &c
}

// Placed returns err with a position in the SQL expression, where it has none.
func Placed(err error, offset int) error {
	var e *Error
	if !errors.As(err, &e) || e.Offset >= 0 {
		return err
	}
	c := *e
	c.Offset = offset
	return &c
}
