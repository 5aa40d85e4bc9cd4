package handler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// Start serves invocations with inv and does not return. Its options are
// [OnShutdown] and [ExitOnPanic].
//
// In Lambda it runs aws-lambda-go's loop. Each invocation's context carries
// what the other packages of this module and [LogHandler] read, besides what
// aws-lambda-go puts there. Where AWS_LAMBDA_MAX_CONCURRENCY is above one,
// that many invocations run at once, each with a context of its own. A panic
// that reaches Start, as from middleware, is logged and reported as an error
// like one of core logic. A response above 6 MB, which the platform refuses
// and aws-lambda-go ends the process for, is reported as an error of the type
// Function.ResponseSizeTooLarge, and the environment stays warm. A
// configuration error is reported to the Runtime API as an error of INIT; an
// Invoker of another package tells its own by a method ConfigError() error.
//
// Outside Lambda, where AWS_LAMBDA_RUNTIME_API is not set, it reads one event
// from the file that is the program's only argument, or from standard input,
// prints the response and exits: 0 on success, 1 if the function returned an
// error, which goes to standard error, and 2 if there was no event to be had.
// The context then has the request ID "local" and Lambda's longest deadline,
// 15 minutes.
func Start(inv Invoker, opts ...Option) {
	o, err := newOptions(onStart, opts)
	err = errors.Join(err, configErrorOf(inv))
	if err != nil {
		failInit(initFailure{kind: "Runtime.InvalidConfiguration", err: err})
	}
	if !inLambda() {
		os.Exit(runLocal(inv, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	var lo []lambda.Option
	if o.exitOnPanic {
		lo = append(lo, lambda.WithContextValue(exitKey{}, true))
	}
	if len(o.onShutdown) > 0 {
		lo = append(lo, lambda.WithEnableSIGTERM(func() {
			shutdown(o.onShutdown)
			os.Exit(0)
		}))
	}
	lambda.StartWithOptions(&entry{inv: inv, exitOnPanic: o.exitOnPanic}, lo...)
}

// ExitOnPanic, an option of Start, ends the process when core logic or
// middleware has panicked, as aws-lambda-go does: the error is reported, and
// the next invocation is a cold start. It is for logic that a panic may leave
// in a state that cannot be trusted.
func ExitOnPanic() Option {
	return Option{"ExitOnPanic", onStart, func(o *options) error {
		o.exitOnPanic = true
		return nil
	}}
}

// shutdownBudget is what hooks get: Lambda kills the process 500 ms after
// SIGTERM where an internal extension is registered, as aws-lambda-go does.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
const shutdownBudget = 400 * time.Millisecond

// OnShutdown, an option of Start that can be given more than once, has f called
// when Lambda shuts the environment down (SIGTERM): one hook after the other in
// the order given, then the process exits. All of them together have 400 ms,
// the deadline of f's context. A panic is logged and the next hook still runs.
// Lambda sends no SIGTERM to a function that has not asked for it; asking, at
// INIT, is one call to the extensions API. It does not announce every end: what
// must not be lost is to be flushed in each invocation.
func OnShutdown(f func(context.Context)) Option {
	return Option{"OnShutdown", onStart, func(o *options) error {
		if f == nil {
			return errors.New("a hook is needed, not nil")
		}
		o.onShutdown = append(o.onShutdown, f)
		return nil
	}}
}

func shutdown(hooks []func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownBudget)
	defer cancel()
	for _, hook := range hooks {
		func() {
			var err error
			defer contain(ctx, &err)
			hook(ctx)
		}()
	}
}

// inLambda reports whether aws-lambda-go has a Runtime API to talk to; the
// other variable is that of the former go1.x runtime.
func inLambda() bool {
	return os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" || os.Getenv("_LAMBDA_SERVER_PORT") != ""
}

// maxResponse is the platform's limit of a buffered response, in bytes.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxResponse = 6<<20 + 100

// entry stands between aws-lambda-go and all of ours.
type entry struct {
	inv         Invoker
	exitOnPanic bool
	warm        atomic.Bool
}

func (e *entry) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	ctx = invocation.NewContext(ctx, e.describe(ctx))
	response, err := e.invoke(ctx, payload)
	if err == nil && len(response) > maxResponse {
		err = &responseSizeError{len(response)}
	}
	if err != nil {
		return nil, runtimeError(ctx, err, e.exitOnPanic)
	}
	return response, nil
}

func (e *entry) invoke(ctx context.Context, payload []byte) (response []byte, err error) {
	defer contain(ctx, &err)
	return e.inv.Invoke(ctx, payload)
}

func (e *entry) describe(ctx context.Context) invocation.Value {
	v := invocation.Value{
		Start:     time.Now().Round(0),
		ColdStart: !e.warm.Load() && !e.warm.Swap(true),
	}
	v.Deadline, _ = ctx.Deadline()
	v.TraceID, _ = ctx.Value("x-amzn-trace-id").(string)
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		v.RequestID, v.FunctionARN, v.TenantID = lc.AwsRequestID, lc.InvokedFunctionArn, lc.TenantID
	}
	return v
}

type responseSizeError struct{ size int }

func (e *responseSizeError) Error() string {
	return fmt.Sprintf("the response of %d bytes exceeds the maximum of %d bytes", e.size, maxResponse)
}

func (e *responseSizeError) ErrorType() string { return "Function.ResponseSizeTooLarge" }
