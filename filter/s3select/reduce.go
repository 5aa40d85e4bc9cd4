package s3select

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// Reduce runs a query over ranges of the object at the same time and folds its
// rows: within a range in the order of the object into a zero A, and the ranges'
// results, in order too, with merge. Every row counts exactly once, wherever the
// ranges begin. fold is called by one goroutine per range, merge by one alone.
//
// There is one range where the query has a LIMIT or an aggregate function, for an
// Object that is a range itself, and for formats that cannot be read from the
// middle: compressed objects, PARQUET, JSON DOCUMENT, and CSV with
// AllowQuotedRecordDelimiter or a record delimiter that can overlap itself. The
// number of ranges is set by [WithParts]; ranges are not smaller than its part
// size. The first error ends all ranges, and the result is then zero.
func Reduce[T, A any](ctx context.Context, client Client, obj Object, q Query, fold func(A, T) (A, error), merge func(A, A) (A, error), opts ...Option) (A, error) {
	var zero A
	o := newOptions(opts)
	q.Output = Output{Format: "JSON"}
	var results []A
	stats, err := overRanges(ctx, client, obj, q, o, func(ranges int) { results = make([]A, ranges) }, func(i int, record []byte) error {
		var row T
		if err := json.Unmarshal(record, &row); err != nil {
			return fmt.Errorf("s3select: row %s: %w", clip(record), err)
		}
		var err error
		results[i], err = fold(results[i], row)
		return err
	})
	if o.stats != nil {
		*o.stats = stats
	}
	if err != nil {
		return zero, public(err)
	}
	acc := results[0]
	for _, r := range results[1:] {
		if acc, err = merge(acc, r); err != nil {
			return zero, err
		}
	}
	return acc, nil
}

