package websocket

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/internal/deadline"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// gatewayTimeout is how long API Gateway waits for an integration of a WebSocket
// API, which is not adjustable:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const gatewayTimeout = 29 * time.Second

// DefaultRoute is the key of the route for messages that have no other.
const DefaultRoute = "$default"

const (
	connectRoute    = "$connect"
	disconnectRoute = "$disconnect"
)

// A Route is a function and the route key that it is for: one of [Connect],
// [Disconnect], [Message] and [Raw].
type Route struct {
	key   string
	serve func(context.Context, *call) (reply, error)
	err   error
}

// A Router hands each event to the function of its route. It is an
// [handler.Invoker] and safe for concurrent use.
type Router struct {
	routes map[string]Route
	err    error
}

// New returns the Router for these routes. A message whose route key has no
// function goes to that of [DefaultRoute]. Without one, or for a $connect or
// $disconnect that has none, the invocation fails with an [*EventError].
//
// A mistake in the routes is returned by [Router.ConfigError] and by every Invoke.
func New(routes ...Route) *Router {
	r := &Router{routes: make(map[string]Route, len(routes))}
	var errs []error
	if len(routes) == 0 {
		errs = append(errs, errors.New("websocket: New needs at least one Route"))
	}
	for _, route := range routes {
		if _, twice := r.routes[route.key]; twice {
			errs = append(errs, fmt.Errorf("websocket: route %q has two functions", route.key))
		}
		if route.serve == nil && route.err == nil {
			route.err = errors.New("websocket: a Route is zero")
		}
		errs = append(errs, route.err)
		r.routes[route.key] = route
	}
	r.err = errors.Join(errs...)
	return r
}

// ConfigError returns what is wrong with the routes or their options, or nil.
func (r *Router) ConfigError() error { return r.err }

// A call is one invocation: the context of logic in one allocation.
type call struct {
	context.Context
	Request
	event
	deadline deadline.Context
	ran      bool  // logic was called
	result   reply // of a contained function
}

// Value implements context.Context.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Invoke implements [handler.Invoker].
func (r *Router) Invoke(ctx context.Context, payload []byte) (response []byte, err error) {
	if r.err != nil {
		return nil, r.err
	}
	c := &call{Context: ctx}
	// ctx may be kept by logic, but the payload belongs to the runtime.
	defer func() { c.event = event{} }()
	if err := c.parse(payload, &c.Request); err != nil {
		return nil, err
	}
	route, err := r.route(&c.Request, c.context.lo)
	if err != nil {
		return nil, err
	}
	rep, err := func() (reply, error) {
		defer c.deadline.Finish()
		return route.serve(c.deadline.Start(c, deadline.DefaultReserve, gatewayTimeout), c)
	}()
	if err != nil {
		if rep, err = c.refusal(err); err != nil {
			return nil, err
		}
	}
	return rep.append(nil)
}

// route finds the function for an event. The type of the event is looked at
// because the route key of a message is what its client wrote: it must not be
// taken for a connection's beginning or end.
func (r *Router) route(req *Request, at int) (Route, error) {
	want := "MESSAGE"
	switch req.RouteKey {
	case connectRoute:
		want = "CONNECT"
	case disconnectRoute:
		want = "DISCONNECT"
	}
	if req.EventType != want {
		return Route{}, &EventError{Member: "requestContext.eventType", Offset: at, Msg: "the event is not of the type " + want + ", as its route " + clip(req.RouteKey) + " needs"}
	}
	route, ok := r.routes[req.RouteKey]
	if !ok && want == "MESSAGE" {
		route, ok = r.routes[DefaultRoute]
	}
	if !ok {
		return Route{}, &EventError{Member: "requestContext.routeKey", Offset: at, Msg: "no function for route " + clip(req.RouteKey)}
	}
	return route, nil
}

// clip quotes the start of a route key.
func clip(key string) string {
	const most = 64
	if len(key) > most {
		return strconv.Quote(key[:most]) + "…"
	}
	return strconv.Quote(key)
}

// A reply is the response to API Gateway.
type reply struct {
	status int
	header http.Header
	body   []byte // nil if there is none
}

// refusal is the reply to an error that is the client's fault. Any other is
// returned.
func (c *call) refusal(err error) (reply, error) {
	status, message := 0, ""
	if e, ok := err.(*handler.DecodeError); ok && !c.ran {
		status, message = http.StatusBadRequest, e.Error()
		if e.Offset < 0 && e.Member == "" {
			message = "invalid JSON: a value is not accepted" // by a method whose text is not for clients
		}
	} else if e, ok := errors.AsType[interface {
		error
		HTTPStatus() int
	}](err); ok {
		status, message = e.HTTPStatus(), e.Error()
	}
	if status < 400 || status > 499 {
		return reply{}, err
	}
	b := jsonscan.AppendQuote([]byte(`{"message":`), message)
	b = jsonscan.AppendQuote(append(b, `,"connectionId":`...), c.ConnectionID)
	b = jsonscan.AppendQuote(append(b, `,"requestId":`...), c.RequestID)
	return reply{status: status, body: append(b, '}')}, nil
}

// append appends the response in the form of a proxy integration, and nothing
// that API Gateway does not know.
func (r reply) append(dst []byte) ([]byte, error) {
	if len(r.body) > MaxMessage {
		return nil, fmt.Errorf("%w: it has %d", ErrTooLarge, len(r.body))
	}
	dst = slices.Grow(dst, len(`{"statusCode":200,"body":""}`)+len(r.body)+len(r.body)/8)
	dst = strconv.AppendInt(append(dst, `{"statusCode":`...), int64(r.status), 10)
	if len(r.header) > 0 {
		dst = append(dst, `,"headers":`...)
		sep := byte('{')
		for _, name := range sortedNames(r.header) {
			dst = jsonscan.AppendQuote(append(dst, sep), name)
			dst = jsonscan.AppendQuote(append(dst, ':'), joined(r.header[name]))
			sep = ','
		}
		dst = append(dst, '}')
	}
	switch {
	case r.body == nil:
	case utf8.Valid(r.body):
		dst = jsonscan.AppendQuoteBytes(append(dst, `,"body":`...), r.body)
	default:
		dst = append(dst, `,"isBase64Encoded":true,"body":"`...)
		dst = append(base64.StdEncoding.AppendEncode(dst, r.body), '"')
	}
	return append(dst, '}'), nil
}
