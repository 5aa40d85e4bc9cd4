package s3select

import (
	"context"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// A Partial is what [Part] made of one item. It is JSON, as the result of a
// function is: what encoding/json does not keep of an A, as unexported fields,
// does not reach [Merge]. Step Functions takes 256 KiB as the result of a task
// (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
type Partial[A any] struct {
	Item   Object `json:"item"` // which says what this is the result of
	Result A      `json:"result"`
	Stats  Stats  `json:"stats"`
}

// Part runs a query over one item of a plan and folds its rows, in the order of
// the object, into a zero A, as [Reduce] does. It is the logic of a function
// that a Distributed Map invokes with each item.
//
// The query is the one that was planned. Its parameters may be others, but should
// be the same for all items; UTCNOW is when this part runs. Part reads up to the
// end of the last record of its range, and for CSV with FileHeaderInfo up to 64
// KiB of the object's start: two requests more at most, for records of up to 64
// KiB. [WithParts] sets how it reads. [Auto] is [Local]: S3 Select cannot be told
// the object's ETag.
//
// The error is [ErrChanged] where the object is not the one that was planned, an
// [*Error], [ErrTruncated], what fold returns, or one of the client or ctx. The
// result is then zero, and the item can be run again.
func Part[T, A any](ctx context.Context, client Client, item Object, q Query, fold func(A, T) (A, error), opts ...Option) (Partial[A], error) {
	if err := item.checkItem(); err != nil {
		return Partial[A]{}, err
	}
	if _, err := q.plannable(); err != nil {
		return Partial[A]{}, public(err)
	}
	o := newOptions(opts)
	if o.backend == Server {
		return Partial[A]{}, public(fault.New("UnsupportedSyntax", "S3 Select cannot be told the object's ETag, with which Part sees to it that it is the one that was planned"))
	}
	var stats Stats
	here := func(o *options) { o.backend, o.stats = Local, &stats }
	result, err := Reduce(ctx, client, item, q, fold, nil, append(opts[:len(opts):len(opts)], here)...)
	if o.stats != nil {
		*o.stats = stats
	}
	if err != nil {
		return Partial[A]{}, err
	}
	return Partial[A]{Item: item, Result: result, Stats: stats}, nil
}
