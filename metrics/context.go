package metrics

import (
	"context"
	"io"
	"log"
	"sync"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
)

type contextKey struct{}

// carrier is a context and its recorder in one allocation.
type carrier struct {
	context.Context
	r Recorder
}

func (c *carrier) Value(key any) any {
	if key == (contextKey{}) {
		return &c.r
	}
	return c.Context.Value(key)
}

// NewContext returns a context that carries r for [From] and [Metric.Add].
// [Metrics.Middleware] does it for its handler.
func NewContext(ctx context.Context, r Recorder) context.Context {
	return &carrier{Context: ctx, r: r}
}

func recorderFrom(ctx context.Context) (Recorder, bool) {
	if r, ok := ctx.Value(contextKey{}).(*Recorder); ok {
		return *r, true
	}
	return Recorder{}, false
}

// From returns the recorder that ctx carries. Without one it returns a recorder
// that can be used as any other and emits nothing: its Flush and End name what
// was lost, each error being [ErrNoRecorder].
func From(ctx context.Context) Recorder {
	if r, ok := recorderFrom(ctx); ok {
		return r
	}
	return noMetrics().Begin(ctx)
}

// none is built at its first use: the package does nothing during INIT.
var none struct {
	once sync.Once
	m    *Metrics
}

func noMetrics() *Metrics {
	none.once.Do(func() {
		m := &Metrics{out: io.Discard, maxLine: limits.LineDefault, onError: func(err error) { log.Print(err) }, lost: true}
		m.base = newHeader("none", [][]string{nil}, nil)
		m.bare = m.base
		none.m = m
	})
	return none.m
}
