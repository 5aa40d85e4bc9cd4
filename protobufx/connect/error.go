package connect

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"github.com/lambdatune/lambdatune/protobufx/internal/contain"
	"github.com/lambdatune/lambdatune/protobufx/internal/engine"
)

// An Error is an error that the client is told as it is, whatever its code. To
// handler.HTTP and protobufx.Handle it is an error like any other, of which clients
// learn nothing; a [*protobufx.Error] is told by all three.
type Error struct {
	// Code is the kind. One that is none of the constants counts as CodeUnknown.
	Code Code
	// Message is for the developer of the client.
	Message string
	// Details are messages such as those of google/rpc/error_details.proto. A
	// google.protobuf.Any is taken for what is in it.
	Details []proto.Message
	// Header is metadata, added to the answer's headers. Those of the protocol
	// itself, as Content-Type, are left out.
	Header http.Header
	// Err is the cause, if there is one. It is never sent, and logged where the
	// code's HTTP status is 500 or above.
	Err error

	log bool // in any case
}

func (e *Error) Error() string {
	s := "connect: " + e.code().String()
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) code() Code {
	if e.Code.valid() {
		return e.Code
	}
	return CodeUnknown
}

// A fault is what a client is told.
type fault struct {
	status  int
	code    Code
	message string
	details []proto.Message
	header  http.Header
	refused bool // by the protocol, which says the header
	log     bool
}

// faultOf returns what to tell of err.
func faultOf(err error) fault {
	if e, ok := errors.AsType[*refusal](err); ok {
		return fault{status: e.status, code: e.code, message: e.message, header: e.header, refused: true}
	}
	if e, ok := errors.AsType[*Error](err); ok {
		code := e.code()
		return fault{status: code.status(), code: code, message: e.Message, details: e.Details, header: e.Header, log: e.log || code.status() >= 500}
	}
	var f fault
	_, says := errors.AsType[interface {
		error
		HTTPStatus() int
	}](err)
	switch {
	case says:
		own := engine.FaultOf(err)
		f = fault{code: Code(own.Code), message: own.Message, details: own.Details, header: own.Header, log: own.Log}
		if !f.code.valid() {
			f.code = CodeUnknown
		}
	case errors.Is(err, context.Canceled):
		f = fault{code: CodeCanceled, message: context.Canceled.Error()}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		f = fault{code: CodeDeadlineExceeded, message: context.DeadlineExceeded.Error(), log: true}
	default:
		f = fault{code: CodeUnknown, message: http.StatusText(http.StatusInternalServerError), log: true}
	}
	f.status = f.code.status()
	return f
}

// fail answers with an error.
func fail(ctx context.Context, r *gateway.Request, call engine.Call, err error) ([]byte, error) {
	f := fault{status: http.StatusInternalServerError, code: CodeInternal, message: http.StatusText(http.StatusInternalServerError)}
	var contained error
	func() {
		defer contain.Panic(ctx, &contained) // the error's own methods can panic
		said := faultOf(err)
		if _, isPanic := errors.AsType[*contain.PanicError](err); said.log && !isPanic { // logged where it was contained
			contain.Log(ctx, "request failed", err, "")
		}
		f = said
	}()
	if !f.refused {
		_, header := call.Said()
		f.header = metadata(header, f.header)
	}
	var out []byte
	var tooLarge error
	func() {
		defer contain.Panic(ctx, &contained) // details' marshallers can panic
		out, tooLarge = f.append(ctx, r)
	}()
	if out == nil || tooLarge != nil {
		f.details = nil
		out, tooLarge = f.append(ctx, r)
	}
	if tooLarge != nil {
		f.header, f.message = nil, ""
		out, tooLarge = f.append(ctx, r)
	}
	return out, tooLarge
}

// append makes the whole answer. Errors are in JSON, whatever the request is in,
// and never compressed: they get through every front.
func (f *fault) append(ctx context.Context, r *gateway.Request) ([]byte, error) {
	body := append([]byte(`{"code":"`), f.code.String()...)
	body = append(body, '"')
	if f.message != "" {
		body = append(body, `,"message":`...)
		body = jsonscan.AppendQuote(body, f.message)
	}
	open := `,"details":[`
	for _, d := range f.details {
		name, value, err := detail(d)
		if err != nil { // the error itself is more important
			continue
		}
		body = appendDetail(append(body, open...), name, value)
		open = ","
	}
	if v := invocation.From(ctx); v != nil && v.RequestID != "" {
		info := protowire.AppendTag(nil, 1, protowire.BytesType)
		body = appendDetail(append(body, open...), "google.rpc.RequestInfo", protowire.AppendString(info, v.RequestID))
		open = ","
	}
	if open == "," {
		body = append(body, ']')
	}
	body = append(body, '}')
	p := gateway.Policy{CompressMin: -1}
	return p.AppendResponse(nil, r, gateway.Response{Status: f.status, Header: f.header, ContentType: jsonType, Body: body})
}

func appendDetail(dst []byte, name string, value []byte) []byte {
	dst = append(dst, `{"type":`...)
	dst = jsonscan.AppendQuote(dst, name)
	dst = append(dst, `,"value":"`...)
	dst = base64.RawStdEncoding.AppendEncode(dst, value)
	return append(dst, `"}`...)
}

// detail returns a detail's type and bytes. An Any is known by its name, not its
// Go type, which is not linked.
func detail(m proto.Message) (name string, value []byte, err error) {
	p := m.ProtoReflect()
	d := p.Descriptor()
	if d.FullName() != "google.protobuf.Any" {
		value, err = proto.Marshal(m)
		return string(d.FullName()), value, err
	}
	get := func(n protoreflect.FieldNumber) protoreflect.Value { return p.Get(d.Fields().ByNumber(n)) }
	url := get(1).String()
	return url[strings.LastIndexByte(url, '/')+1:], get(2).Bytes(), nil
}
