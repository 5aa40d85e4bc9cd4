package protobufx

import (
	"bytes"
	"context"
	"net/http"
	"sync"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// A Call is what core logic can know of the HTTP request beyond its message, and
// say of the answer. It can be used until the function returns; after that the
// request is gone and nothing can be said any more. Safe for concurrent use. A nil
// Call, as in a unit test, knows nothing and ignores what it is told.
type Call struct {
	mu      sync.Mutex
	request *gateway.Request // nil once the call is over
	status  int
	header  http.Header
}

// CallFrom returns the call that is being answered in ctx, nil if there is none.
func CallFrom(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

type callKey struct{}

// callCtx carries a Call.
type callCtx struct {
	context.Context
	Call
}

func (c *callCtx) Value(key any) any {
	if key == (callKey{}) {
		return &c.Call
	}
	return c.Context.Value(key)
}

func (c *Call) finish() {
	c.mu.Lock()
	c.request = nil
	c.mu.Unlock()
}

// ask calls f with the request, if there still is one.
func (c *Call) ask(f func(*gateway.Request)) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.request != nil {
		f(c.request)
	}
}

// Method returns the request's method, as POST.
func (c *Call) Method() (method string) {
	c.ask(func(r *gateway.Request) { method = r.Method })
	return method
}

// Path returns the request's path as the front has it: percent-encoded but for
// an HTTP API, whose stage is taken off.
func (c *Call) Path() (path string) {
	c.ask(func(r *gateway.Request) {
		p, _ := r.Path()
		path = string(p)
	})
	return path
}

// PathParameter returns the decoded path parameter of that name, empty if there
// is none. Load balancers and function URLs have none.
func (c *Call) PathParameter(name string) (value string) {
	c.ask(func(r *gateway.Request) {
		v, _ := r.PathParameter(name)
		value = string(v)
	})
	return value
}

// Query returns the first decoded value of the query parameter of that name,
// empty if there is none or it is not validly encoded.
func (c *Call) Query(name string) (value string) {
	c.ask(func(r *gateway.Request) {
		if v, err := r.QueryValue(name); err == nil {
			value = string(v)
		}
	})
	return value
}

// Header returns the first header of that name, empty if there is none.
func (c *Call) Header(name string) (value string) {
	c.ask(func(r *gateway.Request) { value = string(r.Header(name)) })
	return value
}

// RequestContext returns a copy of the event's requestContext in JSON, nil if it
// has none: authorizer claims, the API's stage, or the ALB's target group.
func (c *Call) RequestContext() (raw []byte) {
	c.ask(func(r *gateway.Request) { raw = bytes.Clone(r.RawContext()) })
	return raw
}

// SetStatus sets the status of a successful answer, 200 without it. One that is
// not from 200 to 399 makes the answer a 500.
func (c *Call) SetStatus(status int) {
	c.ask(func(*gateway.Request) { c.status = status })
}

// AddHeader adds a header to a successful answer.
func (c *Call) AddHeader(name, value string) {
	c.ask(func(*gateway.Request) {
		if c.header == nil {
			c.header = http.Header{}
		}
		c.header.Add(name, value)
	})
}

// said returns what core logic said of the answer.
func (c *Call) said() (status int, header http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status, c.header
}
