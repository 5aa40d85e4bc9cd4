package metrics

import (
	"errors"
	"fmt"
	"strconv"
)

var (
	// ErrNoRecorder says that values were recorded without a recorder: the
	// context given to [From] carries none, because neither [Metrics.Middleware]
	// nor [NewContext] put one there, or the [Recorder] is its zero value.
	ErrNoRecorder = errors.New("metrics: no recorder")

	// ErrEnded says that a [Recorder] was used after its [Recorder.End], for
	// instance by a goroutine that outlived its invocation.
	ErrEnded = errors.New("metrics: recorder has ended")

	// ErrEmpty says that an invocation recorded nothing; see [WithRaiseOnEmpty].
	ErrEmpty = errors.New("metrics: nothing was recorded")
)

// RejectedError names one thing that was kept out of the documents and says
// why. Equal rejections are counted rather than repeated. It never holds a
// property's value.
type RejectedError struct {
	// Kind is what was rejected: "metric", "dimension", "dimension set",
	// "property", "namespace", "timestamp", "document" or "option".
	Kind string
	// Name is the metric's, dimension's or property's name as it was given, or
	// the option's.
	Name string
	// Count is how many values of a metric were rejected for this reason, and
	// how often it happened for anything else. It is at least 1.
	Count int
	// Reason says what is wrong, with the allowed range.
	Reason string
	// Err is [ErrNoRecorder] or [ErrEnded] where that is the cause, else nil.
	Err error
}

// Error returns kind, name, reason and count. Names are cut after 80 bytes.
func (e *RejectedError) Error() string {
	name := e.Name
	if len(name) > 80 {
		name = name[:80] + "…"
	}
	s := "metrics: " + e.Kind
	if name != "" || e.Kind == "metric" || e.Kind == "dimension" || e.Kind == "property" {
		s += " " + strconv.Quote(name)
	}
	s += ": " + e.Reason
	if e.Count > 1 {
		s += fmt.Sprintf(" (%d times)", e.Count)
	}
	return s
}

// Unwrap returns Err.
func (e *RejectedError) Unwrap() error { return e.Err }

// rejections collects rejected input and merges equal entries.
type rejections struct {
	list  []*RejectedError
	index map[rejectionKey]*RejectedError // only past a few entries
}

type rejectionKey struct{ kind, name, reason string }

func (r *rejections) add(kind, name, reason string, count int, err error) {
	if r.index == nil {
		for _, e := range r.list {
			if e.Kind == kind && e.Name == name && e.Reason == reason {
				e.Count += count
				return
			}
		}
	} else if e := r.index[rejectionKey{kind, name, reason}]; e != nil {
		e.Count += count
		return
	}
	e := &RejectedError{Kind: kind, Name: name, Count: count, Reason: reason, Err: err}
	r.list = append(r.list, e)
	if r.index == nil && len(r.list) > 16 {
		r.index = make(map[rejectionKey]*RejectedError, 64)
		for _, e := range r.list {
			r.index[rejectionKey{e.Kind, e.Name, e.Reason}] = e
		}
	} else if r.index != nil {
		r.index[rejectionKey{kind, name, reason}] = e
	}
}

// take returns what was collected and forgets it.
func (r *rejections) take(more []error) error {
	if len(r.list) == 0 && len(more) == 0 {
		return nil
	}
	errs := make([]error, 0, len(r.list)+len(more))
	for _, e := range r.list {
		errs = append(errs, e)
	}
	*r = rejections{}
	return errors.Join(append(errs, more...)...)
}
