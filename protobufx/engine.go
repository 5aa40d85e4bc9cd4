package protobufx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/deadline"
	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/protobufx/internal/contain"
	"github.com/lambdatune/lambdatune/protobufx/internal/engine"
)

func init() {
	engine.New = newEngine
	engine.FaultOf = func(err error) engine.Fault {
		f, log := faultOf(err)
		return engine.Fault{Code: f.code, Message: f.message, Details: f.details, Header: f.header, Log: log}
	}
}

// lent is a Codec as package engine lends it.
type lent struct {
	*Codec
	concurrent bool
}

func newEngine(protocol engine.Protocol, options any) (engine.Codec, error) {
	opts := options.([]Option)
	c, err := newConfig(opts)
	for _, o := range opts {
		if o.name == "MediaTypes" {
			err = errors.Join(err, fmt.Errorf("protobufx: option MediaTypes: %s has its own", protocol.Name))
		}
	}
	if err != nil {
		return nil, err
	}
	c.types, c.lenient = []string{protocol.MediaType}, true
	return &lent{newCodec(c), concurrentInvocations()}, nil
}

// concurrentInvocations reports whether there may be several at once.
func concurrentInvocations() bool {
	n, _ := strconv.Atoi(os.Getenv("AWS_LAMBDA_MAX_CONCURRENCY"))
	return n > 1
}

func (c *lent) HasJSON() bool              { return c.json != nil }
func (c *lent) BinaryMediaTypes() []string { return c.binary }

func (c *lent) Begin(ctx context.Context, r *gateway.Request) engine.Call {
	l := &lentCall{codec: c}
	l.ctx.Context, l.ctx.request, l.request = ctx, r, r
	return l
}

// lentCall is all that one call needs but its message, in one allocation.
type lentCall struct {
	codec    *lent
	request  *gateway.Request
	ctx      callCtx
	limit    deadline.Context
	deadline deadline.Context
	out      [256]byte
}

func formatOf(json bool) format {
	if json {
		return isJSON
	}
	return isProtobuf
}

func (l *lentCall) ReadBody(json, zipped bool, m proto.Message) error {
	if !l.request.HasBody() {
		return nil
	}
	return l.codec.readBody(l.ctx.Context, l.request, formatOf(json), zipped, m)
}

func (l *lentCall) ReadBytes(b []byte, json, zipped bool, m proto.Message) (err error) {
	defer contain.Panic(l.ctx.Context, &err) // of marshallers that a message brings
	return l.codec.unzip(b, zipped, formatOf(json), m)
}

func (l *lentCall) Do(limit time.Duration, f func(context.Context, proto.Message) (proto.Message, error), in proto.Message) (res proto.Message, err error) {
	defer contain.Panic(l.ctx.Context, &err)
	defer l.limit.Finish()
	defer l.deadline.Finish()
	ctx := l.deadline.Start(&l.ctx, l.codec.reserve, l.codec.timeoutAt(l.request.Front))
	if limit >= 0 {
		ctx = l.limit.Start(ctx, 0, max(limit, 1))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return f(ctx, in)
}

func (l *lentCall) Said() (status int, header http.Header) { return l.ctx.said() }

func (l *lentCall) Answer(header http.Header, contentType string, m proto.Message) (out []byte, err error) {
	defer contain.Panic(l.ctx.Context, &err) // of marshallers that a message brings
	return l.codec.answerWith(l.out[:0], l.request, http.StatusOK, header, contentType, m, room{l.ctx.Context, l.codec.concurrent})
}

func (l *lentCall) Finish() { l.ctx.finish() }
