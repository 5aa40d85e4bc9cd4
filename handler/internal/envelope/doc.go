// Package envelope takes the events of batch sources apart in one pass: records,
// their identifiers and keys, and where their data is. It knows SQS, SNS,
// Kinesis and DynamoDB streams, Kafka, EventBridge and S3, alone and within SQS or SNS.
//
// A record's members are parts of the event's own bytes. Data that is escaped,
// encoded or wrapped is decoded into buffers of the caller's. See
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
package envelope
