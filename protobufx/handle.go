package protobufx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/deadline"
	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"github.com/lambdatune/lambdatune/protobufx/internal/contain"
)

// An Invoker handles one invocation: the event's bytes in, the answer's bytes
// out. handler.Start takes one, and so does aws-lambda-go's lambda.Start.
type Invoker interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Handle returns an Invoker for API Gateway REST and HTTP APIs (payload formats
// 1.0 and 2.0), Lambda function URLs and Application Load Balancers, which it
// tells apart by the event. Of its type parameters only the first two are ever
// written, and usually none:
//
//	func Get(ctx context.Context, req *pb.GetRequest) (*pb.Person, error)
//	handler.Start(protobufx.Handle(Get))
//
// # Input
//
// The body is decoded as [Codec.Unmarshal] says. Content-Encoding: gzip is
// undone, up to MaxBytes; any other is a 415. No body is an empty message. What
// else the request has is in [CallFrom].
//
// # Output
//
// The answer is the message f returns, with status 200, in the format that the
// client asked for (see [Codec.Negotiate]): a client that wants what there is not
// gets a 406 and f is not called. An answer larger than the front takes (1 MB on
// ALB, 6,291,556 bytes elsewhere) is found out before it is encoded, logged, and
// becomes a 413 that tells both sizes: RESOURCE_EXHAUSTED.
//
// # Errors
//
// An error becomes a google.rpc.Status in the format asked for, in JSON where
// that is none of protobuf's, with the AWS request ID in a
// google.rpc.RequestInfo. An [*Error] says what is in it. Any other is a 500, of
// which the client learns no more; the error is logged. One with a method
// HTTPStatus() int counts as it does for handler.HTTP, and
// context.DeadlineExceeded is a 504. A panic is contained, logged with its stack
// and answered with 500. What is not an HTTP event at all is an error of Invoke.
//
// # Memory
//
// Answers above 32 KiB are built in memory that is used again once the context
// of the platform is canceled, as its loop does when the answer is sent. Without
// handler.Start the platform's context is taken to be the one that Invoke is
// called with: whoever calls it with a context of their own must be done with the
// answer before they cancel it. Nothing is used again after a context that cannot
// end, or whose deadline has passed, or, without handler.Start, where
// AWS_LAMBDA_MAX_CONCURRENCY is above one.
func Handle[Req, Res any, PReq message[Req], PRes message[Res]](f func(context.Context, PReq) (PRes, error), opts ...Option) Invoker {
	c, err := New(opts...)
	if f == nil {
		err = errors.Join(err, errors.New("protobufx: a function is needed, not nil"))
	}
	return &handler[Req, Res, PReq, PRes]{f: f, codec: c, err: err, concurrent: concurrentInvocations()}
}

// message is *M, which is a proto.Message.
type message[M any] interface {
	*M
	proto.Message
}

type handler[Req, Res any, PReq message[Req], PRes message[Res]] struct {
	f          func(context.Context, PReq) (PRes, error)
	codec      *Codec
	err        error
	concurrent bool // several invocations at once
}

// call is all that one invocation needs, in one allocation. Small answers are
// built in it.
type call[Req any] struct {
	in       Req
	ctx      callCtx
	deadline deadline.Context
	out      [256]byte
}

// ConfigError is what is wrong with the options, or nil; handler.Start asks for
// it at INIT.
func (h *handler[Req, Res, PReq, PRes]) ConfigError() error { return h.err }

func (h *handler[Req, Res, PReq, PRes]) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if h.err != nil {
		return nil, h.err
	}
	r, err := gateway.Parse(payload)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	c := new(call[Req])
	c.ctx.Context, c.ctx.request = ctx, r
	defer c.ctx.finish()
	contentType := h.codec.knownType(r.Header("content-type"))
	answerType, err := h.codec.Negotiate(r.Front, h.codec.accept(r), contentType)
	if err == nil {
		err = h.codec.read(ctx, r, contentType, PReq(&c.in))
	}
	var res PRes
	if err == nil {
		res, err = h.do(c)
	}
	if err == nil {
		var out []byte
		if out, err = h.answer(ctx, c, answerType, res); err == nil {
			return out, nil
		}
		err = unsent(ctx, err)
	}
	return h.codec.fail(ctx, r, err)
}

