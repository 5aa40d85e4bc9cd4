package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// Function is what a mapping invokes: a [*runtimeapi.Function], or a test's
// own.
type Function interface {
	// Invoke returns runtimeapi.ErrThrottled where the function's reserved
	// concurrency is used up; any other error ends the mapping.
	Invoke(context.Context, runtimeapi.Invocation) (*runtimeapi.Result, error)
	Config() runtimeapi.Config
}

// MappingConfig is the configuration of an event source mapping. The zero value
// is ready to use.
type MappingConfig struct {
	// BatchSize is the largest number of messages per invocation: at most 10,
	// or in a standard queue with a BatchingWindow of 1 s or more at most
	// 10,000. Zero means 10.
	BatchSize int
	// BatchingWindow is MaximumBatchingWindowInSeconds: how long a batch may
	// wait for more messages. At most 5 minutes; zero, and in a FIFO queue
	// always, means that it does not.
	BatchingWindow time.Duration
	// MaximumConcurrency bounds the invocations at a time: 2 to 1,000. Zero
	// means that only throttling does.
	MaximumConcurrency int
	// ReportBatchItemFailures takes partial batch responses.
	ReportBatchItemFailures bool
	// Observe, if not nil, is told of each batch once it is over, one call at a
	// time. It must not block for long.
	Observe func(Batch)
}

// Batch is what became of a batch.
type Batch struct {
	Messages []Received
	// Result is the invocation's. Nil if there was none.
	Result *runtimeapi.Result
	// Throttles is how many attempts to invoke the function were throttled.
	Throttles int
	// Failed has the IDs of the messages that will be received again, or go to
	// the dead-letter queue.
	Failed []string
	// Late has the IDs of the messages that were processed when their
	// visibility timeout had ended: they could not be deleted.
	Late []string
	// Err is why the whole batch failed: a function error, a response that the
	// service would refuse, or runtimeapi.ErrThrottled. Nil if it did not.
	Err error
}

const (
	payloadLimit     = 6 << 20 // of a synchronous invocation, in bytes
	maxWindow        = 5 * time.Minute
	firstThrottled   = 100 * time.Millisecond
	longestThrottled = 5 * time.Second
)

func (c *MappingConfig) complete(q *Queue, f Function) error {
	if c.BatchSize == 0 {
		c.BatchSize = 10
	}
	if c.BatchingWindow < 0 || c.BatchingWindow > maxWindow {
		return fmt.Errorf("queue: batching window %v: want 0 to %v", c.BatchingWindow, maxWindow)
	}
	if q.cfg.FIFO && c.BatchingWindow > 0 {
		return fmt.Errorf("queue: batching window %v: a FIFO queue has none", c.BatchingWindow)
	}
	most := 10
	if c.BatchingWindow >= time.Second {
		most = 10_000
	}
	if c.BatchSize < 1 || c.BatchSize > most {
		return fmt.Errorf("queue: batch size %d: want 1 to %d (10,000 needs a standard queue and a batching window of 1s or more)", c.BatchSize, most)
	}
	if c.MaximumConcurrency != 0 && (c.MaximumConcurrency < 2 || c.MaximumConcurrency > 1000) {
		return fmt.Errorf("queue: maximum concurrency %d: want 2 to 1000, or 0 for none", c.MaximumConcurrency)
	}
	timeout := f.Config().Timeout
	if q.cfg.VisibilityTimeout < timeout {
		return fmt.Errorf("queue: visibility timeout %v: want at least the function's timeout, %v; six times that is recommended", q.cfg.VisibilityTimeout, timeout)
	}
	// The service accepts this, and then delivers messages twice.
	if q.cfg.VisibilityTimeout < timeout+c.BatchingWindow {
		return fmt.Errorf("queue: visibility timeout %v: want at least the function's timeout and the batching window together, %v", q.cfg.VisibilityTimeout, timeout+c.BatchingWindow)
	}
	return nil
}

// Mapping is an event source mapping: it feeds a function from a queue while
// [Mapping.Run] or [Mapping.Drain] runs.
type Mapping struct {
	q       *Queue
	f       Function
	cfg     MappingConfig
	timeout time.Duration
	running sync.Mutex

	observing sync.Mutex
}

// NewMapping makes a mapping. An error is one of the configuration: as on the
// service, the queue's visibility timeout must not be shorter than the
// function's timeout, nor, here, than that and the batching window together.
func NewMapping(q *Queue, f Function, c MappingConfig) (*Mapping, error) {
	if q == nil || f == nil {
		return nil, fmt.Errorf("queue: a mapping needs a queue and a function")
	}
	if err := c.complete(q, f); err != nil {
		return nil, err
	}
	return &Mapping{q: q, f: f, cfg: c, timeout: f.Config().Timeout}, nil
}

