package handler

import (
	"context"
	"errors"
)

// Use returns inv with middleware around it, the first outermost. Middleware
// runs once per invocation, above the adapter: it sees the event's bytes, the
// platform's own deadline, and the response or error of what is inside it.
// Panics of core logic reach it as errors; its own are contained by [Start].
func Use(inv Invoker, mw ...func(InvokeFunc) InvokeFunc) Invoker {
	u := &used{}
	if inv == nil {
		u.err = errors.New("handler: Use needs an Invoker, not nil")
		return u
	}
	u.err = configErrorOf(inv)
	u.invoke = inv.Invoke
	for i := len(mw) - 1; i >= 0; i-- {
		if mw[i] == nil {
			u.err = errors.Join(u.err, errors.New("handler: Use needs middleware, not nil"))
			continue
		}
		u.invoke = mw[i](u.invoke)
	}
	return u
}

type used struct {
	invoke InvokeFunc
	err    error
}

func (u *used) configError() error { return u.err }

func (u *used) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if u.err != nil {
		return nil, u.err
	}
	return u.invoke(ctx, payload)
}
