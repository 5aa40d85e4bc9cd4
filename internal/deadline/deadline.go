// Package deadline gives core logic a context that ends before the platform's
// deadline, so that an answer can still be sent. Every adapter's logic gets one:
// those of handler and of protobufx.
package deadline

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

const (
	// DefaultReserve, as a reserve, stands for 5 % of what remains, at least
	// 200 ms, at most 2 s and at most a quarter of it.
	DefaultReserve = time.Duration(-1)

	minReserve = 200 * time.Millisecond
	maxReserve = 2 * time.Second
)

// reserveOf is how much of what remains is kept back from core logic.
func reserveOf(remaining, fixed time.Duration) time.Duration {
	if remaining <= 0 {
		return 0
	}
	if fixed != DefaultReserve {
		return min(fixed, remaining/2)
	}
	return min(max(minReserve, remaining/20), maxReserve, remaining/4)
}

// With returns the context for core logic: it ends a reserve before the
// platform's deadline or, where timeout is not zero, a reserve before that much
// time has passed since the invocation began, whichever is earlier. The caller
// calls Finish on the second result, which may be nil, when logic has returned.
//
// Where ctx has no deadline, or one that a middleware set earlier still, logic
// gets ctx itself.
func With(ctx context.Context, reserve, timeout time.Duration) (context.Context, *Context) {
	end, ok := endOf(ctx, reserve, timeout)
	if !ok {
		return ctx, nil
	}
	c := &Context{Context: ctx, deadline: end}
	return c, c
}

// Start is With where the Context is a part of something larger. It
// is to be finished in either case.
func (c *Context) Start(ctx context.Context, reserve, timeout time.Duration) context.Context {
	end, ok := endOf(ctx, reserve, timeout)
	if !ok {
		return ctx
	}
	c.Context, c.deadline = ctx, end
	return c
}

// endOf is the deadline of core logic, if it needs one of its own.
func endOf(ctx context.Context, reserve, timeout time.Duration) (time.Time, bool) {
	own, limited := ctx.Deadline()
	end, start := own, time.Time{}
	if v := invocation.From(ctx); v != nil {
		start = v.Start
		if !v.Deadline.IsZero() {
			end = v.Deadline
		}
	}
	// Wall clock throughout: a monotonic clock may stand still in a freeze.
	now := time.Now().Round(0)
	if timeout > 0 {
		if start.IsZero() {
			start = now
		}
		if t := start.Add(timeout); end.IsZero() || t.Before(end) {
			end = t
		}
	}
	if end.IsZero() {
		return end, false
	}
	end = end.Round(0)
	end = end.Add(-reserveOf(end.Sub(now), reserve))
	return end, !limited || own.After(end)
}

// A Context is a context with a deadline that costs one small allocation
// until somebody waits for it: the timer is armed by the first call of Done.
// From then on it is a context.WithDeadline in all but name, so that children
// hang on it without goroutines, and causes and parents' cancellations pass as
// they always do.
//
// Err is right at any time: without a timer it reads the wall clock. An armed
// timer runs on the monotonic clock, but no freeze can come between: Finish
// ends the context before the invocation does.
type Context struct {
	context.Context // the parent
	deadline        time.Time

	armed    atomic.Pointer[armedCtx]
	mu       sync.Mutex // guards what follows, and the storing of armed
	finished bool
}

// armedCtx is the context.WithDeadline that a Context becomes.
type armedCtx struct {
	context.Context
	cancel context.CancelFunc
}

func (c *Context) Deadline() (time.Time, bool) { return c.deadline, true }

func (c *Context) Done() <-chan struct{} { return c.arm().Done() }

func (c *Context) Err() error {
	if a := c.armed.Load(); a != nil {
		return a.Err()
	}
	if c.Context.Err() == nil && time.Now().Before(c.deadline) && !c.isFinished() {
		return nil
	}
	return c.arm().Err() // over, and context says for which reason
}

// Value asks the armed context where there is one: package context finds it
// there, and hangs children on it directly.
func (c *Context) Value(key any) any {
	if a := c.armed.Load(); a != nil {
		return a.Value(key)
	}
	return c.Context.Value(key)
}

func (c *Context) String() string { return "lambdatune.deadline(" + c.deadline.String() + ")" }

func (c *Context) arm() *armedCtx {
	if a := c.armed.Load(); a != nil {
		return a
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.armed.Load(); a != nil {
		return a
	}
	a := new(armedCtx)
	a.Context, a.cancel = context.WithDeadline(c.Context, c.deadline)
	if c.finished {
		a.cancel()
	}
	c.armed.Store(a)
	return a
}

func (c *Context) isFinished() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.finished
}

// Finish ends the context, as canceled unless it is over already, and frees
// its timer. It does nothing for nil.
func (c *Context) Finish() {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.finished = true
	a := c.armed.Load()
	c.mu.Unlock()
	if a != nil {
		a.cancel()
	}
}