// unsent is the error of an answer that cannot be built or sent: what goes wrong
// then is not of logic's saying. That it is too large is for the client to know,
// who may ask for less, and for the log.
func unsent(ctx context.Context, err error) error {
	tooLarge, ok := errors.AsType[*gateway.TooLargeError](err)
	if !ok {
		return &Error{Status: http.StatusInternalServerError, Message: "the response cannot be sent", Err: err}
	}
	contain.Log(ctx, "response too large", err, "")
	return &Error{Status: http.StatusRequestEntityTooLarge, Message: tooLarge.Error(), Err: err}
}

// accept returns the Accept header.
func (c *Codec) accept(r *gateway.Request) string {
	var accept string
	for v := range r.Headers("accept") {
		if accept == "" {
			accept = c.knownType(v)
		} else {
			accept += ", " + string(v)
		}
	}
	return accept
}

// knownType is string(t) without allocating for what is usual.
func (c *Codec) knownType(t []byte) string {
	for _, own := range c.types {
		if string(t) == own {
			return own
		}
	}
	switch string(t) {
	case jsonType:
		return jsonType
	case "*/*":
		return "*/*"
	}
	return string(t)
}

// do calls the core logic.
func (h *handler[Req, Res, PReq, PRes]) do(c *call[Req]) (res PRes, err error) {
	defer contain.Panic(c.ctx.Context, &err)
	defer c.deadline.Finish()
	return h.f(c.deadline.Start(&c.ctx, h.codec.reserve, h.codec.timeoutAt(c.ctx.request.Front)), PReq(&c.in))
}

// timeoutAt is how long the front waits, 0 if it sets no limit.
func (c *Codec) timeoutAt(f gateway.Front) time.Duration {
	if f.Capped() {
		return c.timeout
	}
	return 0
}

// read decodes the body into m, by what the headers say of it.
func (c *Codec) read(ctx context.Context, r *gateway.Request, contentType string, m proto.Message) error {
	_, isBase64 := r.BodyToken()
	f, err := c.requestFormat(contentType, isBase64, r.HasBody())
	if err != nil {
		return err
	}
	encoding := r.Header("content-encoding")
	zipped := len(encoding) > 0 && (strings.EqualFold(string(encoding), "gzip") || strings.EqualFold(string(encoding), "x-gzip"))
	if len(encoding) > 0 && !zipped && !strings.EqualFold(string(encoding), "identity") {
		err := newError(http.StatusUnsupportedMediaType, "the Content-Encoding of the body must be gzip, or none")
		err.Header = http.Header{"Accept-Encoding": {"gzip"}} // RFC 9110, section 12.5.3
		return err
	}
	if !r.HasBody() {
		return nil
	}
	return c.readBody(ctx, r, f, zipped, m)
}

// readBody decodes the body, of which there is one, into m.
func (c *Codec) readBody(ctx context.Context, r *gateway.Request, f format, zipped bool, m proto.Message) (err error) {
	defer contain.Panic(ctx, &err) // of marshallers that a message brings
	token, isBase64 := r.BodyToken()
	buf := getBuffer()
	defer buf.put()
	raw := token[1 : len(token)-1]
	if isBase64 {
		if jsonscan.Escaped(token) { // as encoders that escape / write it
			text := getBuffer()
			defer text.put()
			text.b = jsonscan.AppendString(text.b[:0], token)
			raw = text.b
		}
		if err := c.unbase64(buf, raw, f, m); err != nil {
			return err
		}
	} else {
		if !jsonscan.Escaped(token) {
			if err := c.checkSize(len(raw)); err != nil {
				return err
			}
		}
		if cap(buf.b) < len(raw) {
			if err := c.probeString(token, f, m); err != nil {
				return err
			}
		}
		buf.b = jsonscan.AppendString(buf.b[:0], token)
	}
	if zipped && r.Front == gateway.REST && !isGzip(buf.b) {
		zipped = false // the front has undone it, and left the header
	}
	return c.unzip(buf.b, zipped, f, m)
}

