package s3select

import (
	"context"
	"fmt"
	"math"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// ranged reports that it takes a range to read what is asked for.
func (o *Object) ranged() bool {
	return o.Start != 0 || o.End != 0 && o.End != o.Size
}

// checkRange reports a range that no object has.
func (o *Object) checkRange() error {
	switch {
	case o.Start < 0 || o.End < 0 || o.Size < 0:
		return o.badRange("an offset is below 0")
	case o.End > 0 && o.Start >= o.End:
		return o.badRange("the end must be behind the start")
	case o.Size > 0 && max(o.Start+1, o.End) > o.Size:
		return o.badRange("the object ends before")
	}
	return nil
}

func (o *Object) badRange(why string) error {
	return fault.New("InvalidScanRange", "bytes %d to %d of the %d of s3://%s/%s: %s", o.Start, o.End, o.Size, o.Bucket, o.Key, why)
}

// sized reports that an object whose range was laid out for one of another size
// is not that object.
func (o *Object) sized(size int64) error {
	if o.End == 0 || o.Size == 0 || size == o.Size {
		return nil
	}
	return fmt.Errorf("%w: s3://%s/%s has %d bytes, not %d", ErrChanged, o.Bucket, o.Key, size, o.Size)
}

// runRange reads a range of the object and evaluates it here.
func runRange(ctx context.Context, client Client, obj *Object, q *Query, p *engine.Program, o options, emit func([]byte) error) (Stats, error) {
	if !q.divisible(p.Config()) {
		return Stats{}, fault.New("UnsupportedScanRangeInput", "bytes %d to %d of s3://%s/%s: its format can only be read from the start", obj.Start, obj.End, obj.Bucket, obj.Key)
	}
	end := obj.End
	if end == 0 {
		end = math.MaxInt64
	}
	pinned, head, requests := *obj, []byte(nil), int64(0)
	if obj.Start > 0 && p.Config().Headed() {
		r := newReader(ctx, client, *obj, 0, -1, o.part, 1)
		var err error
		head, _, err = r.peek(0)
		r.Close()
		if pinned, requests = Object(r.obj), r.requests.Load(); err != nil {
			return Stats{Backend: Local, Requests: requests}, err
		}
	}
	stats, err := q.slice(ctx, client, pinned, p, o, obj.Start, end, head, emit)
	stats.Requests += requests
	return stats, err
}
