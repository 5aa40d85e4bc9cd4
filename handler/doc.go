// Package handler turns core logic into a Lambda function: it is the entry
// point, and logic is a plain Go function that knows nothing of it.
//
//	// package orders: no import of this library, no AWS type, plain unit tests
//	func Place(ctx context.Context, o Order) (Receipt, error)
//
//	// main.go
//	func main() { handler.Start(handler.HTTP(orders.Place)) }
//
// An adapter makes an [Invoker] of such a [Func]: [JSON] for direct invocation
// and Step Functions, [HTTP] for API Gateway, function URLs and load balancers.
// [HTTPHandler] takes any http.Handler instead, and [Endpoint] puts a Func on a
// mux. Another source is another adapter on one line. [Use] puts middleware
// around an Invoker, [Start] serves it; outside Lambda, Start runs one event
// from a file or standard input:
//
//	echo '{"sku":"A-77","quantity":2}' | go run .
//
// # Once per environment
//
// What every invocation needs is made before Start by [Init], in parallel,
// while the environment has its CPU boost. What only some need is a [Lazy].
//
// # The deadline of logic
//
// Between middleware and logic the adapter ends the context early (see
// [DeadlineReserve]), so that logic can still return an error, and the adapter
// send it, where otherwise Lambda would end the environment or API Gateway
// answer by itself. The context is over when logic has returned, too: what logic
// leaves running would be frozen with the environment. Middleware sees the
// platform's own deadline.
//
// # Errors and panics
//
// A panic in logic or middleware is logged with its stack and becomes a
// [*PanicError]; the environment stays warm. [ExitOnPanic] says otherwise. An
// error with a method ErrorType() string, at any depth of wrapping, says by
// which name Step Functions knows it. A JSON text that does not fit its Go type
// is a [*DecodeError], and logic does not run.
//
// # Decoding
//
// JSON is decoded as encoding/json decodes it, with the refusals that [JSON]
// documents. For structs, slices, pointers, strings, numbers and booleans a plan
// made once per adapter does that faster than encoding/json and gives way to it
// wherever a text is out of the ordinary, so that what is accepted, and as what
// value, is encoding/json's decision. Types with methods of their own (UnmarshalJSON,
// UnmarshalText), maps, arrays, interfaces and structs with embedded ones are
// decoded by encoding/json itself.
//
// # Several invocations at once
//
// Where AWS_LAMBDA_MAX_CONCURRENCY allows it, an environment serves several
// invocations at a time. Everything here is safe for that; logic and middleware
// must be as well.
//
// # What it costs
//
// It links aws-lambda-go and the standard library, nothing else, and does
// nothing before main. Build functions with -tags lambda.norpc, -trimpath and
// -ldflags="-s -w".
package handler
