package handler

import "context"

// A Func is core logic: input in, output out, and nothing of Lambda or AWS in
// between. It may be called by several invocations at once.
type Func[In, Out any] func(context.Context, In) (Out, error)

// An Invoker handles one invocation: the event's bytes in, the response's bytes
// out. It is what aws-lambda-go calls a lambda.Handler, so either library
// starts the other's.
//
// The payload belongs to the runtime, which uses its buffer again for the next
// invocation: an Invoker keeps no part of it after it returns. The adapters of
// this package keep none. An Invoker is called concurrently where
// AWS_LAMBDA_MAX_CONCURRENCY says so.
type Invoker interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// InvokeFunc is the function form of an [Invoker], for middleware. It is an
// alias, so that a package can offer middleware without importing this one.
type InvokeFunc = func(ctx context.Context, payload []byte) ([]byte, error)