// unzip decodes a body that may be in gzip into m.
func (c *Codec) unzip(body []byte, zipped bool, f format, m proto.Message) error {
	if zipped {
		plain := getBuffer()
		defer plain.put()
		if err := c.inflate(plain, body, f, m); err != nil {
			return err
		}
		body = plain.b
	}
	return c.decode(f, body, m)
}

// answer builds the answer of a call that went well.
func (h *handler[Req, Res, PReq, PRes]) answer(ctx context.Context, c *call[Req], contentType string, res PRes) (out []byte, err error) {
	defer contain.Panic(ctx, &err) // of marshallers that a message brings
	r := c.ctx.request
	status, header := c.ctx.said()
	switch {
	case status == 0:
		status = http.StatusOK
	case status < 200 || status > 399:
		return nil, fmt.Errorf("SetStatus(%d): it must be from 200 to 399", status)
	}
	return h.codec.answerWith(c.out[:0], r, status, header, contentType, res, room{ctx, h.concurrent})
}

// answerWith builds an answer, in dst or in memory from space.
func (c *Codec) answerWith(dst []byte, r *gateway.Request, status int, header http.Header, contentType string, m proto.Message, space room) ([]byte, error) {
	if c.compressMin >= 0 || r.Method == http.MethodHead {
		return c.answerByPolicy(r, status, header, contentType, m)
	}
	return c.appendResponse(dst, r.Front, status, header, contentType, m, space)
}

// answerByPolicy is the way of answers that may have to be compressed, or are
// without their bodies.
func (c *Codec) answerByPolicy(r *gateway.Request, status int, header http.Header, contentType string, m proto.Message) ([]byte, error) {
	buf := getBuffer()
	defer buf.put()
	var err error
	if c.typeIndex(contentType) >= 0 {
		n := c.size(m)
		// Even compressed a hundredfold it would not fit; and it has to be held.
		if limit := r.Front.MaxAnswer(); n > 8*limit {
			return nil, &gateway.TooLargeError{Front: r.Front, Size: n, Limit: limit}
		}
		buf.b = slices.Grow(buf.b[:0], n)[:n]
		err = c.marshalTo(buf.b, m)
	} else {
		buf.b, err = c.json.AppendMarshal(buf.b[:0], m)
	}
	if err != nil {
		return nil, err
	}
	p := gateway.Policy{CompressMin: max(c.compressMin, 1), BinaryMediaTypes: c.binary}
	if c.compressMin < 0 {
		p.CompressMin = -1
	}
	return p.AppendResponse(nil, r, gateway.Response{Status: status, Header: header, ContentType: contentType, Body: buf.b})
}

// fail answers with an error.
func (c *Codec) fail(ctx context.Context, r *gateway.Request, err error) (out []byte, _ error) {
	f := fault{status: http.StatusInternalServerError, code: 13, message: http.StatusText(http.StatusInternalServerError)}
	var contained error
	func() {
		defer contain.Panic(ctx, &contained) // the error's own methods can panic
		said, log := faultOf(err)
		if log {
			if _, isPanic := errors.AsType[*contain.PanicError](err); !isPanic { // logged where it was contained
				contain.Log(ctx, "request failed", err, "")
			}
		}
		f = said
	}()
	if v := invocation.From(ctx); v != nil {
		f.requestID = v.RequestID
	}
	t, _ := c.negotiate(r.Front, c.accept(r), string(r.Header("content-type")), true)
	func() {
		defer contain.Panic(ctx, &contained) // details' marshallers can panic
		out, err = c.appendFault(nil, r.Front, r.Method, t, f)
	}()
	if out == nil {
		f.details, f.header = nil, nil
		out, err = c.appendFault(nil, r.Front, r.Method, t, f)
	}
	return out, err
}
