package handler

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/lambdatune/lambdatune/internal/deadline"
	"github.com/lambdatune/lambdatune/internal/gateway"
)

// HTTPHandler returns an Invoker that serves events of the same fronts as
// [HTTP] with any http.Handler: an http.ServeMux, or another router. Its options
// are [DeadlineReserve], [GatewayTimeout], [BinaryMediaTypes] and
// [CompressMin].
//
// The request is one that a server would have read: see net/http, and beyond it:
// URL.Path is without an HTTP API's stage, but with the base path of a
// custom domain name; there, and in the paths of HTTP APIs with payload format
// 2.0, percent-encoding is gone, so %2F is a slash. RemoteAddr is the client's IP
// address as the front saw it, with port 0 unless an ALB tells it. The front's
// path parameters are path values. The front's own [RequestContext] is in the
// request's context, which ends earlier than the platform's deadline.
//
// The response is buffered and sent when the handler returns, so Flush does
// nothing, streams of events don't work, and trailers and 1xx answers are
// dropped. Otherwise it is as with net/http: 200 is implied, headers are frozen
// by WriteHeader, a missing Content-Type is sniffed, bodies are left out of
// answers to HEAD and of 204 and 304, http.ErrContentLength and
// http.ErrBodyNotAllowed are returned. A handler that panics is answered for
// with 500 and the JSON error body that HTTP documents; the panic is logged
// unless it is http.ErrAbortHandler. Limits and encodings are those of HTTP.
func HTTPHandler(h http.Handler, opts ...Option) Invoker {
	o, err := newOptions(onHTTPHandler, opts)
	if h == nil {
		err = errors.Join(err, errors.New("handler: HTTPHandler needs an http.Handler, not nil"))
	}
	if c, ok := h.(configured); ok {
		err = errors.Join(err, c.configError())
	}
	return &handlerInvoker{handler: h, front: newFrontSide(&o), reserve: o.reserve, timeout: o.gatewayTimeout, err: err}
}

type handlerInvoker struct {
	handler          http.Handler
	front            frontSide
	reserve, timeout time.Duration
	err              error
}

func (h *handlerInvoker) configError() error { return h.err }

func (h *handlerInvoker) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if h.err != nil {
		return nil, h.err
	}
	r, err := gateway.Parse(payload)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	call := new(struct { // one allocation
		w        responseWriter
		front    frontCtx
		deadline deadline.Context
	})
	defer call.front.finish()
	ctx = call.front.start(ctx, r)
	timeout := h.timeout
	if !r.Front.Capped() {
		timeout = 0
	}
	req, err := r.HTTPRequest(call.deadline.Start(ctx, h.reserve, timeout))
	if err != nil {
		return nil, err
	}
	w := &call.w
	w.start()
	defer w.release()
	err = h.serve(ctx, w, req)
	call.deadline.Finish()
	switch {
	case err == http.ErrAbortHandler:
		return h.front.answer(ctx, r, faultReply(ctx, http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError)))
	case err != nil:
		rep := failure(ctx, err)
		if rep.invokeErr != nil {
			return nil, rep.invokeErr
		}
		return h.front.answer(ctx, r, rep)
	}
	res := w.finish()
	if res.Status < 200 || res.Status > 599 {
		logError(ctx, "request failed", errStatus)
		return h.front.answer(ctx, r, faultReply(ctx, http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError)))
	}
	return h.front.answer(ctx, r, reply{Response: res})
}

// serve calls the handler. Its error is a *PanicError, or http.ErrAbortHandler.
func (h *handlerInvoker) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch v := recover(); e := v.(type) {
		case nil:
		case *PanicError: // an Endpoint's, logged
			err = e
		default:
			if v == http.ErrAbortHandler {
				err = http.ErrAbortHandler
				return
			}
			p := newPanicError(v)
			logPanic(ctx, p)
			err = p
		}
	}()
	h.handler.ServeHTTP(w, r)
	return nil
}
