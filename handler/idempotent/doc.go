// Package idempotent runs logic once per key, however often its event is
// delivered. Queues, streams and retrying clients deliver at least once; what
// must not happen twice, such as a payment, is wrapped:
//
//	store := idempotent.NewMemory(0)
//	place := idempotent.Wrap(store, func(o Order) string { return o.ID }, orders.Place, nil)
//	handler.Start(handler.HTTP(place))
//
// [Wrap] is for logic with a result, which duplicates get again, and [Each] for
// logic without one, as the batch adapters of package handler take it. Either is
// plain functions in and out: this package links the standard library alone.
//
// # Semantics
//
// They are those that Powertools for AWS Lambda documents
// (https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/):
//
//   - The first call with a key leaves an in-progress [Record], runs, and turns the
//     record into a completed one that holds its result in JSON.
//   - A call with the key of a completed record returns that result, without
//     running, until [Options].Expiry after the completion.
//   - A call with the key of a record in progress is refused with an
//     [*InProgressError]: its source delivers again later.
//   - An error or a panic deletes the record, so that a retry runs again.
//   - An invocation that is killed cannot delete its record. The record counts for
//     nothing from the moment at which the platform ended the invocation.
//   - With [Options].Payload, a call with a known key and another payload is
//     refused with an [*PayloadMismatchError].
//
// Where Powertools leaves a gap, this is stricter. A call without a key is
// refused ([ErrNoKey]), not run unprotected. A record in progress never expires
// before its invocation's deadline. And a record belongs to the call that made
// it: a call that outlives its deadline and succeeds after another one has taken
// its key over overwrites nothing and returns [ErrTakenOver].
//
// # Stores
//
// A [Memory] holds records within one execution environment. That is where a
// client's quick retry, or a redelivery, often but not always arrives. For
// certainty across environments, a [Store] on a database with conditional writes
// is needed.
package idempotent
