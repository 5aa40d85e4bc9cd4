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
// mux. Queues, streams and notifications have adapters for single records. Another
// source is another adapter on one line. [Use] puts middleware
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
// # Queues and streams
//
// The batch adapters call an [Each] for every record: [SQS], [Kinesis],
// [DynamoDB], [Kafka], [SNS], [EventBridge], [S3] and [CloudWatchLogs]; SNS,
// EventBridge and S3 also behind a queue.
// [Discard] puts the logic of an API there:
//
//	func main() { handler.Start(handler.SQS(handler.Discard(orders.Place))) }
//
// [Batch] calls logic once, with all records of a batch, which answers for each.
//
// One record's failure, panic or undecodable data is its own: the response names
// what is not done, as AWS documents for each source. THE EVENT SOURCE MAPPING
// MUST SAY ReportBatchItemFailures FOR THAT: without it Lambda takes the named
// records as done, and they are lost. No record begins within the deadline's
// reserve; those not begun, and those whose logic has not returned half a reserve
// before the platform's deadline, come back as failed. Logic that outlives that
// is left behind: its context is over, and the environment freezes it. Behind a
// queue, set the queue's visibility timeout to six times the function's timeout,
// as AWS recommends, so that a record is not delivered while it is being
// processed.
//
// In order within a message group, partition key or item, records run at the same
// time up to [Concurrency]. [RecordFrom] tells logs which record it is; [Keep]
// filters before decoding; [OnPoison] decides about what does not decode.
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
