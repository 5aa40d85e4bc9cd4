package protobufx

import (
	"context"
	"slices"
	"sync"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// A buffer is memory that is used again.
type buffer struct{ b []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// maxPooled is the largest buffer that is kept, in bytes: one whole answer.
const maxPooled = 8 << 20

func getBuffer() *buffer { return buffers.Get().(*buffer) }

func (b *buffer) put() {
	if cap(b.b) <= maxPooled {
		b.b = b.b[:0]
		buffers.Put(b)
	}
}

// answers holds the large buffers apart from the others.
var answers = sync.Pool{New: func() any { return new(buffer) }}

// leases are buffers of answers that the platform may still be sending. A lease
// ends when the platform's loop has canceled the invocation's context, which it
// does once the answer is sent; a context whose deadline has passed says nothing
// of that, and its buffer is left to the garbage collector.
//
// The end is looked for when the next buffer is needed: waiting for it, as with
// context.AfterFunc, would allocate and take a goroutine, which a frozen
// environment may not run.
type leases struct {
	mu   sync.Mutex
	open []lease
}

type lease struct {
	ctx context.Context
	buf *buffer
}

// maxLeases bounds what waits for contexts that nobody cancels.
const maxLeases = 64

// take returns a buffer for an answer to the invocation of ctx, which must have
// a Done channel.
func (l *leases) take(ctx context.Context) *buffer {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.open[:0]
	for _, e := range l.open {
		switch e.ctx.Err() {
		case nil:
			kept = append(kept, e)
		case context.Canceled:
			if cap(e.buf.b) <= maxPooled {
				answers.Put(e.buf)
			}
		}
	}
	clear(l.open[len(kept):])
	l.open = kept
	buf := answers.Get().(*buffer)
	if len(l.open) == maxLeases {
		copy(l.open, l.open[1:])
		l.open = l.open[:maxLeases-1]
	}
	l.open = append(l.open, lease{ctx, buf})
	return buf
}

// room says where the memory of an answer comes from. The zero room: from the
// allocator.
type room struct {
	ctx        context.Context // of an invocation
	concurrent bool            // there may be several invocations at once
}

// pooledFrom is from which size on answers are built in memory that is used
// again, in bytes.
const pooledFrom = 32 << 10

// grow returns dst with room for n more bytes.
func (c *Codec) grow(r room, dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	if r.ctx == nil || n < pooledFrom || len(dst) > 0 {
		return slices.Grow(dst, n)
	}
	platform := invocation.Platform(r.ctx)
	if platform == nil && !r.concurrent {
		platform = r.ctx
	}
	if platform == nil || platform.Done() == nil || platform.Err() != nil {
		return make([]byte, 0, n)
	}
	buf := c.buffers.take(platform)
	buf.b = slices.Grow(buf.b[:0], n)
	return buf.b
}
