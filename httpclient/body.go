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
	ctx    context.Context
	cancel context.CancelFunc // nil without a budget
	limit  int64              // MaxResponseBytes, 0 for none
	read   int64              // bytes read so far
	rest   int64              // announced bytes not yet read, negative where unknown
	drain  bool
	state  atomic.Uint32
}

const (
	bodyReading = 1 << iota
	bodyEnded   // at its end, or failed: there is nothing to drain
	bodyClosed
)

func (b *body) Read(p []byte) (int, error) {
	b.state.Or(bodyReading)
	defer b.state.And(^uint32(bodyReading))
	if b.limit > 0 && int64(len(p)) > b.limit-b.read+1 {
		p = p[:b.limit-b.read+1]
	}
	n, err := b.rc.Read(p)
	b.read += int64(n)
	b.rest -= int64(n)
	if b.limit > 0 && b.read > b.limit {
		b.read, n, err = b.limit, n-1, &ResponseTooLargeError{b.limit}
		b.rc.Close()
	}
	if err != nil {
		b.state.Or(bodyEnded)
		b.done()
	}
	return n, err
}

// Close closes the body. Where that keeps the connection, it first reads what
// is left, within bounds; not while another goroutine reads, which Close then
// interrupts as it does on a Transport's body.
func (b *body) Close() error {
	before := b.state.Or(bodyClosed)
	if before == 0 && b.drain && b.rest <= maxDrainBytes && b.ctx.Err() == nil {
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
type bodies struct{ pool sync.Pool }

const slabSize = 64

type slab struct {
	free [slabSize]body
	next int
}

func (bs *bodies) get() *body {
	s, _ := bs.pool.Get().(*slab)
	if s == nil {
		s = new(slab)
	}
	b := &s.free[s.next]
	if s.next++; s.next < slabSize {
		bs.pool.Put(s)
	}
	return b
}

// streams reports whether a response goes on as long as its server likes, so
// that reading on to its end would only cost time.
func streams(resp *http.Response) bool {
	v := resp.Header["Content-Type"]
	return len(v) > 0 && len(v[0]) >= len(eventStream) && v[0][:len(eventStream)] == eventStream
}

const eventStream = "text/event-stream"
