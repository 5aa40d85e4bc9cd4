package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
)

// Middleware wraps next, the handler of raw payloads, so that every invocation
// has its own recorder in its context; see [From] and [Metric.Add]. The recorder
// is flushed when next returns, whether with an error or not, when it panics, and
// shortly before the platform's deadline (see [WithFlushMargin]): what was
// recorded until then survives a timeout. After that flush each value is written
// at once, in a document of its own.
//
// The first invocation of an environment records ColdStart, Count 1, under the
// default dimensions and function_name, unless the environment was initialized
// ahead of it. Flush errors never fail an invocation, they go to the error handler,
// except for [ErrEmpty] with [WithRaiseOnEmpty].
func (m *Metrics) Middleware(next func(context.Context, []byte) ([]byte, error)) func(context.Context, []byte) ([]byte, error) {
	m = m.orNone()
	return func(ctx context.Context, payload []byte) (out []byte, err error) {
		start := time.Now()
		r := m.Begin(ctx)
		if m.isColdStart(ctx) {
			r.recordColdStart()
		}
		deadline, limited := invocation.Deadline(ctx)
		var timer *time.Timer
		if limited {
			timer = time.AfterFunc(time.Until(deadline)-m.margin, r.writeThrough)
		}
		failed := true // unless next returns
		defer func() {
			if timer != nil {
				timer.Stop()
			}
			if m.duration {
				r.auto("InvocationDuration", float64(time.Since(start))/float64(time.Millisecond), "Milliseconds")
			}
			if m.errors {
				n := 0.0
				if failed {
					n = 1
				}
				r.auto("InvocationErrors", n, "Count")
			}
			if m.remaining && limited {
				r.auto("RemainingTime", float64(time.Until(deadline))/float64(time.Millisecond), "Milliseconds")
			}
			ended := r.End()
			if ended == nil {
				return
			}
			if m.raiseOnEmpty && errors.Is(ended, ErrEmpty) && !failed {
				out, err = nil, ended
				return
			}
			m.onError(ended)
		}()
		out, err = next(NewContext(ctx, r), payload)
		failed = err != nil
		return out, err
	}
}

// writeThrough emits what there is and has everything later written at once.
// A timer calls it; after the recorder's end it does nothing.
func (r Recorder) writeThrough() {
	if s := r.lock(); s != nil {
		s.flush()
		s.through = true
		s.mu.Unlock()
	}
}

// auto records what the middleware measures, which does not count as recorded.
func (r Recorder) auto(name string, value float64, unit Unit) {
	if s := r.lock(); s != nil {
		if sl := s.docs[r.doc].slot(s, name, unit, 0, 1); sl != nil {
			s.docs[r.doc].add(sl, value)
			s.stored(0)
		}
		s.mu.Unlock()
	}
}

// isColdStart reports whether the invocation is the environment's first.
func (m *Metrics) isColdStart(ctx context.Context) bool {
	if !m.coldStart {
		return false
	}
	first := !m.began.Swap(true)
	if inv := invocation.From(ctx); inv != nil {
		return inv.ColdStart
	}
	return first
}

// recordColdStart records in a document of its own, because function_name is a
// dimension of this metric only.
func (r Recorder) recordColdStart() {
	m := r.s.m
	pairs := m.dims[:len(m.dims):len(m.dims)]
	if m.functionName != "" && !hasName(pairs, "function_name") && len(pairs) < 2*limits.Dimensions {
		pairs = append(pairs, "function_name", m.functionName)
	}
	r.In("", pairs...).auto("ColdStart", 1, "Count")
}
