package httpclient

import (
	"context"
	"net/http"
	"time"
)

// OnInvoke marks the start of an invocation; the function it returns, its end:
//
//	defer httpclient.OnInvoke(ctx)()
//
// At the start it judges for how long the environment has been idle and closes
// connections, of clients from [New] and [NewTransport], that are stale by that.
// It is a second opinion: net/http trusts the wall clock alone, which lags in an
// environment restored from a snapshot, so the longest of wall clock, monotonic
// clock and Lambda's own (from the invocation's deadline) counts, and a clock
// that went back means stale.
//
// While the invocation runs, and where AWS_LAMBDA_MAX_CONCURRENCY allows no
// other beside it, its deadline bounds requests without one: ctx's deadline,
// since a handler that keeps a reserve has taken it off there.
//
// At the end it hands the counters to [Options.Observe], not at the next start,
// when they would reach the next invocation's recorder. Calling the returned
// function again does nothing. OnInvoke is safe for concurrent use.
func OnInvoke(ctx context.Context) (done func()) {
	return environment.begin(ctx)
}

// Middleware returns next with [OnInvoke] around it.
func Middleware(next func(context.Context, []byte) ([]byte, error)) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, event []byte) ([]byte, error) {
		defer OnInvoke(ctx)()
		return next(ctx, event)
	}
}

// dropIdle closes the idle connections of each Transport whose limit is reached.
func (t *transport) dropIdle(age time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for limit, tr := range t.byLimit {
		if age >= limit {
			tr.CloseIdleConnections()
		}
	}
}

func (t *transport) flush(ctx context.Context) {
	if t.opts.Observe == nil {
		return
	}
	if delta := t.reported.next(&t.counters); delta != (Stats{}) {
		t.opts.Observe(ctx, delta)
	}
}

// barePool is a Transport of NewTransport.
type barePool struct{ t *http.Transport }

func (p barePool) dropIdle(age time.Duration) {
	if limit := p.t.IdleConnTimeout; limit > 0 && age >= limit {
		p.t.CloseIdleConnections()
	}
}

func (barePool) flush(context.Context) {}
