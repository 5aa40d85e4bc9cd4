package metrics

import (
	"context"
	"io"
	"os"

	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// Logger returns prozz's own logger, whose documents pass a [Guard] on their way
// to the output of the recorder in ctx: code written for prozz gains splitting,
// and its errors come back from the recorder's Flush or the middleware. Without a
// recorder the output is os.Stdout and errors are printed by the log package.
//
// Namespace and dimensions are prozz's defaults, not those of the [Metrics].
func Logger(ctx context.Context) *emf.Logger {
	r, ok := recorderFrom(ctx)
	if !ok || r.s == nil {
		var out io.Writer = os.Stdout
		if disabled() {
			out = io.Discard
		}
		return emf.New(emf.WithWriter(Guard(out)))
	}
	m := r.s.m
	g := newGuard(m.out, m.maxLine, m.level, r.report)
	g.Passed = r.logged
	return emf.New(emf.WithWriter(g))
}

// report adds an error to those that the next flush returns.
func (r Recorder) report(err error) {
	if s := r.lock(); s != nil {
		s.errs = append(s.errs, err)
		s.mu.Unlock()
		return
	}
	r.s.m.onError(err)
}

// logged notes that metrics went past the recorder.
func (r Recorder) logged() {
	if s := r.lock(); s != nil {
		s.recorded++
		s.mu.Unlock()
	}
}
