package handler

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/internal/deadline"
	"github.com/lambdatune/lambdatune/internal/gateway"
)

// HTTP returns an Invoker for API Gateway REST and HTTP APIs (payload formats
// 1.0 and 2.0), Lambda function URLs and Application Load Balancers. It tells
// them apart by the event, so one function can serve all of them. Its options
// are [DisallowUnknownFields], [DeadlineReserve], [GatewayTimeout],
// [BinaryMediaTypes], [CompressMin] and [Route].
//
// # Input
//
// The body is decoded into In by its json tags, as [JSON] decodes an event.
// Fields of In, and of structs within it, can have tags of their own:
//
//	type Order struct {
//		Shop   string   `path:"shop"`       // a path parameter
//		Page   int      `query:"page"`      // of the query string
//		Tags   []string `query:"tag"`       // ?tag=a&tag=b
//		Tenant string   `header:"X-Tenant"` // in any case
//		User   *string  `cookie:"user"`     // nil if there is none
//		SKU    string   `json:"sku"`        // of the body
//	}
//
// Such a field is never set from an HTTP body, whatever names the body uses;
// the body's member counts as unknown. Other adapters set it by its name in
// JSON. Its type is a string, boolean, number, [time.Duration] (1m30s) or
// encoding.TextUnmarshaler, a pointer to one of them, or for queries and
// headers a slice of them, a header being split at commas. Where the request
// has no value the field is zero, except that a path parameter must be there
// unless its field is a pointer. Names of path parameters, query parameters
// and cookies are case-sensitive. A tag of another form or on another type is
// a configuration error (see [Option]).
//
// A request is answered without calling f, in JSON (see Errors): 400 where the
// body or a parameter does not fit its field, or a body is missing for an In
// that has fields without tags, unless In is a pointer, map, slice or interface;
// 415 where there is a body with a Content-Type other than application/json or
// …+json in UTF-8, or with a Content-Encoding. A body without a Content-Type is
// taken for JSON.
//
// # Output
//
// Out is the body in JSON, the status 200. An Out can say more by methods:
//
//	HTTPStatus() int             // 200 to 599; 0 means 200
//	HTTPHeader() http.Header     // added to the answer
//	HTTPBody() ([]byte, string)  // the body and its Content-Type, instead of JSON
//
// Answers 204 and 304 have no body. A type of text travels as text, any other in
// base64, which an API Gateway REST API decodes only if its binaryMediaTypes
// match the request's first Accept type; see [BinaryMediaTypes]. Bodies of a
// compressible type are compressed with gzip where the client accepts that;
// see [CompressMin].
//
// # Errors
//
// An error of f, or one that it wraps, can have the same three methods;
// without HTTPStatus it is a 500. The body, if it has no HTTPBody, is
//
//	{"message":"…","requestId":"the AWS request ID"}
//
// where message is, below 500, the text of the error that has HTTPStatus, without
// that of errors which wrap it, and above it no more than the name of the
// status. The error itself is logged then, as a panic is with its stack: Lambda
// counts these invocations as successful, so watch the front's 5XX metric. An
// answer larger than its front takes, 1 MB on ALB and 6 MB elsewhere, becomes
// such a 500 too. What is not an HTTP event at all is an error of Invoke.
func HTTP[In, Out any](f Func[In, Out], opts ...Option) Invoker {
	o, err := newOptions(onHTTP, opts)
	h := &httpInvoker[In, Out]{endpoint: newEndpoint(f, &o), front: newFrontSide(&o), reserve: o.reserve, timeout: o.gatewayTimeout}
	h.err = errors.Join(err, h.err)
	return h
}

type httpInvoker[In, Out any] struct {
	endpoint[In, Out]
	front            frontSide
	reserve, timeout time.Duration
}

func (h *httpInvoker[In, Out]) configError() error { return h.err }

