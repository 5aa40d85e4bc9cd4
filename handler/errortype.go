package handler

import (
	"context"
	"errors"
	"reflect"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// A typedError carries the name that Step Functions matches. (errors.AsType,
// not errors.As, here as everywhere: it does without reflection and 10 KB.)
type typedError interface {
	error
	ErrorType() string
}

// errorType is the name under which Step Functions and the caller of a function
// know err: what the first ErrorType method in its chain says, else the name of
// err's own Go type, as aws-lambda-go has it.
func errorType(err error) string {
	if typed, ok := errors.AsType[typedError](err); ok {
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
	if p, ok := errors.AsType[*PanicError](err); ok {
		out.StackTrace, out.ShouldExit = p.frames(), exit
	}
	return out
}
