package handler

import (
	"context"
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
	exit     bool // a panic ends it all
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
	buf   envelope.Buffer

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
	end, limited := r.logic.Deadline()
	for {
		i, ok := s.schedule.Next()
		if !ok {
			return
		}
		if limited && !time.Now().Before(end) || r.parent.Err() != nil {
			s.schedule.Stop()
			return
		}
		if !r.process(w, s, i) {
			return
		}
	}
}

// process takes one record through decoding and logic. It is false when nothing
// more is to be done.
func (r *batchRun) process(w *batchWorker, s *batchState, i int) bool {
	c := &r.ctxs[i]
	c.Context, c.run, c.index = r.logic, r, i

	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return false
	}
	s.schedule.Start(i)
	rec := &s.event.Records[i]
	p := w.prepare(c, r.b, s.event.Source, rec)
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
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	if err == nil {
		s.schedule.Finish(i, batch.Done)
		return true
	}
	s.errs[i] = err
	s.schedule.Finish(i, batch.Failed)
	if r.exit && isPanic(err) {
		s.schedule.Stop()
	}
	return true
}
