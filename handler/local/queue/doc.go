// Package queue is Amazon SQS in memory, and the event source mapping that
// feeds a Lambda function from it: what the handler/local command runs with
// -source sqs, and what tests of functions behind a queue stand on.
//
//	dead, _ := queue.New(queue.Config{Name: "orders-dead"})
//	orders, err := queue.New(queue.Config{Name: "orders", DeadLetterQueue: dead, MaxReceiveCount: 5})
//	if err != nil { … }
//	mapping, err := queue.NewMapping(orders, fn, queue.MappingConfig{ReportBatchItemFailures: true})
//	if err != nil { … }
//	orders.Send(queue.Message{Body: `{"id":1}`})
//	err = mapping.Drain(ctx) // every message is processed or in dead
//	dead.Redrive(nil)        // as aws sqs start-message-move-task
//
// # The queue
//
// As the service documents it, see
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/:
//
//   - A message that was received is in flight, which nobody else receives,
//     until it is deleted or its visibility timeout ends. Then it can be
//     received again.
//   - A message that was received [Config.MaxReceiveCount] times, and not
//     deleted, is moved to the dead-letter queue instead of being received once
//     more. It keeps its ID; the deduplication ID of a FIFO message becomes that
//     ID, and its enqueue time is reset.
//   - In a FIFO queue messages of a group are received in the order in which
//     they were sent, and none of them while one is in flight. A message whose
//     deduplication ID was sent within the last 5 minutes is accepted and
//     dropped.
//   - [Queue.Redrive] moves messages back, oldest first, as new messages: with
//     a new ID, enqueue time and receive count.
//
// Messages are kept until they are deleted: there is no retention period.
//
// # The mapping
//
// As https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html has it:
//
//   - A batch is invoked with once it has [MappingConfig.BatchSize] messages,
//     or 6 MB, or [MappingConfig.BatchingWindow] has passed since its first
//     message was received.
//   - On success its messages are deleted. After a function error, a timeout or
//     a crash they stay in flight, and can be received again when their
//     visibility timeout ends.
//   - With [MappingConfig.ReportBatchItemFailures] the response may name the
//     messages that failed, by itemIdentifier; the others are deleted. An empty
//     or null response, or list, is a success. A response that is malformed, or
//     has an identifier that is empty, missing or of no message of the batch,
//     fails the whole batch. Without it every response is a success, whatever
//     it says, and all messages are deleted.
//   - A throttled invocation is tried again, with a growing pause, for as long
//     as it can end within the visibility timeout. Then the batch is given up,
//     and its messages can be received again when that timeout ends.
//   - Without [MappingConfig.MaximumConcurrency] it begins with 5 invocations at
//     a time and adds 5 per second, up to 1,250, as long as there is a backlog;
//     throttling, and function errors unless ReportBatchItemFailures is set,
//     halve that.
//
// The package reads the time of package time and nothing else, so that in a
// testing/synctest bubble a visibility timeout passes in no time, with a
// [Function] of the test's own. A [*runtimeapi.Function] needs the real time.
package queue
