// Package front is an HTTP front of functions, as API Gateway, a function URL
// or a load balancer is one: it turns requests into events, invokes a function
// and turns its answer back. What the services do on the way, refusals
// included, is package edge's; this one serves it.
package front

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
)

// Fronts are the fronts by the names that users give them.
var Fronts = map[string]gateway.Front{
	"rest": gateway.REST, "http": gateway.HTTPv2, "http1": gateway.HTTPv1, "url": gateway.FunctionURL, "alb": gateway.ALB, "alb-multi": gateway.ALBMulti,
}

// Front is a front. Its fields must not change while it serves.
type Front struct {
	Kind gateway.Front
	// Stage and BinaryMediaTypes are those of an API.
	Stage            string
	BinaryMediaTypes []string
	// Streaming is a function URL's invoke mode RESPONSE_STREAM.
	Streaming bool
	// Timeout is how long the front waits. Zero means what the service does:
	// 29 s for a REST API, 30 s for an HTTP API, as long as it takes for the
	// others.
	Timeout time.Duration

	Routes Routes
	// Function finds the function of a route, or the only one for an empty
	// name.
	Function func(name string) (*runtimeapi.Function, bool)
	// Seen is told each request, and Problem what went wrong beside the
	// function's own errors. Both may be nil.
	Seen    func(method, path string, status int, took time.Duration)
	Problem func(text string)
}

const traceHeader = "X-Amzn-Trace-Id"

func (f *Front) timeout() time.Duration {
	switch {
	case f.Timeout > 0:
		return f.Timeout
	case f.Kind == gateway.REST:
		return gateway.Timeout
	case f.Kind.Capped():
		return gateway.Timeout + time.Second
	}
	return 0
}

func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	status := f.serve(w, r)
	if f.Seen != nil {
		f.Seen(r.Method, r.URL.RequestURI(), status, time.Since(begun))
	}
}

// serve answers a request and returns the status.
func (f *Front) serve(w http.ResponseWriter, r *http.Request) int {
	c := edge.Config{
		Front: f.Kind, Stage: f.Stage, BinaryMediaTypes: f.BinaryMediaTypes, Time: time.Now(), RequestID: requestID(),
	}
	function, ok := f.find(&c, r)
	if !ok {
		return f.write(w, noRoute(f.Kind))
	}
	// One byte more than any front takes tells that it is too much.
	body, err := io.ReadAll(io.LimitReader(r.Body, gateway.MaxRequest+1))
	if err != nil {
		return f.write(w, edge.Answer{Status: http.StatusBadRequest})
	}
	if r.Header.Get(traceHeader) == "" {
		r.Header.Set(traceHeader, newTrace(c.Time)) // all fronts add one
	}
	event, err := c.AppendEvent(nil, r, body)
	if err != nil {
		var refused *edge.RefusedError
		if !errors.As(err, &refused) {
			f.problem("%s %s: %v", r.Method, r.URL.Path, err)
			return f.write(w, c.Answer(r, nil, true))
		}
		f.problem("%s %s: %v", r.Method, r.URL.Path, err)
		return f.write(w, refused.Answer)
	}
	ctx := r.Context()
	if limit := f.timeout(); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	inv := runtimeapi.Invocation{Payload: event, TraceID: r.Header.Get(traceHeader)}
	if f.Streaming {
		return f.stream(ctx, w, r, &c, function, inv)
	}
	res, err := function.Invoke(ctx, inv)
	if err != nil {
		return f.write(w, f.failed(ctx, &c, r, err))
	}
	a := c.Answer(r, res.Payload, res.FunctionError != "")
	if res.FunctionError == "" && a.Status >= 500 && !strings.Contains(string(res.Payload), fmt.Sprint(a.Status)) {
		f.problem("%s %s: the %s answers %d by itself: the function's answer is not of the form that it takes, or over its limit of %d bytes",
			r.Method, r.URL.Path, f.Kind, a.Status, f.Kind.MaxAnswer())
	}
	return f.write(w, a)
}

// failed is the front's answer where the service did not run the function, or
// the front did not wait for it.
func (f *Front) failed(ctx context.Context, c *edge.Config, r *http.Request, err error) edge.Answer {
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		f.problem("%s %s: the %s waits no longer than %v; the function goes on", r.Method, r.URL.Path, f.Kind, f.timeout())
		return c.Timeout()
	case errors.Is(err, runtimeapi.ErrThrottled):
		f.problem("%s %s: throttled: every environment is busy", r.Method, r.URL.Path)
		if f.Kind == gateway.FunctionURL {
			return edge.Answer{Status: http.StatusTooManyRequests, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}`)}
		}
	}
	return c.Answer(r, nil, true)
}

func (f *Front) write(w http.ResponseWriter, a edge.Answer) int {
	h := w.Header()
	for name, values := range a.Header {
		h[name] = values
	}
	if h.Get("Content-Type") == "" && len(a.Body) > 0 {
		h["Content-Type"] = nil // net/http would guess one
	}
	w.WriteHeader(a.Status)
	w.Write(a.Body)
	return a.Status
}

func (f *Front) problem(format string, args ...any) {
	if f.Problem != nil {
		f.Problem(fmt.Sprintf(format, args...))
	}
}

// find chooses the function: the one whose name is the first label of the host
// (orders.localhost), that of a route, or the only one.
func (f *Front) find(c *edge.Config, r *http.Request) (*runtimeapi.Function, bool) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if name, ok := strings.CutSuffix(host, ".localhost"); ok {
		return f.Function(name)
	}
	if len(f.Routes) == 0 {
		return f.Function("")
	}
	route, ok := f.Routes.find(r)
	if !ok {
		return nil, false
	}
	c.Route = route.Path
	return f.Function(route.Function)
}

// noRoute is what a front says to a request that none of its routes takes, see
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
func noRoute(kind gateway.Front) edge.Answer {
	asJSON := http.Header{"Content-Type": {"application/json"}}
	switch {
	case kind == gateway.REST:
		h := asJSON.Clone()
		h.Set("X-Amzn-Errortype", "MissingAuthenticationTokenException")
		return edge.Answer{Status: http.StatusForbidden, Header: h, Body: []byte(`{"message":"Missing Authentication Token"}`)}
	case kind.Balancer():
		return edge.Answer{Status: http.StatusNotFound, Header: http.Header{"Content-Type": {"text/plain"}}}
	}
	return edge.Answer{Status: http.StatusNotFound, Header: asJSON, Body: []byte(`{"message":"Not Found"}`)}
}
