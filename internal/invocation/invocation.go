// Package invocation is the one value that an invocation carries in its
// context: who is running, since when, and until when. The handler package
// puts it there before any middleware runs; metrics, secrets, httpclient and
// protobufx read it. It imports only the standard library.
//
// Under bare aws-lambda-go nobody puts it there. [From] then returns nil, and
// each reader falls back to ctx.Deadline and a clock read of its own, which
// [Deadline] and [Start] do for it.
package invocation

import (
	"context"
	"time"
)

// Value describes one invocation. It is immutable once it is in a context and
// therefore safe for concurrent use.
type Value struct {
	// RequestID is the AWS request ID of the invocation.
	RequestID string
	// FunctionARN is the ARN that was invoked, with its version or alias.
	FunctionARN string
	// TraceID is the X-Ray tracing header of the invocation, empty without one.
	TraceID string
	// TenantID is the tenant of a function in tenant isolation mode, else empty.
	TenantID string

	// Deadline is the moment at which the platform ends the invocation, not
	// the earlier one that core logic is given. Zero if there is none.
	Deadline time.Time
	// Start is when the invocation was received, by the wall clock: its
	// monotonic reading is stripped, because a frozen environment's monotonic
	// clock may stand still.
	Start time.Time

	// ColdStart is true for the first invocation of an execution environment.
	ColdStart bool
}

type (
	key         struct{}
	platformKey struct{}
)

// carrier is a context and its invocation in one allocation.
type carrier struct {
	context.Context
	v Value
}

func (c *carrier) Value(k any) any {
	switch k {
	case key{}:
		return &c.v
	case platformKey{}:
		return c.Context
	}
	return c.Context.Value(k)
}

// NewContext returns a context that carries v. It allocates once.
func NewContext(ctx context.Context, v Value) context.Context {
	return &carrier{Context: ctx, v: v}
}

// From returns the invocation that ctx carries, or nil if it carries none, as
// under bare aws-lambda-go or in a unit test. The value must not be changed.
func From(ctx context.Context) *Value {
	v, _ := ctx.Value(key{}).(*Value)
	return v
}

// Platform returns the context that the platform's loop gave the invocation in
// ctx, nil if ctx carries none. The loop cancels it once the response is sent,
// whatever middleware does to the contexts between.
func Platform(ctx context.Context) context.Context {
	p, _ := ctx.Value(platformKey{}).(context.Context)
	return p
}

// Deadline returns the platform's deadline of the invocation in ctx, else the
// deadline of ctx itself. ok is false where there is neither.
func Deadline(ctx context.Context) (deadline time.Time, ok bool) {
	if v := From(ctx); v != nil && !v.Deadline.IsZero() {
		return v.Deadline, true
	}
	return ctx.Deadline()
}

// Start returns when the invocation in ctx began, else the current wall-clock
// time. Neither carries a monotonic reading.
func Start(ctx context.Context) time.Time {
	if v := From(ctx); v != nil && !v.Start.IsZero() {
		return v.Start
	}
	return time.Now().Round(0)
}
