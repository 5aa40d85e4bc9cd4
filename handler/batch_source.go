package handler

import (
	"reflect"

	"github.com/lambdatune/lambdatune/handler/internal/attribute"
	"github.com/lambdatune/lambdatune/handler/internal/envelope"
)

// SQS returns an Invoker for an SQS event source mapping. Each message's body is
// In in JSON, decoded as [JSON] decodes an event.
//
// # The mapping must say ReportBatchItemFailures
//
// The response names the messages that failed. WITHOUT
// FunctionResponseTypes: [ReportBatchItemFailures] IN THE EVENT SOURCE MAPPING,
// LAMBDA IGNORES THAT, TAKES THE WHOLE BATCH AS DONE, AND SQS DELETES THE FAILED
// MESSAGES. In a SAM template:
//
//	Events:
//	  Orders:
//	    Type: SQS
//	    Properties:
//	      Queue: !GetAtt Orders.Arn
//	      FunctionResponseTypes: [ReportBatchItemFailures]
//
// # What fails
//
// A message has failed when logic returned an error or panicked, when its body
// does not decode (see [OnPoison]), when logic had not returned by the deadline,
// and when it was not begun because the deadline was near (see
// [DeadlineReserve]). The response names failed messages by their messageId, and
// an empty list means success. What each one failed of is logged, without its
// body. Where not one message of a batch is done, Invoke returns an error, so
// that the function's error metric shows it; [OnFailure] can have the IDs
// returned there too. An error makes SQS repeat every message of the batch: so
// does a failed message without a messageId, which no response could name.
//
// # Order
//
// A standard queue's messages run one after the other, unless [Concurrency] says
// otherwise. A FIFO queue's, told by the .fifo of its ARN, run in order within
// their message group; groups run at the same time where there is more than one
// CPU. When a message has failed, the rest of its group is not begun and fails
// with it. See
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
//
// Its options, and those of the other batch adapters, are [Concurrency], [Keep],
// [OnPoison], [OnFailure], [DeadlineReserve] and [DisallowUnknownFields].
func SQS[In any](f Each[In], opts ...Option) Invoker {
	return newBatch("SQS", f, opts, func(w *envelope.Buffer, s envelope.Source, r *envelope.Record) ([]byte, error) {
		return w.Body(s, r)
	}, envelope.SQS)
}

// Kinesis returns an Invoker for a Kinesis event source mapping. Each record's
// data, decoded from base64, is In in JSON.
//
// Lambda repeats a stream from the lowest sequence number that the response
// names. So nothing behind a failed record is begun any more, and the response
// names the first record in the order of the batch that is not done. Records
// run in order within their partition key; keys run at the same time where there
// is more than one CPU (see [Concurrency]), and what was done behind the failure
// by then comes again. [OnFailure] can let other keys go on.
//
// The mapping must say ReportBatchItemFailures, as for [SQS]: without it the
// stream goes on as if nothing had failed, and the failed records are lost. It
// should bound MaximumRetryAttempts or MaximumRecordAgeInSeconds and have an
// on-failure destination, too: Lambda repeats a failed record until it expires,
// and its shard waits. See
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
//
// What counts as failed, and the rest, is as for SQS.
func Kinesis[In any](f Each[In], opts ...Option) Invoker {
	return newBatch("Kinesis", f, opts, func(w *envelope.Buffer, _ envelope.Source, r *envelope.Record) ([]byte, error) {
		return w.Base64(r)
	}, envelope.Kinesis)
}

// DynamoDB returns an Invoker for the event source mapping of a DynamoDB stream.
// In is a struct with fields for what is wanted of a record:
//
//	type Change struct {
//		EventName string // INSERT, MODIFY or REMOVE
//		Keys      OrderKey
//		NewImage  *Order // nil where the record has none
//		OldImage  *Order
//	}
//
// One of Keys, NewImage and OldImage it must have, under that name or a json tag
// of that name; what it has not is not decoded. Images decode like the JSON that
// they would be without their types: N as a number, B as base64, a set as an
// array, NULL as null. A field's attribute is that of its dynamodbav tag, else
// of its json tag, else of its name; of the other dynamodbav options, unixtime
// and string count. A field with json:"-" is never set.
//
// Records run in order within an item (by its Keys). Failures, order and what the
// mapping must say are as for [Kinesis].
func DynamoDB[In any](f Each[In], opts ...Option) Invoker {
	plan, err := attribute.For(reflect.TypeFor[In]())
	b := newBatch("DynamoDB", f, opts, nil, envelope.DynamoDB)
	b.fail(err)
	b.rewritten = true
	b.text = func(w *envelope.Buffer, _ envelope.Source, r *envelope.Record) ([]byte, error) {
		return w.Fill(func(dst []byte) ([]byte, error) { return plan.Append(dst, r.Raw, r.Data) })
	}
	return b
}

