package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/invocation"
)

// frontSide is what HTTP and HTTPHandler have in common: the way back.
type frontSide struct {
	policy gateway.Policy
	route  string
}

func newFrontSide(o *options) frontSide {
	return frontSide{policy: o.http.policy, route: o.http.route}
}

// answer puts a reply into the front's envelope.
func (s *frontSide) answer(ctx context.Context, r *gateway.Request, rep reply) ([]byte, error) {
	out, err := s.policy.AppendResponse(nil, r, rep.Response)
	if err == nil {
		return out, nil
	}
	logError(ctx, "response too large", err)
	return s.policy.AppendResponse(nil, r, faultReply(ctx, http.StatusInternalServerError, "the response is too large").Response)
}

// A reply is an answer before it has a front's form.
type reply struct {
	gateway.Response
	enc       *encoder // whose buffer the body is in, if it is
	invokeErr error    // to be returned instead
}

// release gives the body's buffer back.
func (r *reply) release() {
	if r.enc != nil && r.enc.buf.Cap() <= maxPooled {
		r.enc.buf.Reset()
		encoders.Put(r.enc)
	}
	r.enc = nil
}

// faultReply is the JSON error body.
func faultReply(ctx context.Context, status int, message string) reply {
	return reply{Response: gateway.Response{Status: status, ContentType: gateway.FaultType, Body: gateway.AppendFault(nil, message, requestID(ctx))}}
}

func requestID(ctx context.Context) string {
	if v := invocation.From(ctx); v != nil {
		return v.RequestID
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}

// RequestContext returns the requestContext of the HTTP event that is being
// handled in ctx, a JSON object as the front sent it: authorizer claims, the
// API's stage, or the ALB's target group. It is a copy. It is nil outside an
// invocation of [HTTP] or [HTTPHandler], and once that is over.
func RequestContext(ctx context.Context) json.RawMessage {
	c, _ := ctx.Value(frontKey{}).(*frontCtx)
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.raw)
}

type frontKey struct{}

// frontCtx carries the event's request context, in the runtime's buffer, for
// as long as that may be read.
type frontCtx struct {
	context.Context
	mu  sync.Mutex
	raw []byte
}

func (c *frontCtx) start(ctx context.Context, r *gateway.Request) context.Context {
	c.Context, c.raw = ctx, r.RawContext()
	return c
}

func (c *frontCtx) finish() {
	c.mu.Lock()
	c.raw = nil
	c.mu.Unlock()
}

func (c *frontCtx) Value(key any) any {
	if key == (frontKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// errStatus is logged where an HTTPStatus method returns what is no status.
var errStatus = errors.New("HTTPStatus returned what is not a status from 200 to 599")
