package httpclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// The rest of a body that is closed before its end is read up to these bounds,
// which are where a new connection becomes the cheaper way. Past them the
// connection is closed.
const (
	maxDrainBytes = 256 << 10
	maxDrainTime  = 50 * time.Millisecond
)

// ResponseTooLargeError reports a response body over [Options.MaxResponseBytes].
// It comes from the request itself where the server announced the length, else
// from the Read that passed the limit.
type ResponseTooLargeError struct {
	Limit int64 // in bytes
}

func (e *ResponseTooLargeError) Error() string {
	return fmt.Sprintf("httpclient: response body is larger than the limit of %d bytes", e.Limit)
}

// A body is a response's body that is drained on Close, limited in size, and
// ends the request's budget.
type body struct {
	rc     io.ReadCloser
	cancel context.CancelFunc // nil without a budget
	limit  int64              // MaxResponseBytes, 0 for none
	left   int64              // of limit
	rest   int64              // announced bytes not yet read, negative where unknown
	header http.Header
	drain  bool // if there is something to drain
	state  atomic.Int32
}

const (
	bodyOpen = iota
	bodyReading
	bodyEnded // at its end, or failed, or closed
)

func (b *body) Read(p []byte) (int, error) {
	if b.state.Load() == bodyEnded {
		return b.rc.Read(p) // which has an error for it
	}
	b.state.CompareAndSwap(bodyOpen, bodyReading)
	if b.limit > 0 && int64(len(p)) > b.left {
		p = p[:b.left+1] // the byte that is too much
	}
	n, err := b.rc.Read(p)
	b.rest -= int64(n)
	if b.limit > 0 {
		if b.left -= int64(n); b.left < 0 {
			b.left, n, err = 0, n-1, &ResponseTooLargeError{b.limit}
			b.rc.Close()
		}
	}
	if err != nil {
		b.state.Store(bodyEnded)
		b.done()
		return n, err
	}
	b.state.CompareAndSwap(bodyReading, bodyOpen)
	return n, nil
}

// Close closes the body. Where that keeps the connection, it first reads what
// is left, within bounds; not while another goroutine reads, which Close then
// interrupts as it does on a Transport's body.
func (b *body) Close() error {
	before := b.state.Swap(bodyEnded)
	if before == bodyOpen && b.drain && b.rest <= maxDrainBytes && !streams(b.header) {
		b.drainRest()
	}
	err := b.rc.Close()
	b.done()
	return err
}

func (b *body) done() {
	if b.cancel != nil {
		b.cancel()
	}
}

func (b *body) drainRest() {
	// Closing the body is what interrupts a Read that waits for a slow server.
	timer := time.AfterFunc(maxDrainTime, func() { b.rc.Close() })
	defer timer.Stop()
	buf := drainBuffers.Get().(*[4 << 10]byte)
	defer drainBuffers.Put(buf)
	for left := maxDrainBytes; left > 0; {
		n, err := b.rc.Read(buf[:min(left, len(buf))])
		if err != nil {
			return
		}
		left -= n
	}
	// The end may be exactly here, and is seen only by one more Read.
	b.rc.Read(buf[:1])
}

var drainBuffers = sync.Pool{New: func() any { return new([4 << 10]byte) }}

// bodies hands out body values from slabs, so that one costs a request a
// fraction of an allocation. A value is never used again: a body that is closed
// twice must not close another request's.
type bodies struct{ current atomic.Pointer[slab] }

const slabSize = 64

type slab struct {
	next atomic.Int32
	free [slabSize]body
}

func (bs *bodies) get() *body {
	for {
		s := bs.current.Load()
		if s != nil {
			if i := s.next.Add(1) - 1; i < slabSize {
				return &s.free[i]
			}
		}
		bs.current.CompareAndSwap(s, new(slab))
	}
}

// streams reports whether a response goes on as long as its server likes, so
// that reading on to its end would only cost time.
func streams(header http.Header) bool {
	v := header["Content-Type"]
	return len(v) > 0 && len(v[0]) >= len(eventStream) && v[0][:len(eventStream)] == eventStream
}

const eventStream = "text/event-stream"
