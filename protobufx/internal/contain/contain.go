// Package contain keeps panics from the platform's loop, which would end the
// execution environment, and logs what clients are not told. protobufx and the
// packages beneath it share it.
package contain

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A PanicError is a panic that was contained, and logged.
type PanicError struct{ value any }

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

func (e *PanicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// HTTPStatus returns 500.
func (e *PanicError) HTTPStatus() int { return 500 }

// ErrorType is the name under which Lambda reports the error.
func (e *PanicError) ErrorType() string { return "Runtime.Panic" }

// Panic, deferred, turns a panic into the error of the function that defers it,
// and logs it.
func Panic(ctx context.Context, err *error) {
	if v := recover(); v != nil {
		stack := make([]byte, 64<<10)
		stack = stack[:runtime.Stack(stack, false)]
		e := &PanicError{v}
		Log(ctx, "panic contained", e, string(stack))
		*err = e
	}
}

var logMu sync.Mutex // one line at a time

// Log writes a line as handler does, in JSON to the writer of package log.
func Log(ctx context.Context, message string, err error, stack string) {
	var b []byte
	member := func(name, value string) {
		if value != "" {
			b = append(append(append(b, `,"`...), name...), `":`...)
			b = jsonscan.AppendQuote(b, value)
		}
	}
	b = append(b, `{"timestamp":"`...)
	b = time.Now().UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":"ERROR"`...)
	member("message", message)
	if v := invocation.From(ctx); v != nil {
		member("requestId", v.RequestID)
		member("tenantId", v.TenantID)
	}
	member("functionName", os.Getenv("AWS_LAMBDA_FUNCTION_NAME"))
	member("error", err.Error())
	member("stack", stack)
	b = append(b, "}\n"...)
	logMu.Lock()
	defer logMu.Unlock()
	log.Writer().Write(b) //nolint:errcheck // there is nowhere else to say it
}
