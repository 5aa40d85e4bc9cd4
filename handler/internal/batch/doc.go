// Package batch decides which record of a batch is processed when, and which
// ones a partial batch response must name. It knows records by their index and
// key only, and nothing of how they are processed.
//
// The response is what AWS documents:
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
package batch