func (h *httpInvoker[In, Out]) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if h.err != nil {
		return nil, h.err
	}
	r, err := gateway.Parse(payload)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	call := new(struct { // one allocation
		httpCall[In, Out]
		front    frontCtx
		deadline deadline.Context
	})
	defer call.front.finish()
	ctx = call.front.start(ctx, r)
	var p parameters = r
	if h.front.route != "" && (r.Front.Balancer() || r.Front == gateway.FunctionURL) {
		routed := &routedRequest{Request: r}
		if !routed.match(h.front.route) {
			return h.front.answer(ctx, r, faultReply(ctx, http.StatusNotFound, http.StatusText(http.StatusNotFound)))
		}
		p = routed
	}
	timeout := h.timeout
	if !r.Front.Capped() {
		timeout = 0
	}
	err = h.read(ctx, r, p, &call.httpCall)
	if err == nil {
		func() {
			defer call.deadline.Finish()
			err = h.do(call.deadline.Start(ctx, h.reserve, timeout), &call.httpCall)
		}()
	}
	rep := h.reply(ctx, &call.httpCall, err)
	defer rep.release()
	if rep.invokeErr != nil {
		return nil, rep.invokeErr
	}
	return h.front.answer(ctx, r, rep)
}

// read fills the input.
func (h *httpInvoker[In, Out]) read(ctx context.Context, r *gateway.Request, p parameters, call *httpCall[In, Out]) (err error) {
	defer contain(ctx, &err) // of UnmarshalJSON methods and the like
	var body []byte
	if r.HasBody() {
		if err := checkType(r.Header("content-type")); err != nil {
			return err
		}
		// An API Gateway REST API may have decoded it and left the header.
		if r.Front != gateway.REST {
			if err := checkEncoding(r.Header("content-encoding")); err != nil {
				return err
			}
		}
		buf := bodies.Get().(*[]byte)
		defer func() {
			if cap(*buf) <= maxPooled {
				bodies.Put(buf)
			}
		}()
		if body, err = r.AppendBody(slices.Grow((*buf)[:0], r.MaxBody())); err != nil {
			return err
		}
		*buf = body
	}
	return h.decode(p, body, &call.in)
}

// bodies hold request bodies while they are decoded.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// checkType refuses a body that is not JSON.
func checkType[T []byte | string](contentType T) error {
	if len(contentType) > 0 && string(contentType) != "application/json" && !gateway.IsJSON(string(contentType)) {
		return &requestError{http.StatusUnsupportedMediaType, "the Content-Type of the body must be application/json in UTF-8"}
	}
	return nil
}

// checkEncoding refuses a body that is not JSON as it stands.
func checkEncoding[T []byte | string](contentEncoding T) error {
	if len(contentEncoding) > 0 && !strings.EqualFold(string(contentEncoding), "identity") {
		return &requestError{http.StatusUnsupportedMediaType, "the body must have no Content-Encoding"}
	}
	return nil
}

// An endpoint is what HTTP and Endpoint have in common.
type endpoint[In, Out any] struct {
	f       Func[In, Out]
	decoder decoder
	binding *binding
	out     outputPlan
	err     error
}

type httpCall[In, Out any] struct {
	in  In
	out Out
}

func newEndpoint[In, Out any](f Func[In, Out], o *options) endpoint[In, Out] {
	b, err := bindingOf(reflect.TypeFor[In]())
	if f == nil {
		err = errors.Join(err, errors.New("handler: a function is needed, not nil"))
	}
	return endpoint[In, Out]{f: f, decoder: decoderFor[In](o), binding: b, out: outputPlanOf(reflect.TypeFor[Out]()), err: err}
}

// decode fills in from the body, nil if there is none, and the rest of the request.
func (e *endpoint[In, Out]) decode(p parameters, body []byte, in *In) error {
	switch {
	case body != nil:
		if err := e.binding.decodeBody(e.decoder, body, in); err != nil {
			return err
		}
	case e.binding.hasBody && !e.decoder.nullOK:
		return &requestError{http.StatusBadRequest, "a body in JSON is needed"}
	}
	if len(e.binding.fields) == 0 {
		return nil
	}
	return e.binding.bind(p, reflect.ValueOf(in))
}

// do calls the core logic.
func (e *endpoint[In, Out]) do(ctx context.Context, call *httpCall[In, Out]) (err error) {
	defer contain(ctx, &err)
	call.out, err = e.f(ctx, call.in)
	return err
}

// A requestError is one that the adapter finds in a request.
type requestError struct {
	status  int
	message string
}

func (e *requestError) Error() string { return e.message }
