package websocket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"

	"github.com/lambdatune/lambdatune/handler"
)

// Message returns the Route for messages of one route key, whose body is In in
// JSON. It is decoded as [handler.JSON] does, with the same refusals; its options
// are those of [handler.JSON].
//
// Out in JSON is the reply, see the package's documentation. There is none where
// Out is struct{}, or its JSON is null, as that of a nil pointer.
func Message[In, Out any](routeKey string, f handler.Func[In, Out], opts ...handler.Option) Route {
	route := newRoute(routeKey, f == nil)
	inner := func(ctx context.Context, in In) (Out, error) {
		callFrom(ctx).ran = true
		return f(ctx, in)
	}
	// The router keeps a reserve already.
	inv := handler.JSON(inner, append([]handler.Option{handler.DeadlineReserve(0)}, opts...)...)
	route.check(inv)
	silent := reflect.TypeFor[Out]() == reflect.TypeFor[struct{}]()
	route.serve = func(ctx context.Context, c *call) (reply, error) {
		buf := bodies.Get().(*[]byte)
		defer func() {
			if cap(*buf) <= MaxMessage {
				bodies.Put(buf)
			}
		}()
		body, err := c.appendBody((*buf)[:0])
		if err != nil {
			return reply{}, err
		}
		*buf = body
		out, err := inv.Invoke(ctx, body)
		if err != nil {
			return reply{}, err
		}
		if silent || string(out) == "null" {
			out = nil
		}
		return reply{status: http.StatusOK, body: out}, nil
	}
	return route
}

// bodies hold message bodies while they are decoded.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// Raw returns the Route for messages that are not JSON, or of no one shape: f
// gets the body as the client sent it, which it may keep, and returns the reply,
// nil for none. A reply that is not UTF-8 goes as binary, which the route's
// integration must be set up for.
func Raw(routeKey string, f handler.Func[[]byte, []byte]) Route {
	route := newRoute(routeKey, f == nil)
	route.serve = contained(func(ctx context.Context, c *call) (reply, error) {
		body, err := c.appendBody(nil)
		if err != nil {
			return reply{}, err
		}
		out, err := f(ctx, body)
		return reply{status: http.StatusOK, body: out}, err
	})
	return route
}

// A Closing says how a connection ended.
type Closing struct {
	// Code is the WebSocket close code, as 1000 for a normal end or 1001 for a
	// client that went away: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.
	// Zero if API Gateway does not know.
	Code   int
	Reason string
}

// Disconnect returns the Route for $disconnect. API Gateway makes its best effort
// to deliver it, once, after the connection is gone; nobody sees an answer. An
// error is that of the invocation.
func Disconnect(f func(context.Context, Closing) error) Route {
	route := Route{key: disconnectRoute}
	if f == nil {
		route.err = errors.New("websocket: Disconnect needs a function, not nil")
	}
	route.serve = contained(func(ctx context.Context, c *call) (reply, error) {
		return reply{status: http.StatusOK}, f(ctx, c.disconnect)
	})
	return route
}

// contained makes a panic what it is in package handler.
func contained(serve func(context.Context, *call) (reply, error)) func(context.Context, *call) (reply, error) {
	inv := handler.JSON(func(ctx context.Context, _ *struct{}) (_ struct{}, err error) {
		c := callFrom(ctx)
		c.ran = true
		c.result, err = serve(ctx, c)
		return struct{}{}, err
	}, handler.DeadlineReserve(0))
	return func(ctx context.Context, c *call) (reply, error) {
		_, err := inv.Invoke(ctx, []byte("null"))
		return c.result, err
	}
}

func newRoute(key string, missing bool) Route {
	route := Route{key: key}
	var errs []error
	switch key {
	case "":
		errs = append(errs, errors.New("websocket: a route key is empty"))
	case connectRoute, disconnectRoute:
		errs = append(errs, fmt.Errorf("websocket: route %s carries no message: use Connect or Disconnect", key))
	}
	if missing {
		errs = append(errs, fmt.Errorf("websocket: route %q needs a function, not nil", key))
	}
	route.err = errors.Join(errs...)
	return route
}

// check takes over a configuration error of inv, which it reports instead of
// that an empty text is not JSON.
func (r *Route) check(inv handler.Invoker) {
	_, err := inv.Invoke(context.Background(), nil)
	if _, decoded := errors.AsType[*handler.DecodeError](err); !decoded {
		r.err = errors.Join(r.err, err)
	}
}
