package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/internal/console"
	"github.com/lambdatune/lambdatune/handler/local/queue"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// feed puts a queue in front of a function, sends it the messages of a file,
// and ends when the queue is empty.
func feed(ctx context.Context, o *options, c console.Console, stdin io.Reader) error {
	list, err := readMessages(o, stdin)
	if err != nil {
		return err
	}
	w, err := newWorkplace()
	if err != nil {
		return err
	}
	defer w.remove()
	concurrency := &concurrencyOf{Console: c}
	f, err := w.start(ctx, o, o.targets[0], concurrency)
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := newSource(o, f)
	if err != nil {
		return err
	}
	s.console, s.ids = c, map[string]bool{}
	q := s.queue.Config()
	c.Note(fmt.Sprintf("%s: visibility timeout %v, then again; to the dead-letter queue after %d times", q.Name, q.VisibilityTimeout, q.MaxReceiveCount))
	begun := time.Now()
	sent := make(chan error, 1)
	if o.rate > 0 {
		go func() { sent <- s.send(ctx, o, list) }()
	} else {
		sent <- s.send(ctx, o, list)
	}
	err = s.drain(ctx, sent)
	if err == nil && o.redrive {
		if s.total.Redriven, err = s.dead.Redrive(nil); err == nil {
			err = s.drain(ctx, nil)
		}
	}
	s.total.Elapsed, s.total.PeakConcurrency = time.Since(begun), concurrency.max()
	counts := s.queue.Counts()
	s.total.Left = counts.Visible + counts.InFlight
	for _, m := range s.dead.Messages() {
		s.total.Dead = append(s.total.Dead, console.DeadLetter{MessageID: m.ID, MessageGroupID: m.GroupID, ReceiveCount: m.ReceiveCount, Body: m.Body})
	}
	c.Queue(s.total)
	switch {
	case err != nil:
		return err
	case len(s.total.Dead) > 0:
		return errFailed
	}
	return nil
}

// source is a queue, its dead-letter queue and its mapping.
type source struct {
	queue, dead *queue.Queue
	mapping     *queue.Mapping
	console     console.Console
	ids         map[string]bool

	mu    sync.Mutex
	total console.Queue
}

func newSource(o *options, f *runtimeapi.Function) (*source, error) {
	s := &source{}
	trim := func(err error) error { return errors.New(strings.TrimPrefix(err.Error(), "queue: ")) }
	var err error
	if s.dead, err = queue.New(queue.Config{Name: queueName(f, "-dead", o.queue.FIFO), Region: f.Config().Region, FIFO: o.queue.FIFO}); err != nil {
		return nil, trim(err)
	}
	config := o.queue
	config.Name, config.Region, config.DeadLetterQueue = queueName(f, "", o.queue.FIFO), f.Config().Region, s.dead
	if s.queue, err = queue.New(config); err != nil {
		return nil, trim(err)
	}
	mapping := o.mapping
	mapping.Observe = s.observe
	if s.mapping, err = queue.NewMapping(s.queue, f, mapping); err != nil {
		return nil, trim(err)
	}
	return s, nil
}

func queueName(f *runtimeapi.Function, suffix string, fifo bool) string {
	name := f.Config().Name + suffix
	if fifo {
		name += ".fifo"
	}
	return name
}

func (s *source) observe(b queue.Batch) {
	shown := console.Batch{
		Messages: len(b.Messages), Failed: len(b.Failed), Late: len(b.Late), Throttles: b.Throttles,
		Deleted: len(b.Messages) - len(b.Failed) - len(b.Late),
	}
	if b.Result != nil {
		shown.RequestID = b.Result.RequestID
	}
	if b.Err != nil {
		_, shown.Problem, _ = strings.Cut(b.Err.Error(), ": ")
	}
	s.mu.Lock()
	s.total.Batches++
	s.total.Processed += shown.Deleted
	s.total.Throttles += b.Throttles
	s.mu.Unlock()
	s.console.Batch(shown)
}

// send sends the messages o.repeat times, o.rate per second.
func (s *source) send(ctx context.Context, o *options, list []sourced) error {
	begun := time.Now()
	for i := range o.repeat * len(list) {
		if o.rate > 0 {
			due := begun.Add(time.Duration(float64(i) / o.rate * float64(time.Second)))
			select {
			case <-time.After(time.Until(due)):
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		m := list[i%len(list)]
		if o.queue.FIFO && m.message.DeduplicationID == "" {
			// Two lines that are the same are two messages.
			m.message.DeduplicationID = fmt.Sprintf("message-%d", i+1)
		}
		sent, err := s.queue.Send(m.message)
		if err != nil {
			return fmt.Errorf("%s: %s", m.source, strings.TrimPrefix(err.Error(), "queue: "))
		}
		s.mu.Lock()
		s.total.Sent++
		if s.ids[sent.ID] {
			s.total.Duplicates++
		}
		s.ids[sent.ID] = true
		s.mu.Unlock()
	}
	return nil
}

// drain waits until all was sent, if sent is not nil, and the queue is empty.
func (s *source) drain(ctx context.Context, sent <-chan error) error {
	for {
		err := s.mapping.Drain(ctx)
		if err != nil || sent == nil {
			return err
		}
		select {
		case err := <-sent:
			if err != nil {
				return err
			}
			sent = nil
		case <-time.After(time.Millisecond):
		}
	}
}

// concurrencyOf is a console that also counts the invocations at a time.
type concurrencyOf struct {
	console.Console
	mu        sync.Mutex
	now, peak int
}

func (c *concurrencyOf) Event(e runtimeapi.Event) {
	c.mu.Lock()
	switch e.Type {
	case runtimeapi.EventStart:
		c.now++
		c.peak = max(c.peak, c.now)
	case runtimeapi.EventEnd:
		c.now--
	}
	c.mu.Unlock()
	c.Console.Event(e)
}

func (c *concurrencyOf) max() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peak
}
