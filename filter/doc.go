// Package filter builds, proves and matches the filters of Lambda's event
// source mappings. The cheapest invocation is the one that never happens: with a
// filter Lambda looks at each record of a queue or stream before it invokes, and
// passes over those that the function would only throw away.
//
// A filter is a pattern in EventBridge's syntax. A wrong one is not found out by
// the service, which says at most "Invalid filter pattern definition", but in
// production, where SQS deletes what doesn't match. So
//
//   - [Parse] reads patterns as the service does and says what is wrong, where,
//     and what is allowed there; [Criteria.Problems] lists what the service would
//     accept and yet can't be meant;
//   - the builders of [SQS], [Kinesis], [DynamoDB], [Kafka] and [MQ] write
//     patterns that are right by construction: a number attribute of DynamoDB,
//     which is a string in the record, has no comparison with a number;
//   - [Criteria.MatchRecord] gives the service's verdict on a record in a unit
//     test, and [Criteria.Explain] the reason and what becomes of the record;
//   - [Criteria.Split] filters a second time inside the function, where the
//     mapping's syntax or number of filters doesn't suffice, before anything is
//     decoded;
//   - [Criteria.SAM], [Criteria.CloudFormation] and [Criteria.MarshalJSON] render
//     the filters for deployment, so that what was tested is what runs;
//   - the command in filter/replay counts the invocations that a filter would
//     have saved over recorded records.
//
// # Semantics
//
// They are those of the service where its answers are recorded, else those of
// its open source implementation (aws/event-ruler 2.0.1), also where the guides
// say otherwise. What surprises most:
//
//   - 300 matches 300.0 and 3.0e2; a string never equals a number.
//   - exists looks at scalars only: "exists": false is true for an object, and
//     so always for an attribute of DynamoDB without its type.
//   - {"a.b": …} and {"a": {"b": …}} are the same.
//   - Of an array any element counts; several fields of an array of objects have
//     to match within one element.
//   - A record whose data has another format than the filter wants (plain text or
//     JSON) is dropped on SQS, where that means deleted, and on Kinesis, but kept
//     on Kafka and MQ. A body or value counts as JSON if it is an object or array;
//     what Lambda does with a lone JSON number or string is not documented.
//   - Amazon DocumentDB has no filtering.
//
// Sources: the Lambda guide
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html), the
// EventBridge guide
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html)
// and https://github.com/aws/event-ruler.
//
// # Cost
//
// Matching is one pass over the record's bytes and allocates nothing. It
// validates what it passes over: a malformed record is an error, not a verdict.
// The package imports only the standard library.
package filter
