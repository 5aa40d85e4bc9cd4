package handler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// Endpoint returns an http.Handler that serves one Func among others, on an
// http.ServeMux or any router that sets path values, behind [HTTPHandler] or a
// plain net/http server. Input, output and errors are as [HTTP] has them; path
// tags are r.PathValue. Its option is [DisallowUnknownFields].
//
//	mux := http.NewServeMux()
//	mux.Handle("POST /orders", handler.Endpoint(orders.Place))
//	mux.Handle("GET /orders/{id}", handler.Endpoint(orders.Get))
//	handler.Start(handler.HTTPHandler(mux))
//
// A configuration error, which Start cannot see through a router, is logged and
// answered with 500. A body above 10 MB, API Gateway's limit, is answered with
// 413. Compression is HTTPHandler's.
func Endpoint[In, Out any](f Func[In, Out], opts ...Option) http.Handler {
	o, err := newOptions(onEndpoint, opts)
	h := &endpointHandler[In, Out]{newEndpoint(f, &o)}
	h.err = errors.Join(err, h.err)
	return h
}

type endpointHandler[In, Out any] struct{ endpoint[In, Out] }

func (h *endpointHandler[In, Out]) configError() error { return h.err }

func (h *endpointHandler[In, Out]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	call := new(httpCall[In, Out])
	err := h.err
	if err == nil {
		err = h.read(ctx, w, r, call)
	}
	if err == nil {
		err = h.do(ctx, call)
	}
	rep := h.reply(ctx, call, err)
	defer rep.release()
	if rep.invokeErr != nil { // the process is to end, which the adapter sees to
		panic(rep.invokeErr)
	}
	header := w.Header()
	for name, values := range rep.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	if rep.ContentType != "" && header["Content-Type"] == nil {
		header["Content-Type"] = []string{rep.ContentType}
	}
	w.WriteHeader(rep.Status)
	if len(rep.Body) > 0 && rep.Status != http.StatusNoContent && rep.Status != http.StatusNotModified {
		w.Write(rep.Body) //nolint:errcheck // the client is gone
	}
}

// read fills the input.
func (h *endpointHandler[In, Out]) read(ctx context.Context, w http.ResponseWriter, r *http.Request, call *httpCall[In, Out]) (err error) {
	defer contain(ctx, &err)
	var body []byte
	if r.Body != nil && r.Body != http.NoBody {
		var buf bytes.Buffer
		if n := r.ContentLength; n > 0 && n < gateway.MaxRequest {
			buf.Grow(int(n) + bytes.MinRead)
		}
		_, err = buf.ReadFrom(http.MaxBytesReader(w, r.Body, gateway.MaxRequest))
		body = buf.Bytes()
		_, large := errors.AsType[*http.MaxBytesError](err)
		switch {
		case large:
			return &requestError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body must have at most %d bytes", gateway.MaxRequest)}
		case err != nil:
			return &requestError{http.StatusBadRequest, "the body could not be read"}
		case len(body) == 0:
			body = nil
		default:
			if err := checkType(r.Header.Get("Content-Type")); err != nil {
				return err
			}
			if err := checkEncoding(r.Header.Get("Content-Encoding")); err != nil {
				return err
			}
		}
	}
	return h.decode(&httpParameters{Request: r}, body, &call.in)
}

// httpParameters reads tagged fields from an http.Request.
type httpParameters struct{ *http.Request }

func (p *httpParameters) PathParameter(name string) ([]byte, bool) {
	v := p.PathValue(name)
	return []byte(v), v != ""
}

func (p *httpParameters) QueryValue(name string) (value []byte, err error) {
	for value, err = range p.Query(name) {
		break
	}
	return value, err
}

// Query is not URL.Query, which drops what is not validly encoded.
func (p *httpParameters) Query(name string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for part := range strings.SplitSeq(p.URL.RawQuery, "&") {
			key, value, _ := strings.Cut(part, "=")
			if part == "" {
				continue
			}
			if key, err := url.QueryUnescape(key); err != nil || key != name {
				continue
			}
			value, err := url.QueryUnescape(value)
			if err != nil {
				err = gateway.ErrEscape
			}
			if !yield(append([]byte{}, value...), err) {
				return
			}
		}
	}
}

func (p *httpParameters) Header(name string) []byte {
	if strings.EqualFold(name, "Host") { // net/http keeps it apart
		return []byte(p.Host)
	}
	if v := p.Request.Header.Values(name); len(v) > 0 {
		return append([]byte{}, v[0]...)
	}
	return nil
}

func (p *httpParameters) Headers(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, v := range p.Request.Header.Values(name) {
			if !yield([]byte(v)) {
				return
			}
		}
	}
}

func (p *httpParameters) Cookie(name string) ([]byte, bool) {
	c, err := p.Request.Cookie(name)
	if err != nil {
		return nil, false
	}
	return []byte(c.Value), true
}
