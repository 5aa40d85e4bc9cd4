package s3select

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// Rows yields the result of a query over an object, each row decoded into a T
// from JSON as encoding/json does: by the names of the columns, _1, _2 and so on
// for expressions without one. Values of CSV are strings, unless the query casts
// them. Output is ignored.
//
// An error is yielded last, with a zero T; rows before it are right, but not all.
// It is an [*Error], [ErrTruncated], [ErrChanged], or one of the client or ctx.
// Leaving the loop ends the query and closes what it has open.
func Rows[T any](ctx context.Context, client Client, obj Object, q Query, opts ...Option) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		q.Output = Output{Format: "JSON"}
		for record, err := range Raw(ctx, client, obj, q, opts...) {
			if err != nil {
				yield(zero, err)
				return
			}
			var row T
			if err := json.Unmarshal(record, &row); err != nil {
				yield(zero, fmt.Errorf("s3select: row %s: %w", clip(record), err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func clip(b []byte) string {
	if len(b) > 100 {
		return string(b[:100]) + "…"
	}
	return string(b)
}

// Raw yields the result of a query as it is, without the record delimiters. A
// record is valid until the next one. Errors are as those of [Rows].
func Raw(ctx context.Context, client Client, obj Object, q Query, opts ...Option) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		o := newOptions(opts)
		cfg, err := q.config()
		if err != nil {
			yield(nil, public(err))
			return
		}
		delim := len(cfg.OutCSV.Record)
		if cfg.OutJSON {
			delim = len(cfg.Record)
		}
		stopped := false
		stats, err := run(ctx, client, &obj, &q, o, func(record []byte) error {
			if !yield(record[:len(record)-delim], nil) {
				stopped = true
				return engine.ErrStop
			}
			return nil
		})
		if o.stats != nil {
			*o.stats = stats
		}
		if err != nil && !stopped {
			yield(nil, public(err))
		}
	}
}

// run runs the query over all of the object, or over its range.
func run(ctx context.Context, client Client, obj *Object, q *Query, o options, emit func([]byte) error) (Stats, error) {
	p, err := q.compile()
	if err != nil {
		return Stats{}, err
	}
	if err := obj.checkRange(); err != nil {
		return Stats{}, err
	}
	if o.backend == Local {
		return runHere(ctx, client, obj, q, p, o, emit)
	}
	return o.choose(ctx, client, obj, q, p, o, emit)
}

// runHere evaluates the query in the function.
func runHere(ctx context.Context, client Client, obj *Object, q *Query, p *engine.Program, o options, emit func([]byte) error) (Stats, error) {
	if obj.ranged() {
		return runRange(ctx, client, obj, q, p, o, emit)
	}
	return runLocal(ctx, client, obj, q, p, o, emit)
}

// runChosen has the backend evaluate it that is asked for, or for Auto the one
// that can.
func runChosen(ctx context.Context, client Client, obj *Object, q *Query, p *engine.Program, o options, emit func([]byte) error) (Stats, error) {
	cannot := serverCannot(obj, q)
	switch {
	case o.backend == Auto && (cannot != "" || obj.Size > 0 && obj.Size < smallObject || refusedBefore(client)):
		return runHere(ctx, client, obj, q, p, o, emit)
	case cannot != "":
		return Stats{}, fault.New("UnsupportedSyntax", "%s", cannot)
	}
	stats, err := o.server(ctx, client, obj, q, nil, emit)
	if o.backend == Auto && stats.Rows == 0 && refused(err) {
		remember(client)
		return runLocal(ctx, client, obj, q, p, o, emit)
	}
	return stats, err
}

func upper(s, zero string) string {
	if s == "" {
		return zero
	}
	return strings.ToUpper(s)
}
