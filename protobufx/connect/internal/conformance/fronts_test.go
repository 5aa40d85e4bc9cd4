package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
	"github.com/lambdatune/lambdatune/protobufx"
)

// fronts are the services in front of a function, configured as the package's
// documentation says.
var fronts = []edge.Config{
	{Front: gateway.REST, BinaryMediaTypes: []string{"*/*"}},
	{Front: gateway.HTTPv1},
	{Front: gateway.HTTPv2},
	{Front: gateway.FunctionURL},
	{Front: gateway.ALB},
	{Front: gateway.ALBMulti},
}

// A lambda is the transport of a client whose requests go through a front to a
// function.
type lambda struct {
	front    edge.Config
	function protobufx.Invoker
	context  func() context.Context // of invocations; nil for the background

	zipped atomic.Int64 // answers that were compressed
}

func (l *lambda) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	in := r.Clone(r.Context())
	in.Host, in.RemoteAddr, in.ContentLength = r.URL.Host, "203.0.113.7:4711", int64(len(body))
	a := l.answer(in, body)
	if a.Header.Get("Content-Encoding") != "" {
		l.zipped.Add(1)
	}
	return &http.Response{
		StatusCode: a.Status, Status: http.StatusText(a.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: r,
	}, nil
}

func (l *lambda) answer(r *http.Request, body []byte) edge.Answer {
	event, err := l.front.AppendEvent(nil, r, body)
	if refused, ok := errors.AsType[*edge.RefusedError](err); ok {
		return refused.Answer
	}
	ctx := context.Background()
	if l.context != nil {
		ctx = l.context()
	}
	payload, err := l.function.Invoke(ctx, event)
	return l.front.Answer(r, payload, err != nil)
}
