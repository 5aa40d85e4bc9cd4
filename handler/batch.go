package handler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/lambdatune/lambdatune/handler/internal/batch"
	"github.com/lambdatune/lambdatune/handler/internal/envelope"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A batchInvoker is every batch adapter. What is generic in it is a batchLogic.
type batchInvoker struct {
	name    string
	sources []envelope.Source // from which it takes events
	text    func(*envelope.Buffer, envelope.Source, *envelope.Record) ([]byte, error)
	// Functions that only some adapters have, so that the others do not link
	// them: a record may hold several inputs, or none (S3); logic is called once,
	// at the end (Batch); the event is packed (CloudWatchLogs).
	objects func(*batchWorker, *batchInvoker, envelope.Source, *envelope.Record) prepared
	whole   func(*batchRun, *batchWorker, *batchState)
	open    func(payload []byte) ([]byte, error)
	// rewritten: what is decoded does not stand in the event
	rewritten bool
	newLogic  func() batchLogic
	decoder   decoder
	options   options
	states    sync.Pool
	err       error
}

// batchLogic is an [Each] with the input that it is called for.
type batchLogic interface {
	target() any                // points to the input, which is zero
	call(context.Context) error // leaves the input zero
	reset()                     // makes the input zero
}

type eachLogic[In any] struct {
	f  Each[In]
	in In
}

func (l *eachLogic[In]) target() any { return &l.in }

func (l *eachLogic[In]) call(ctx context.Context) error {
	in := l.in
	l.reset()
	return l.f(ctx, in)
}

func (l *eachLogic[In]) reset() {
	var zero In
	l.in = zero
}

func newBatch[In any](name string, f Each[In], opts []Option, text func(*envelope.Buffer, envelope.Source, *envelope.Record) ([]byte, error), sources ...envelope.Source) *batchInvoker {
	o, err := newOptions(onBatch, opts)
	b := &batchInvoker{
		name: name, sources: sources, text: text, decoder: decoderFor[In](&o), options: o, err: err,
		newLogic: func() batchLogic { return &eachLogic[In]{f: f} },
	}
	if f == nil {
		b.fail(errors.New("the logic is nil, not a function"))
	}
	return b
}

func (b *batchInvoker) fail(err error) {
	if err != nil {
		b.err = errors.Join(b.err, fmt.Errorf("handler: %s: %w", b.name, err))
	}
}

func (b *batchInvoker) configError() error { return b.err }

// order is what the source of an event demands, and partial is whether it takes
// a partial batch response.
func (b *batchInvoker) order(e *envelope.Event) (order batch.Order, partial bool) {
	switch e.Source {
	case envelope.SQS:
		if e.FIFO {
			return batch.Grouped, true
		}
		return batch.Unordered, true
	case envelope.Kinesis, envelope.DynamoDB, envelope.Kafka:
		partial = e.Source != envelope.Kafka
		if b.options.batch.failure.ContinueOtherKeys {
			return batch.StreamByKey, partial
		}
		return batch.Stream, partial
	}
	return batch.Unordered, false
}

func (b *batchInvoker) concurrency(order batch.Order) int {
	switch {
	case b.whole != nil:
		return 1
	case b.options.batch.concurrency > 0:
		return b.options.batch.concurrency
	case order == batch.Unordered:
		return 1
	}
	return cpus()
}