// Kafka returns an Invoker for a Kafka event source mapping, of Amazon MSK or of a
// self-managed cluster. Each record's value, decoded from base64, is In in JSON.
// Its key and its headers are in [Record].
//
// A tombstone, a record without a value, reaches logic as In's zero value, which
// a pointer tells from all others: with an In of *Order it is nil. Else
// Record.Tombstone tells.
//
// Records run in order within their partition of a topic; partitions run at the
// same time where there is more than one CPU (see [Concurrency]). A FAILED RECORD
// FAILS THE BATCH: Invoke returns an error, and Lambda repeats all of it, what was
// done included. That is right for every mapping: only those in provisioned mode
// can take partial responses from Kafka, and the others would take one as
// success. So nothing behind a failure is begun, unless [OnFailure] lets other
// partitions go on; its ReturnAllIDs changes nothing. What a record may cost, the
// mapping's MaximumRetryAttempts, BisectBatchOnFunctionError and on-failure
// destination bound, or [OnPoison]. See
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
//
// What counts as failed, and the rest, is as for [SQS].
func Kafka[In any](f Each[In], opts ...Option) Invoker {
	return newBatch("Kafka", f, opts, func(w *envelope.Buffer, _ envelope.Source, r *envelope.Record) ([]byte, error) {
		return w.Base64(r)
	}, envelope.Kafka)
}

// CloudWatchLogs returns an Invoker for a CloudWatch Logs subscription. Each log
// event's message is In in JSON or, where In is a string, that text; see [Keep]
// for logs that mix both. The log stream is the Key of the [Record]. Data that
// unpacks to more than 64 MiB is an error. Lambda invokes asynchronously: a
// failure is an error, and the batch comes again, twice by default. See
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
func CloudWatchLogs[In any](f Each[In], opts ...Option) Invoker {
	quoted := reflect.TypeFor[In]().Kind() == reflect.String
	b := newBatch("CloudWatchLogs", f, opts, func(w *envelope.Buffer, _ envelope.Source, r *envelope.Record) ([]byte, error) {
		return w.LogMessage(r, quoted)
	}, envelope.CloudWatchLogs)
	b.open, b.rewritten = envelope.OpenLogs, true
	return b
}

// SNS returns an Invoker for SNS. Each notification's message is In in JSON.
//
// Behind an SQS queue that subscribes to the topic, without raw message
// delivery, it takes the notifications out of the queue's messages, and all else
// is as for [SQS]; with raw message delivery, SQS is the adapter. SNS itself
// invokes asynchronously, with one notification: a failure is an error, and
// Lambda repeats the event, twice by default.
func SNS[In any](f Each[In], opts ...Option) Invoker {
	return newBatch("SNS", f, opts, func(w *envelope.Buffer, s envelope.Source, r *envelope.Record) ([]byte, error) {
		return w.Message(s, r)
	}, envelope.SNS, envelope.SQS)
}

// EventBridge returns an Invoker for events of EventBridge, without an input
// transformer. Each event's detail is In in JSON; the rest of the event is in
// [Record].
//
// Behind an SQS queue or an SNS topic that is a rule's target it takes the
// events out of their messages, and all else is as for [SQS] or [SNS].
// EventBridge itself invokes asynchronously, with one event: a failure is an
// error, and Lambda repeats the event, twice by default.
func EventBridge[In any](f Each[In], opts ...Option) Invoker {
	return newBatch("EventBridge", f, opts, func(w *envelope.Buffer, s envelope.Source, r *envelope.Record) ([]byte, error) {
		return w.Detail(s, r)
	}, envelope.EventBridge, envelope.SQS, envelope.SNS)
}

// S3 returns an Invoker for S3 event notifications. In is what wants to know of
// the object, each of these where the notification has it:
//
//	type Object struct {
//		Bucket    string `json:"bucket"`
//		Key       string `json:"key"` // decoded: a notification has it URL-encoded
//		Size      int64  `json:"size"`
//		ETag      string `json:"eTag"`
//		VersionID string `json:"versionId"`
//		EventName string `json:"eventName"` // as in ObjectCreated:Put
//		Sequencer string `json:"sequencer"` // orders the events of one key
//	}
//
// Behind an SQS queue, an SNS topic, or a queue that subscribes to a topic, it
// takes the notifications out of their messages, and all else is as for [SQS] or
// [SNS]. A message with several objects has failed if one of them has, and they
// all come again; those behind the failed one are not begun. The test
// notification that S3 sends first is done without logic. S3 itself invokes
// asynchronously: a failure is an error, and Lambda repeats the event, twice by
// default.
func S3[In any](f Each[In], opts ...Option) Invoker {
	b := newBatch("S3", f, opts, nil, envelope.S3, envelope.SQS, envelope.SNS)
	b.objects, b.rewritten = (*batchWorker).prepareObjects, true
	return b
}