// Run feeds the function until ctx ends, and returns its error after the
// invocations under way have ended, which ctx does not end. A function that
// can't be invoked, such as one that was closed, ends it with that error. A
// mapping runs once at a time.
func (m *Mapping) Run(ctx context.Context) error { return m.run(ctx, false) }

// Drain is Run until the queue is empty: every message is deleted or in the
// dead-letter queue. Without a dead-letter queue a message that always fails
// keeps it from returning.
func (m *Mapping) Drain(ctx context.Context) error { return m.run(ctx, true) }

func (m *Mapping) run(ctx context.Context, drain bool) error {
	if !m.running.TryLock() {
		return fmt.Errorf("queue: the mapping runs already")
	}
	defer m.running.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := newScale(m.cfg.MaximumConcurrency)
	var wg sync.WaitGroup
	for s.acquire(ctx) {
		batch := m.collect(ctx, drain)
		if len(batch) == 0 {
			break
		}
		wg.Go(func() {
			defer s.release()
			if err := m.deliver(ctx, s, batch); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// collect waits for a batch. None means that ctx has ended or that there is
// nothing to wait for.
func (m *Mapping) collect(ctx context.Context, drain bool) []Received {
	var (
		batch []Received
		end   time.Time // of the window
		used  = len(`{"Records":[]}`)
	)
	for ctx.Err() == nil {
		got, p := m.q.poll(m.cfg.BatchSize-len(batch), payloadLimit-used)
		used += p.size
		batch = append(batch, got...)
		now := time.Now()
		if len(got) > 0 && end.IsZero() {
			end = now.Add(m.cfg.BatchingWindow)
		}
		switch {
		case len(batch) == m.cfg.BatchSize, len(batch) > 0 && (p.full || !now.Before(end)):
			return batch
		case drain && p.empty:
			return nil
		}
		next := p.next
		if len(batch) > 0 && (next.IsZero() || end.Before(next)) {
			next = end
		}
		pause(ctx, next, p.changed)
	}
	m.q.release(batch)
	return nil
}

// pause waits until a time, if it is not zero, until something changes or until
// ctx ends.
func pause(ctx context.Context, until time.Time, changed <-chan struct{}) {
	var alarm <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-alarm:
	case <-changed:
	case <-ctx.Done():
	}
}

// deliver invokes the function with a batch. An error ends the mapping.
func (m *Mapping) deliver(ctx context.Context, s *scale, batch []Received) error {
	b := Batch{Messages: batch}
	payload, err := m.q.payload(batch)
	if err != nil {
		return err
	}
	err = m.invoke(ctx, s, &b, payload)
	failed := map[string]bool{}
	switch {
	case err != nil:
		b.Err = err
	case b.Result.FunctionError != "":
		b.Err = fmt.Errorf("queue: the function failed: %s: %s", b.Result.Status, b.Result.ErrorType)
		if !m.cfg.ReportBatchItemFailures {
			s.shrink()
		}
	case m.cfg.ReportBatchItemFailures:
		failed, b.Err = itemFailures(b.Result.Payload, batch)
	}
	for _, r := range batch {
		if b.Err != nil || failed[r.ID] {
			b.Failed = append(b.Failed, r.ID)
		} else if deleted, _ := m.q.remove(r.ReceiptHandle); !deleted {
			b.Late = append(b.Late, r.ID)
		}
	}
	if m.cfg.Observe != nil {
		m.observing.Lock()
		m.cfg.Observe(b)
		m.observing.Unlock()
	}
	if errors.Is(err, runtimeapi.ErrThrottled) {
		return nil
	}
	return err
}

// invoke invokes the function, again and again where it is throttled and can
// still end within the visibility timeout.
func (m *Mapping) invoke(ctx context.Context, s *scale, b *Batch, payload []byte) error {
	visible := b.Messages[0].VisibleAt
	for wait := firstThrottled; ; wait = min(2*wait, longestThrottled) {
		result, err := m.f.Invoke(context.WithoutCancel(ctx), runtimeapi.Invocation{Payload: payload})
		if err == nil {
			b.Result = result
			return nil
		}
		if !errors.Is(err, runtimeapi.ErrThrottled) {
			return err
		}
		b.Throttles++
		s.shrink()
		again := time.Now().Add(wait)
		if again.Add(m.timeout).After(visible) {
			return err
		}
		if pause(ctx, again, nil); ctx.Err() != nil {
			return err
		}
	}
}