func (b *batchInvoker) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	var err error
	if b.open != nil {
		if payload, err = b.open(payload); err != nil {
			return nil, fmt.Errorf("handler: %s: %w", b.name, err)
		}
	}
	s, _ := b.states.Get().(*batchState)
	if s == nil {
		s = new(batchState)
		s.key = func(i int) []byte { return s.event.Records[i].Key }
	}
	if s.event, err = envelope.Split(s.event.Records[:0], payload); err != nil {
		if _, ok := errors.AsType[*jsonscan.SyntaxError](err); ok {
			return nil, describe(payload, err)
		}
		return nil, fmt.Errorf("handler: %s: %w", b.name, err)
	}
	n := len(s.event.Records)
	if n > 0 && !slices.Contains(b.sources, s.event.Source) {
		return nil, fmt.Errorf("handler: an event of %v, which %s does not take", s.event.Source, b.name)
	}
	order, partial := b.order(&s.event)
	if n == 0 {
		partial = b.sources[0] == envelope.SQS || b.sources[0] == envelope.Kinesis || b.sources[0] == envelope.DynamoDB
	} else if !b.run(ctx, s, order) {
		return b.respond(ctx, s, partial) // s is lost to logic that is still running
	}
	response, err := b.respond(ctx, s, partial)
	s.release()
	b.states.Put(s)
	return response, err
}

// respond turns outcomes into the response, and logs what it cannot hold.
func (b *batchInvoker) respond(ctx context.Context, s *batchState, partial bool) ([]byte, error) {
	n := len(s.event.Records)
	done := s.schedule.Count(batch.Done)
	if n == 0 || done == n {
		if !partial {
			return []byte("null"), nil
		}
		return batch.AppendResponse(nil, nil), nil
	}
	failure := &batchError{total: n, done: done}
	exit := exitsOnPanic(ctx)
	for i := range n {
		if s.schedule.Outcome(i) == batch.Started {
			s.errs[i] = errUnfinished
		}
		if err := s.errs[i]; err != nil {
			if exit && isPanic(err) {
				return nil, err
			}
			failure.errs = append(failure.errs, fmt.Errorf("%s: %w", recordName(&s.event, i), err))
		}
	}
	if len(failure.errs) == 0 { // the deadline came first
		failure.errs = append(failure.errs, errUnstarted)
	}
	var ids [][]byte
	named := partial && (done > 0 || b.options.batch.failure.ReturnAllIDs)
	s.schedule.Unfinished(func(i int) {
		id := s.event.Records[i].ID
		ids = append(ids, id)
		named = named && len(id) > 0
	})
	if named || n > 1 { // else the one error is returned
		for _, err := range failure.errs {
			logError(ctx, "record failed", err)
		}
		logError(ctx, "batch incomplete", errors.New(failure.count()))
	}
	if !named {
		return nil, failure
	}
	return batch.AppendResponse(nil, ids), nil
}

var (
	errUnfinished = errors.New("not finished by the deadline")
	errUnstarted  = errors.New("the deadline was too near to begin")
)

// A batchError is a batch that fails as a whole.
type batchError struct {
	total, done int
	errs        []error // of single records
}

const maxBatchErrors = 5 // in the text

func (e *batchError) count() string {
	return fmt.Sprintf("%d of %d records are not done; %d failed by themselves", e.total-e.done, e.total, len(e.errs))
}

func (e *batchError) Error() string {
	if e.total == 1 {
		return e.errs[0].Error()
	}
	var text bytes.Buffer
	text.WriteString(e.count())
	for _, err := range e.errs[:min(len(e.errs), maxBatchErrors)] {
		text.WriteString("; ")
		text.WriteString(err.Error())
	}
	return text.String()
}

func (e *batchError) Unwrap() []error { return e.errs }

// ErrorType is that of a single record's own error, or Powertools' name for the
// failure of a batch.
func (e *batchError) ErrorType() string {
	if e.total > 1 {
		return "BatchProcessingError"
	}
	err := e.errs[0]
	if inner := errors.Unwrap(err); inner != nil {
		err = inner // without the record's name
	}
	return errorType(err)
}

// A batchState is what one batch after the other uses.
type batchState struct {
	event    envelope.Event
	schedule batch.Schedule
	key      func(i int) []byte
	errs     []error // by record
	workers  []*batchWorker
}

// release keeps nothing of the payload, and no large buffers.
func (s *batchState) release() {
	clear(s.event.Records)
	clear(s.errs)
	for _, w := range s.workers {
		w.buf.Trim(maxPooled)
	}
}
