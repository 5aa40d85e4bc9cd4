package handler

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

const (
	// defaultReserve stands for the rule of [reserveOf].
	defaultReserve = time.Duration(-1)

	minReserve = 200 * time.Millisecond
	maxReserve = 2 * time.Second

	// defaultGatewayTimeout is how long API Gateway waits for an integration:
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
	defaultGatewayTimeout = 29 * time.Second
)

// DeadlineReserve, an option of every adapter, sets by how much the context of
// core logic ends earlier than the platform's deadline, so that an answer can
// still be sent. Without the option it is 5 % of what remains when the adapter
// is called, at least 200 ms, at most 2 s and at most a quarter of it. A given
// reserve is used as it is, but never more than half of what remains. Zero
// hands logic the platform's own deadline. Negative is a configuration error.
func DeadlineReserve(d time.Duration) Option {
	return Option{"DeadlineReserve", onAdapters, func(o *options) error {
		if d < 0 {
			return fmt.Errorf("%v is out of range: it must be zero or more", d)
		}
		o.reserve = d
		return nil
	}}
}

// GatewayTimeout, an option of HTTP and HTTPHandler, says how long the API
// Gateway in front waits for an answer, 29 s without the option: quotas can be
// raised, and integrations can be given less. Core logic behind a REST or HTTP
// API front gets a context that ends a reserve (see [DeadlineReserve]) before
// that, counted from the start of the invocation, however long the function may
// run. Function URLs and load balancers have no such limit. Zero sets no limit.
// Negative is a configuration error.
func GatewayTimeout(d time.Duration) Option {
	return Option{"GatewayTimeout", onHTTP | onHTTPHandler, func(o *options) error {
		if d < 0 {
			return fmt.Errorf("%v is out of range: it must be zero or more", d)
		}
		o.gatewayTimeout = d
		return nil
	}}
}

// reserveOf is how much of what remains is kept back from core logic.
func reserveOf(remaining, fixed time.Duration) time.Duration {
	if remaining <= 0 {
		return 0
	}
	if fixed != defaultReserve {
		return min(fixed, remaining/2)
	}
	return min(max(minReserve, remaining/20), maxReserve, remaining/4)
}

// withDeadline returns the context for core logic: it ends a reserve before the
// platform's deadline or, where timeout is not zero, a reserve before that much
// time has passed since the invocation began, whichever is earlier. The caller
// calls finish on the second result, which may be nil, when logic has returned.
//
// Where ctx has no deadline, or one that a middleware set earlier still, logic
// gets ctx itself.
func withDeadline(ctx context.Context, reserve, timeout time.Duration) (context.Context, *deadlineCtx) {
	end, ok := deadlineOf(ctx, reserve, timeout)
	if !ok {
		return ctx, nil
	}
	c := &deadlineCtx{Context: ctx, deadline: end}
	return c, c
}

// start is withDeadline where the deadlineCtx is a part of something larger. It
// is to be finished in either case.
func (c *deadlineCtx) start(ctx context.Context, reserve, timeout time.Duration) context.Context {
	end, ok := deadlineOf(ctx, reserve, timeout)
	if !ok {
		return ctx
	}
	c.Context, c.deadline = ctx, end
	return c
}

// deadlineOf is the deadline of core logic, if it needs one of its own.
func deadlineOf(ctx context.Context, reserve, timeout time.Duration) (time.Time, bool) {
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

// A deadlineCtx is a context with a deadline that costs one small allocation
// until somebody waits for it: the timer is armed by the first call of Done.
// From then on it is a context.WithDeadline in all but name, so that children
// hang on it without goroutines, and causes and parents' cancellations pass as
// they always do.
//
// Err is right at any time: without a timer it reads the wall clock. An armed
// timer runs on the monotonic clock, but no freeze can come between: finish
// ends the context before the invocation does.
type deadlineCtx struct {
	context.Context // the parent
	deadline        time.Time

	armed    atomic.Pointer[armedCtx]
	mu       sync.Mutex // guards what follows, and the storing of armed
	finished bool
}

// armedCtx is the context.WithDeadline that a deadlineCtx becomes.
type armedCtx struct {
	context.Context
	cancel context.CancelFunc
}

func (c *deadlineCtx) Deadline() (time.Time, bool) { return c.deadline, true }

func (c *deadlineCtx) Done() <-chan struct{} { return c.arm().Done() }

func (c *deadlineCtx) Err() error {
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
func (c *deadlineCtx) Value(key any) any {
	if a := c.armed.Load(); a != nil {
		return a.Value(key)
	}
	return c.Context.Value(key)
}

func (c *deadlineCtx) String() string { return "handler.deadline(" + c.deadline.String() + ")" }

func (c *deadlineCtx) arm() *armedCtx {
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

func (c *deadlineCtx) isFinished() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.finished
}

// finish ends the context, as canceled unless it is over already, and frees
// its timer. It does nothing for nil.
func (c *deadlineCtx) finish() {
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
