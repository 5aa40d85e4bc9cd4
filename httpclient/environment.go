package httpclient

import (
	"context"
	"sync"
	"time"
	"weak"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// environment is the execution environment that this process is: what is frozen
// and thawed is the process, with every client in it.
var environment = newEnvironment(readClocks)

// clocks is one reading of both clocks. A frozen environment's monotonic clock
// may stand still, and a restored one's wall clock may lag.
type clocks struct {
	wall time.Time // without a monotonic reading
	mono time.Duration
}

var processStart = time.Now()

func readClocks() clocks {
	now := time.Now()
	return clocks{wall: now.Round(0), mono: now.Sub(processStart)}
}

// since returns the larger of what the two clocks say has passed since old, and
// false if the wall clock went back: then nothing is known.
func (c clocks) since(old clocks) (time.Duration, bool) {
	wall, mono := c.wall.Sub(old.wall), c.mono-old.mono
	return max(wall, mono), wall >= 0 && mono >= 0
}

// maxTimeout is the longest that a function may run
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html).
const maxTimeout = 15 * time.Minute

// A pool is something with idle connections and perhaps counters.
type pool interface {
	// dropIdle closes connections that have been idle for at least age.
	dropIdle(age time.Duration)
	// flush reports what was counted to the pool's observer.
	flush(ctx context.Context)
}

// An env knows when the environment last ran, what runs now, and every client.
type env struct {
	now func() clocks

	mu     sync.Mutex
	last   clocks // when the last invocation ended, or connections were opened ahead of one
	active int
	// deadline is the one invocation's that runs, zero where none or several do.
	deadline time.Time
	// platform is the last invocation's deadline by Lambda's own clock, ran how
	// long it has run.
	platform time.Time
	ran      time.Duration
	pools    []func() pool // each returns nil once its client is garbage
}

func newEnvironment(now func() clocks) *env {
	return &env{now: now, last: now()}
}

// register lets OnInvoke reach a client for as long as it lives.
func (e *env) register(p func() pool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	alive := e.pools[:0]
	for _, old := range e.pools {
		if old() != nil {
			alive = append(alive, old)
		}
	}
	clear(e.pools[len(alive):])
	e.pools = append(alive, p)
}

// weakly returns a pool that does not keep its client alive.
func weakly[T any](v *T, wrap func(*T) pool) func() pool {
	p := weak.Make(v)
	return func() pool {
		if v := p.Value(); v != nil {
			return wrap(v)
		}
		return nil
	}
}

// opened marks that connections were opened outside an invocation, which are
// younger than what the last invocation left.
func (e *env) opened() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.active == 0 {
		e.last = e.now()
		e.platform = time.Time{}
	}
}

// begin marks the start of an invocation and returns the marker of its end.
func (e *env) begin(ctx context.Context) func() {
	start := e.now()
	platform, _ := invocation.Deadline(ctx)
	deadline, ok := ctx.Deadline() // the logic's, where the handler kept a reserve
	if !ok {
		deadline = platform
	}

	e.mu.Lock()
	var pools []pool
	var age time.Duration
	if e.active == 0 {
		age = e.idleFor(start, platform)
		pools = e.living()
	}
	e.active++
	e.deadline = time.Time{}
	if e.active == 1 && maxConcurrency() == 1 {
		e.deadline = deadline
	}
	e.mu.Unlock()

	for _, p := range pools {
		p.dropIdle(age)
	}
	var once sync.Once
	return func() { once.Do(func() { e.end(ctx, start, platform) }) }
}

// end marks the end of an invocation.
func (e *env) end(ctx context.Context, start clocks, platform time.Time) {
	e.mu.Lock()
	e.active--
	e.deadline = time.Time{}
	e.last = e.now()
	e.platform = platform
	e.ran, _ = e.last.since(start)
	pools := e.living()
	e.mu.Unlock()

	for _, p := range pools {
		p.flush(ctx)
	}
}

// idleFor returns how long the environment has been idle, the longest where the
// clocks disagree or one is known to be wrong.
func (e *env) idleFor(start clocks, platform time.Time) time.Duration {
	age, ok := start.since(e.last)
	if !ok {
		return maxDuration
	}
	if platform.IsZero() {
		return age
	}
	if platform.Sub(start.wall) > maxTimeout {
		return maxDuration // more time than a function can have: our clock lags
	}
	if !e.platform.IsZero() {
		// The deadline is the start by Lambda's clock plus the function's
		// timeout, which an environment never sees change.
		age = max(age, platform.Sub(e.platform)-e.ran)
	}
	return age
}

func (e *env) living() []pool {
	pools := make([]pool, 0, len(e.pools))
	for _, p := range e.pools {
		if v := p(); v != nil {
			pools = append(pools, v)
		}
	}
	return pools
}

// budget returns ctx with the running invocation's deadline, if that is known.
func (e *env) budget(ctx context.Context) (context.Context, context.CancelFunc) {
	e.mu.Lock()
	deadline := e.deadline
	e.mu.Unlock()
	if deadline.IsZero() {
		v := invocation.From(ctx)
		if v == nil || v.Deadline.IsZero() {
			return ctx, nil
		}
		deadline = v.Deadline
	}
	return context.WithDeadlineCause(ctx, deadline, errBudget{})
}

// errBudget is why a request without a deadline of its own was ended.
type errBudget struct{}

func (errBudget) Error() string { return "httpclient: the invocation's deadline is exceeded" }
func (errBudget) Timeout() bool { return true }
func (errBudget) Unwrap() error { return context.DeadlineExceeded }
