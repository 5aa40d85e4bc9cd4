package s3select

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// A reader reads an object, or a range of it, in order, while the next parts are
// on their way. It holds at most parallel parts. Its goroutines end with Close.
type reader struct {
	ctx      context.Context
	cancel   context.CancelFunc
	client   Client
	obj      target
	partSize int64
	parallel int
	gate     chan struct{} // where it is not nil, it holds one for each part that is being fetched
	cautious bool          // fetch a part only once it is needed, and then more at a time
	requests atomic.Int64

	next   int64 // offset of the next part to ask for
	end    int64 // of the range; -1 until the size is known
	size   int64 // of the object, -1 until it is known
	soft   int64 // nothing behind it is fetched before it is needed; 0: there is no such point
	window int   // parts that may be under way
	queue  []*part
	free   [][]byte
	wg     sync.WaitGroup
	err    error
}

// A part is fetched by its goroutine, which then closes ready.
type part struct {
	buf   []byte // what has come
	off   int
	ready chan struct{}
	err   error
}

// A target is an Object without its JSON, which a reader, as it becomes an
// io.Reader, would otherwise link.
type target Object

const attempts = 3 // to read a part's body

func newReader(ctx context.Context, client Client, obj Object, start, end, partSize int64, parallel int) *reader {
	ctx, cancel := context.WithCancel(ctx)
	return &reader{
		ctx: ctx, cancel: cancel, client: client, obj: target(obj), partSize: partSize, parallel: parallel,
		next: start, end: end, size: -1, window: 1,
	}
}

// Read is in order, not safe for concurrent use.
func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	for {
		if r.size < 0 {
			// The first part says how large the object is, and which one it is.
			if r.err = r.first(); r.err != nil {
				return 0, r.err
			}
		}
		r.start()
		if len(r.queue) == 0 {
			return 0, io.EOF
		}
		head := r.queue[0]
		select {
		case <-head.ready:
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
		if head.err != nil {
			r.err = head.err
			return 0, r.err
		}
		if head.off < len(head.buf) {
			n := copy(p, head.buf[head.off:])
			head.off += n
			return n, nil
		}
		r.queue = r.queue[1:]
		r.free = append(r.free, head.buf)
		r.window = min(2*r.window, r.parallel)
	}
}

// first fetches the first part. Its buffer is no larger than what comes.
func (r *reader) first() error {
	start, want := r.next, r.next+r.partSize
	if r.end >= 0 {
		want = min(want, r.end)
	}
	if r.soft > start {
		want = min(want, r.soft)
	}
	if want <= start {
		r.size, r.end = start, start
		return nil
	}
	body, length, size, etag, err := r.fetch(r.ctx, start, want, r.obj.ETag)
	if err != nil {
		return err
	}
	if r.obj.ETag == "" {
		r.obj.ETag = etag
	}
	r.size = size
	if r.end < 0 || r.end > size {
		r.end = size
	}
	r.next = start + length
	if length > 0 {
		pt := &part{ready: make(chan struct{})}
		r.queue = append(r.queue, pt)
		r.wg.Go(func() { r.fill(pt, make([]byte, 0, length), body, start, length) })
	}
	if !r.cautious {
		r.window = r.parallel
	}
	return nil
}

// start asks for more parts while the window allows it.
func (r *reader) start() {
	for len(r.queue) < r.window && r.next < r.end {
		if r.soft > 0 && r.next >= r.soft && len(r.queue) > 0 {
			return
		}
		start, length := r.next, min(r.partSize, r.end-r.next)
		if r.soft > start {
			length = min(length, r.soft-start)
		} else if r.soft > 0 {
			length = min(length, window) // the rest of one record
		}
		r.next += length
		var buf []byte
		if n := len(r.free); n > 0 {
			buf, r.free = r.free[n-1][:0], r.free[:n-1]
		}
		if int64(cap(buf)) < length {
			buf = make([]byte, 0, length)
		}
		pt := &part{ready: make(chan struct{})}
		r.queue = append(r.queue, pt)
		r.wg.Go(func() { r.fill(pt, buf, nil, start, length) })
	}
}

// fill reads a part, and asks again for the rest of a body that breaks off.
func (r *reader) fill(pt *part, buf []byte, body io.ReadCloser, start, length int64) {
	defer close(pt.ready)
	if r.gate != nil {
		select {
		case r.gate <- struct{}{}:
			defer func() { <-r.gate }()
		case <-r.ctx.Done():
			pt.err = r.ctx.Err()
			return
		}
	}
	var err error
	for range attempts {
		if body == nil {
			from := start + int64(len(buf))
			var got int64
			if body, got, _, _, err = r.fetch(r.ctx, from, start+length, r.obj.ETag); err != nil {
				pt.err = err
				return
			}
			if got < length-int64(len(buf)) {
				body.Close()
				pt.err = fmt.Errorf("%w: the object ends at byte %d", ErrTruncated, from+got)
				return
			}
		}
		n := 0
		n, err = io.ReadFull(body, buf[len(buf):length])
		buf = buf[:len(buf)+n]
		body.Close()
		body = nil
		if err == nil {
			pt.buf = buf
			return
		}
		if r.ctx.Err() != nil {
			pt.err = r.ctx.Err()
			return
		}
	}
	pt.err = cutOff(err)
}

// cutOff is the error of a body that cannot be read to its end.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	return err
}

// Close ends what is under way and waits for it.
func (r *reader) Close() error {
	r.cancel()
	r.wg.Wait()
	return nil
}
