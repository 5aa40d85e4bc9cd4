package handler

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/lambdatune/lambdatune/handler/internal/attribute"
	"github.com/lambdatune/lambdatune/handler/internal/batch"
	"github.com/lambdatune/lambdatune/handler/internal/envelope"
)

// Batch returns an Invoker for logic that wants all records of a batch at once:
// to write them in one request, say. It takes the events of [SQS], [Kinesis] and
// [Kafka], and decodes them as those do; if In is a struct for the records of
// [DynamoDB] it takes a DynamoDB stream instead.
//
// f gets the inputs in the order of the batch, and answers with an error for
// each of them, in the same order: nil for a record that is done. A nil or empty
// slice says that all are done. One of another length, like a panic, fails every
// record that f was given. f may keep the inputs. It is called once per batch,
// and not at all if no record is left for it.
//
// Records that do not decode are not among the inputs, nor those that [Keep] or
// [OnPoison] has ended, nor what must not begin behind a failure: the rest of a
// FIFO queue's message group, and the rest of a stream's batch. What the response
// names, and what the mapping must say for it, is as for the source's own
// adapter, with errors of f as failures: behind one, the rest of a message group
// and of a stream comes again although f was done with it.
//
// It all has to be done by the deadline: if f has not returned half of
// [DeadlineReserve] before the platform's deadline, all of its records come
// again. [Concurrency] is not for Batch, and [RecordFrom] has no record for the
// context of f.
func Batch[In any](f func(context.Context, []In) []error, opts ...Option) Invoker {
	each := Each[In](func(context.Context, In) error { return nil }) // stands for f
	if f == nil {
		each = nil
	}
	b := newBatch("Batch", each, opts, nil, envelope.SQS, envelope.Kinesis, envelope.Kafka)
	b.whole = (*batchRun).whole
	b.newLogic = func() batchLogic { return &wholeLogic[In]{f: f} }
	plan, err := attribute.For(reflect.TypeFor[In]())
	if err == nil {
		b.sources, b.rewritten = []envelope.Source{envelope.DynamoDB}, true
	}
	b.text = func(w *envelope.Buffer, s envelope.Source, r *envelope.Record) ([]byte, error) {
		switch s {
		case envelope.SQS:
			return w.Body(s, r)
		case envelope.DynamoDB:
			return w.Fill(func(dst []byte) ([]byte, error) { return plan.Append(dst, r.Raw, r.Data) })
		}
		return w.Base64(r)
	}
	if b.options.batch.concurrency > 0 {
		b.fail(errors.New("Concurrency is not for Batch, which calls logic once"))
	}
	return b
}

// wholeLogic collects inputs where eachLogic calls for them.
type wholeLogic[In any] struct {
	f   func(context.Context, []In) []error
	in  In
	ins []In
}

func (l *wholeLogic[In]) target() any { return &l.in }

func (l *wholeLogic[In]) call(context.Context) error {
	l.ins = append(l.ins, l.in)
	l.reset()
	return nil
}

func (l *wholeLogic[In]) reset() {
	var zero In
	l.in = zero
}

func (l *wholeLogic[In]) drop() { l.ins = nil }

func (l *wholeLogic[In]) callAll(ctx context.Context) (errs []error, err error) {
	defer contain(ctx, &err)
	ins := l.ins
	l.ins = nil
	errs = l.f(ctx, ins)
	if n := len(errs); n > 0 && n != len(ins) {
		return nil, fmt.Errorf("logic has returned %d errors for %d records", n, len(ins))
	}
	return errs, nil
}

// whole calls logic for what the worker has collected. The worker's lock is held.
func (r *batchRun) whole(w *batchWorker, s *batchState) {
	logic := w.logic.(interface {
		drop()
		callAll(context.Context) ([]error, error)
	})
	decoded := slices.Clone(s.schedule.Outcomes())
	w.reopen(s)
	late := r.limited && time.Since(r.began) >= r.span || r.parent.Err() != nil
	if len(w.taken) == 0 || late || r.exit && slices.ContainsFunc(s.errs, isPanic) {
		logic.drop()
		w.taken = w.taken[:0]
		return
	}
	w.mu.Unlock()
	errs, err := logic.callAll(r.logic)
	w.mu.Lock()
	if w.closed {
		return
	}
	for at, i := range w.taken {
		failed := err
		if len(errs) > 0 {
			failed = errs[at]
		}
		if failed != nil {
			s.errs[i], decoded[i] = failed, batch.Failed
		}
	}
	w.taken = w.taken[:0]
	s.schedule.Replay(decoded, s.key)
}

// reopen says of the collected records that they have only begun.
func (w *batchWorker) reopen(s *batchState) {
	for _, i := range w.taken {
		s.schedule.Start(i)
	}
}
