package metrics

import (
	"time"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
)

// Recorder collects what one invocation records and emits it as documents. It
// is a small value, to be copied freely; copies record into the same documents.
// All methods are safe for concurrent use, and none fails: what can't be
// recorded is named in the error of the next [Recorder.Flush] or [Recorder.End].
//
// After End a Recorder records nothing more and tells the error handler so, with
// [ErrEnded]. The zero Recorder records nothing; its Flush and End return
// [ErrNoRecorder].
type Recorder struct {
	s   *state
	gen uint64
	doc int // which of the state's documents: 0, or one of In
}

// lock returns the locked state, or nil if the recorder has ended or is zero.
func (r Recorder) lock() *state {
	if r.s == nil {
		return nil
	}
	r.s.mu.Lock()
	if r.s.gen != r.gen {
		r.s.mu.Unlock()
		return nil
	}
	return r.s
}

// late tells the error handler of a use after End.
func (r Recorder) late(kind, name string, count int) {
	if r.s != nil {
		r.s.m.onError(&RejectedError{Kind: kind, Name: name, Count: count,
			Reason: "recorded after the end of its invocation", Err: ErrEnded})
	}
}

// Add records a value of the metric name, 1 to 255 characters, finite and within
// ±2^360. Values of a name are kept all; a name must keep its unit and options
// within one document.
func (r Recorder) Add(name string, value float64, unit Unit, opts ...MetricOption) {
	s := r.lock()
	if s == nil {
		r.late("metric", name, 1)
		return
	}
	d := s.docs[r.doc]
	if len(opts) == 0 && limits.InRange(value) && !s.through { // the usual cases, without a call
		if d.n < len(d.slots) {
			if sl := &d.slots[d.n]; sl.opts == 0 && sl.unit == unit && d.is(sl, name) {
				d.first(sl, value)
				s.recorded++
				s.mu.Unlock()
				return
			}
		} else if d.n > 0 {
			if sl := &d.slots[d.n-1]; sl.opts == 0 && sl.unit == unit && d.is(sl, name) {
				d.another(sl, value)
				s.recorded++
				s.mu.Unlock()
				return
			}
		}
	}
	if why := limits.Value(value); why != "" {
		s.reject("metric", name, why, 1)
	} else if sl := d.slot(s, name, unit, join(opts), 1); sl != nil {
		d.add(sl, value)
		s.stored(1)
	}
	s.mu.Unlock()
}

// AddValues records several values of the metric name at once, as [Recorder.Add]
// records one. The slice is not kept.
func (r Recorder) AddValues(name string, values []float64, unit Unit, opts ...MetricOption) {
	if len(values) == 0 {
		return
	}
	s := r.lock()
	if s == nil {
		r.late("metric", name, len(values))
		return
	}
	valid := 0
	for _, v := range values {
		if why := limits.Value(v); why != "" {
			s.reject("metric", name, why, 1)
		} else {
			valid++
		}
	}
	if valid > 0 {
		d := s.docs[r.doc]
		if sl := d.slot(s, name, unit, join(opts), valid); sl != nil {
			for _, v := range values {
				if limits.Value(v) == "" {
					d.add(sl, v)
				}
			}
			s.stored(valid)
		}
	}
	s.mu.Unlock()
}

// Record records a value of the compiled metric h.
func (r Recorder) Record(h *Metric, value float64) {
	if h == nil {
		h = &Metric{}
	}
	s := r.lock()
	if s == nil {
		r.late("metric", h.name, 1)
		return
	}
	d := s.docs[r.doc]
	if h.opts&Histogram == 0 && limits.InRange(value) && !s.through { // as in Add
		if d.n < len(d.slots) {
			if sl := &d.slots[d.n]; sl.h == h {
				d.first(sl, value)
				s.recorded++
				s.mu.Unlock()
				return
			}
		} else if d.n > 0 {
			if sl := &d.slots[d.n-1]; sl.h == h {
				d.another(sl, value)
				s.recorded++
				s.mu.Unlock()
				return
			}
		}
	}
	if why := limits.Value(value); why != "" {
		s.reject("metric", h.name, why, 1)
	} else if sl := d.slotOf(s, h); sl != nil {
		d.add(sl, value)
		s.stored(1)
	}
	s.mu.Unlock()
}

// Count records n with unit Count.
func (r Recorder) Count(name string, n int, opts ...MetricOption) {
	r.Add(name, float64(n), "Count", opts...)
}