// overRanges runs the query over ranges of the object; begin is told how many
// there are before the first record comes.
func overRanges(ctx context.Context, client Client, obj Object, q Query, o options, begin func(int), emit func(int, []byte) error) (Stats, error) {
	p, err := q.compile()
	if err != nil {
		return Stats{}, err
	}
	cfg := p.Config()
	if obj.End > 0 || obj.ranged() || !q.divisible(cfg) || !p.Splittable() {
		begin(1)
		return run(ctx, client, &obj, &q, o, func(b []byte) error { return emit(0, b) })
	}
	b := newReader(ctx, client, obj, 0, -1, o.part, 1)
	defer b.Close()
	cuts, head, err := b.cuts(cfg.Delimiter(), o)
	if err != nil {
		return Stats{Requests: b.requests.Load()}, err
	}
	obj = Object(b.obj) // with the ETag
	begin(len(cuts) - 1)
	o.part, o.parallel = max(o.part/2, 64<<10), 2 // of each range
	total := Stats{Requests: b.requests.Load()}

	backend := o.backend
	cannot := serverCannot(&obj, &q)
	switch {
	case backend == Auto && (cannot != "" || b.size < smallObject || refusedBefore(client)):
		backend = Local
	case backend == Server && cannot != "":
		return total, &Error{Code: "UnsupportedSyntax", Message: cannot, Offset: -1}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stats := make([]Stats, len(cuts)-1)
	var wg sync.WaitGroup
	for i := range stats {
		wg.Go(func() {
			one := func(b []byte) error { return emit(i, b) }
			var err error
			if backend != Local {
				scan := &scanRange{start: cuts[i]}
				if i+1 < len(stats) {
					scan.end = cuts[i+1]
				}
				stats[i], err = o.server(ctx, client, &obj, &q, scan, one)
				if backend == Server || !refused(err) || stats[i].Rows > 0 {
					if err != nil {
						cancel(err)
					}
					return
				}
				remember(client)
			}
			var more Stats
			more, err = q.slice(ctx, client, obj, p, o, cuts[i], cuts[i+1], head, one)
			more.Requests += stats[i].Requests
			if stats[i] = more; err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	for _, s := range stats {
		total.add(s)
	}
	if cause := context.Cause(ctx); cause != nil {
		return total, cause
	}
	return total, nil
}

// divisible reports that the format can be read from the middle.
func (q *Query) divisible(cfg *engine.Config) bool {
	return upper(q.Input.Compression, "NONE") == "NONE" && cfg.Delimiter() != ""
}

// slice runs the query here over the records that start in a range.
func (q *Query) slice(ctx context.Context, client Client, obj Object, p *engine.Program, o options, start, end int64, head []byte, emit func([]byte) error) (Stats, error) {
	cfg, run := p.Config(), p.NewRun(q.time(), emit)
	if start > 0 {
		run.Continued = true
		if cfg.Headed() {
			behind, err := run.Header(head, len(head) < window)
			switch {
			case err != nil:
				return Stats{Backend: Local}, err
			case behind > 0:
				start = max(start, int64(behind))
			case len(head) < window:
				start = end // there is nothing but the header
			default:
				return Stats{Backend: Local}, fault.New("UnsupportedScanRangeInput", "the header of s3://%s/%s does not end in its first %d bytes", obj.Bucket, obj.Key, window)
			}
		}
	}
	delim := cfg.Delimiter()
	r := newReader(ctx, client, obj, engine.From(start, delim), -1, o.part, o.parallel)
	defer r.Close()
	r.soft = end // what is behind it is fetched only if the last record is there
	r.cautious = p.Limited()
	in := &counter{r: engine.NewSlice(r, start, end, delim)}
	err := run.Read(ctx, in)
	if err == nil {
		err = run.Finish()
	}
	r.Close()
	return Stats{
		Backend: Local, BytesScanned: in.n, BytesProcessed: in.n, BytesReturned: run.Bytes,
		Records: run.Records, Rows: run.Rows, Requests: r.requests.Load(),
	}, err
}

const window = 64 << 10 // is looked at around a boundary

// cuts are the offsets where ranges begin and end. Each inner one is strictly
// inside a record, so that it makes no difference whether a scan range includes
// its end. head is the start of the object, with a CSV header in it.
func (r *reader) cuts(delim string, o options) (cuts []int64, head []byte, err error) {
	head, size, err := r.peek(0)
	if err != nil {
		return nil, nil, err
	}
	r.size = size
	n := min(int64(o.parallel), max(size/max(o.part, 1), 1))
	cuts = []int64{0}
	for i := int64(1); i < n; i++ {
		at := size / n * i
		if at <= cuts[len(cuts)-1] {
			continue
		}
		b, _, err := r.peek(at - int64(len(delim)))
		if err != nil {
			return nil, nil, err
		}
		if k := inside(b, delim); k > 0 {
			cuts = append(cuts, at-int64(len(delim))+int64(k))
		}
	}
	return append(cuts, size), head, nil
}

// inside is the first index behind the first delimiter's length that is no start
// of a record, 0 if there is none.
func inside(b []byte, delim string) int {
	for k := len(delim); k < len(b); k++ {
		if string(b[k-len(delim):k]) != delim {
			return k
		}
	}
	return 0
}

// peek reads at most 64 KiB at an offset, and pins the object's ETag.
func (r *reader) peek(at int64) (b []byte, size int64, err error) { return r.bytes(at, at+window) }

// bytes reads a range that is small, or the last bytes where start is negative.
func (r *reader) bytes(start, end int64) (b []byte, size int64, err error) {
	for range attempts {
		var body io.ReadCloser
		var length int64
		var etag string
		body, length, size, etag, err = r.fetch(r.ctx, start, end, r.obj.ETag)
		if err != nil {
			return nil, 0, err
		}
		if r.obj.ETag == "" {
			r.obj.ETag = etag
		}
		b = make([]byte, length)
		_, err = io.ReadFull(body, b)
		body.Close()
		if err == nil || length == 0 {
			return b, size, nil
		}
	}
	return nil, 0, cutOff(err)
}
