package handler

import (
	"context"
	"fmt"
	"runtime"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// A PanicError is a panic that was contained: in core logic, in middleware, in
// an [Init] task or in the function of a [Lazy]. Its stack has been logged, or
// is about to be, by whoever contained it. The environment stays warm; see
// [ExitOnPanic] for the other way. A panic in a goroutine that logic started by
// itself cannot be contained by anybody else and ends the process.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine at the panic, as runtime.Stack prints it

	callers []uintptr
}

// Error names the panic's value, not its stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the panic's value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ErrorType is "Runtime.Panic", what a Step Functions Retry or Catch matches.
func (e *PanicError) ErrorType() string { return "Runtime.Panic" }

const (
	maxStack  = 64 << 10 // bytes of a printed stack
	maxFrames = 32       // of a reported one, as aws-lambda-go has it
)

// newPanicError is called by the function that recovered v, which a deferred
// call runs.
func newPanicError(v any) *PanicError {
	e := &PanicError{Value: v, Stack: make([]byte, maxStack), callers: make([]uintptr, maxFrames)}
	e.Stack = e.Stack[:runtime.Stack(e.Stack, false)]
	// Skipped: Callers, this function, its caller, and the runtime's gopanic.
	e.callers = e.callers[:runtime.Callers(4, e.callers)]
	return e
}

// contain, deferred, turns a panic into the error of the function that defers
// it, and logs it.
func contain(ctx context.Context, err *error) {
	if v := recover(); v != nil {
		e := newPanicError(v)
		logPanic(ctx, e)
		*err = e
	}
}

// frames is the stack as the Runtime API's error body and X-Ray have it.
func (e *PanicError) frames() []*messages.InvokeResponse_Error_StackFrame {
	var out []*messages.InvokeResponse_Error_StackFrame
	for frames := runtime.CallersFrames(e.callers); ; {
		f, more := frames.Next()
		if f.Function != "" {
			out = append(out, &messages.InvokeResponse_Error_StackFrame{Path: f.File, Line: int32(f.Line), Label: f.Function})
		}
		if !more {
			return out
		}
	}
}

// exitKey is the context key under which Start says that panics are not to be
// kept: an adapter that would turn a contained panic into a response returns
// the error instead.
type exitKey struct{}

func exitsOnPanic(ctx context.Context) bool { return ctx.Value(exitKey{}) != nil }
