package handler

import (
	"context"
	"errors"
	"reflect"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// errorType is the name under which Step Functions and the caller of a function
// know err: what the first ErrorType method in its chain says, else the name of
// err's own Go type, as aws-lambda-go has it.
func errorType(err error) string {
	var typed interface{ ErrorType() string }
	if errors.As(err, &typed) {
		if name := typed.ErrorType(); name != "" {
			return name
		}
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// runtimeError is err in the form in which aws-lambda-go reports it to the
// Runtime API unchanged. exit ends the process after a panic was reported.
func runtimeError(ctx context.Context, err error, exit bool) (out messages.InvokeResponse_Error) {
	defer func() { // an error's methods can panic too, as those of a typed nil
		if v := recover(); v != nil {
			e := newPanicError(v)
			logPanic(ctx, e)
			out = messages.InvokeResponse_Error{Message: e.Error(), Type: e.ErrorType(), StackTrace: e.frames(), ShouldExit: exit}
		}
	}()
	switch e := err.(type) {
	case messages.InvokeResponse_Error:
		return e
	case *messages.InvokeResponse_Error:
		return *e
	}
	out = messages.InvokeResponse_Error{Message: err.Error(), Type: errorType(err)}
	var p *PanicError
	if errors.As(err, &p) {
		out.StackTrace, out.ShouldExit = p.frames(), exit
	}
	return out
}