// Gauge records a value without a unit.
func (r Recorder) Gauge(name string, value float64, opts ...MetricOption) {
	r.Add(name, value, "", opts...)
}

// Duration records d in milliseconds.
func (r Recorder) Duration(name string, d time.Duration, opts ...MetricOption) {
	r.Add(name, float64(d)/float64(time.Millisecond), "Milliseconds", opts...)
}

// Dimension adds a dimension to every dimension set of the recorder's document,
// for all metrics that the document holds when it is flushed, and for later ones.
// The name has 1 to 250 and the value 1 to 1,024 characters, printable ASCII,
// not blank, the name without a leading colon; a set has at most 30 dimensions.
// A dimension can't change its value: use [Recorder.In] for metrics of several
// tenants, say.
func (r Recorder) Dimension(name, value string) {
	s := r.lock()
	if s == nil {
		r.late("dimension", name, 1)
		return
	}
	s.docs[r.doc].addDimension(s, name, value, true)
	s.mu.Unlock()
}

// DimensionSet publishes the document's metrics under one more dimension set,
// which holds exactly the given dimensions, alternating names and values. No
// pairs at all are the set without dimensions. Every set bills as metrics of its
// own.
func (r Recorder) DimensionSet(pairs ...string) {
	s := r.lock()
	if s == nil {
		r.late("dimension set", "", 1)
		return
	}
	s.docs[r.doc].addSet(s, pairs)
	s.mu.Unlock()
}

// In returns a recorder for another document of the same invocation: in
// namespace, or in that of the [Metrics] if it is empty, and under exactly the
// given dimensions, alternating names and values, without the default ones. The
// same arguments return the same recorder. It shares properties, Flush and End
// with r.
func (r Recorder) In(namespace string, pairs ...string) Recorder {
	s := r.lock()
	if s == nil {
		r.late("namespace", namespace, 1)
		return r
	}
	r.doc = s.in(namespace, pairs)
	s.mu.Unlock()
	return r
}

// Property adds a property to all documents of the invocation: a member of the
// log line that can be searched but is no metric and costs no metric. Setting a
// key again replaces its value.
func (r Recorder) Property(key, value string) {
	s := r.lock()
	if s == nil {
		r.late("property", key, 1)
		return
	}
	s.addProperty(key, value, nil)
	s.mu.Unlock()
}

// PropertyJSON is [Recorder.Property] for a value of any type that encoding/json
// can marshal, encoded before PropertyJSON returns.
func (r Recorder) PropertyJSON(key string, value any) {
	raw, why := marshal(value)
	s := r.lock()
	if s == nil {
		r.late("property", key, 1)
		return
	}
	if why != "" {
		s.reject("property", key, why, 1)
	} else {
		s.addProperty(key, "", raw)
	}
	s.mu.Unlock()
}

// Timestamp replaces the documents' timestamp, which is the invocation's start
// otherwise. CloudWatch takes 14 days of the past and 2 hours of the future;
// anything else is rejected and the timestamp stays.
func (r Recorder) Timestamp(t time.Time) {
	s := r.lock()
	if s == nil {
		r.late("timestamp", "", 1)
		return
	}
	ms := t.UnixMilli()
	if why := limits.Timestamp(ms, time.Now().UnixMilli()); why != "" {
		s.reject("timestamp", t.UTC().Format(time.RFC3339), why, 1)
	} else {
		s.ts = ms
	}
	s.mu.Unlock()
}

// Flush emits everything recorded so far and returns, joined, a
// [*RejectedError] for each thing that was rejected since the last one and the
// write errors. All that is valid is emitted whatever else is rejected. What
// could not be written is kept for one more try by the next Flush or End.
// Dimensions and properties stay for what is recorded next.
func (r Recorder) Flush() error {
	if r.s == nil {
		return ErrNoRecorder
	}
	s := r.lock()
	if s == nil {
		return ErrEnded
	}
	defer s.mu.Unlock()
	s.flush()
	return s.takeErrors()
}

// End flushes and ends the recorder. What can't be written is tried once more at
// once and then lost, as the error says.
func (r Recorder) End() error {
	if r.s == nil {
		return ErrNoRecorder
	}
	s := r.lock()
	if s == nil {
		return ErrEnded
	}
	s.flush()
	if len(s.pending) > 0 {
		s.retry()
	}
	if s.m.torn.Load() {
		s.m.put(nil)
	}
	err := s.takeErrors()
	s.gen++
	s.reset()
	s.mu.Unlock()
	s.m.pool.Put(s)
	return err
}
