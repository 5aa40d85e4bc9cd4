package handler

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lambdatune/lambdatune/handler/internal/batch"
	"github.com/lambdatune/lambdatune/handler/internal/envelope"
	"github.com/lambdatune/lambdatune/internal/deadline"
	"github.com/lambdatune/lambdatune/internal/invocation"
)

// A batchRun is one batch on its way through logic. Unlike its batchState it is
// used once: contexts point to it.
type batchRun struct {
	b        *batchInvoker
	parent   context.Context  // ends when the invocation does
	deadline deadline.Context // what logic's contexts derive from
	logic    context.Context
	limited  bool
	began    time.Time
	span     time.Duration // from began until no record begins any more, if limited
	exit     bool          // a panic ends it all
	ctxs     []recordCtx

	claimed atomic.Int32 // workers that have begun
	left    atomic.Int32 // workers that have not ended
	done    chan struct{}

	mu    sync.Mutex
	state *batchState // nil when the adapter has answered
}

// A batchWorker processes one record after the other.
type batchWorker struct {
	logic batchLogic
	dirty bool // the input of logic is not zero
	buf   envelope.Buffer
	text  strings.Builder // small strings of inputs
	taken []int           // collected for Batch, with the outcome Done until it is called

	// mu is held while the payload is read and outcomes are written; closed says
	// that neither may happen any more.
	mu     sync.Mutex
	closed bool
}

// run processes the batch. It is false if logic was still running when there was
// no more time to wait for it: s must not be used again then.
func (b *batchInvoker) run(ctx context.Context, s *batchState, order batch.Order) (finished bool) {
	n := len(s.event.Records)
	s.schedule.Reset(n, order, s.key)
	if cap(s.errs) < n {
		s.errs = make([]error, n)
	}
	s.errs = s.errs[:n]
	workers := min(b.concurrency(order), s.schedule.Width())
	for len(s.workers) < workers {
		s.workers = append(s.workers, &batchWorker{logic: b.newLogic()})
	}

	r := &batchRun{b: b, parent: ctx, state: s, ctxs: make([]recordCtx, n), exit: exitsOnPanic(ctx)}
	r.logic = r.deadline.Start(ctx, b.options.reserve, 0)
	r.left.Store(int32(workers))
	defer r.close()
	end, limited := r.logic.Deadline()
	if r.limited = limited; limited {
		r.began = time.Now()
		r.span = end.Round(0).Sub(r.began)
	}
	if !limited && workers == 1 {
		r.work(s)
		return true
	}
	r.done = make(chan struct{})
	work := func() { r.work(s) } // one allocation for all of them
	for range workers {
		go work()
	}
	if !limited {
		<-r.done
		return true
	}
	return r.wait(s, end)
}

// wait waits for the workers, but not for logic that ignores the end of its
// context: half of the reserve is for it to return, the other half to answer.
func (r *batchRun) wait(s *batchState, end time.Time) (finished bool) {
	limit := end
	if platform, ok := invocation.Deadline(r.parent); ok && platform.After(end) {
		limit = end.Add(platform.Sub(end) / 2)
	}
	timer := time.NewTimer(time.Until(limit.Round(0)))
	defer timer.Stop()
	select {
	case <-r.done:
		return true
	case <-timer.C:
	}
	s.schedule.Stop()
	for _, w := range s.workers {
		w.mu.Lock()
		w.closed = true
		w.reopen(s)
		w.mu.Unlock()
	}
	return false
}

// close ends what contexts know of the batch.
func (r *batchRun) close() {
	r.mu.Lock()
	r.state = nil
	r.mu.Unlock()
	r.deadline.Finish()
}

func (r *batchRun) work(s *batchState) {
	defer func() {
		if r.left.Add(-1) == 0 && r.done != nil {
			close(r.done)
		}
	}()
	w := s.workers[r.claimed.Add(1)-1]
	w.mu.Lock() // but while logic runs
	for !w.closed {
		i, ok := s.schedule.Next()
		if !ok {
			break
		}
		// No freeze comes within an invocation, so the monotonic clock will do,
		// which is half the price of both.
		if r.limited && time.Since(r.began) >= r.span || r.parent.Err() != nil {
			s.schedule.Stop()
			break
		}
		r.process(w, s, i)
	}
	if r.b.whole != nil && !w.closed {
		r.b.whole(r, w, s)
	}
	w.mu.Unlock()
}

// process takes one record through decoding and logic.
func (r *batchRun) process(w *batchWorker, s *batchState, i int) {
	c := &r.ctxs[i]
	c.run, c.index = r, i
	s.schedule.Start(i)
	p := w.prepare(c, r.b, s.event.Source, &s.event.Records[i])

	w.mu.Unlock()
	err := p.err
	switch {
	case p.poison != nil:
		err = r.poison(c, p)
	case p.call:
		err = w.call(c)
	}
	for _, object := range p.objects {
		if err != nil {
			break
		}
		err = r.object(c, w, object, p.raw)
	}
	w.mu.Lock()

	switch {
	case w.closed:
	case err == nil:
		s.schedule.Finish(i, batch.Done)
		if r.b.whole != nil && p.call {
			w.taken = append(w.taken, i)
		}
	default:
		s.errs[i] = err
		s.schedule.Finish(i, batch.Failed)
		if r.exit && isPanic(err) {
			s.schedule.Stop()
		}
	}
}
