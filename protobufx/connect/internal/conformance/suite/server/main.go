// Command server is a function that answers the conformance suite of the Connect
// protocol, behind an emulated front of Lambda: the first argument.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/connect"
	"github.com/lambdatune/lambdatune/protobufx/connect/internal/conformance/suite/suitepb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

var fronts = map[string]edge.Config{
	"rest":     {Front: gateway.REST, BinaryMediaTypes: []string{"*/*"}},
	"httpv1":   {Front: gateway.HTTPv1},
	"httpv2":   {Front: gateway.HTTPv2},
	"url":      {Front: gateway.FunctionURL},
	"alb":      {Front: gateway.ALB},
	"albmulti": {Front: gateway.ALBMulti},
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: server front")
	}
	front, ok := fronts[os.Args[1]]
	if !ok {
		log.Fatalf("there is no front %q", os.Args[1])
	}
	var start suitepb.ServerCompatRequest
	if err := read(os.Stdin, &start); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := write(os.Stdout, &suitepb.ServerCompatResponse{Host: "127.0.0.1", Port: uint32(port)}); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, &lambda{front, function(int(start.MessageReceiveLimit))}))
}

// read takes one message of the suite.
func read(r io.Reader, m proto.Message) error {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return err
	}
	b := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	return proto.Unmarshal(b, m)
}

func write(w io.Writer, m proto.Message) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	return err
}

// A lambda is a function with its front, as a server.
type lambda struct {
	front    edge.Config
	function protobufx.Invoker
}

func (l *lambda) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	event, err := l.front.AppendEvent(nil, r, body)
	if refused, ok := errors.AsType[*edge.RefusedError](err); ok {
		send(w, refused.Answer)
		return
	}
	// Logic here is to report all headers and parameters of the event.
	parsed, err := gateway.Parse(event)
	if err != nil {
		log.Fatal(err)
	}
	defer parsed.Release()
	seen, err := parsed.HTTPRequest(r.Context())
	if err != nil {
		log.Fatal(err)
	}
	payload, err := l.function.Invoke(context.WithValue(r.Context(), requestKey{}, seen), event)
	send(w, l.front.Answer(r, payload, err != nil))
}

func send(w http.ResponseWriter, a edge.Answer) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	w.Write(a.Body) //nolint:errcheck // the client is gone
}

type requestKey struct{}

func function(limit int) protobufx.Invoker {
	opts := []protobufx.Option{protobufx.JSON(pbjson.Format{}), protobufx.BinaryMediaTypes("*/*"), protobufx.CompressMin(1)}
	if limit > 0 {
		opts = append(opts, protobufx.MaxBytes(limit))
	}
	const service = "/connectrpc.conformance.v1.ConformanceService/"
	return connect.Handle(connect.Service{
		Procedures: []connect.Procedure{
			connect.Unary(service+"Unary", unary),
			connect.Unary(service+"IdempotentUnary", idempotentUnary).NoSideEffects(),
		},
		Options: opts,
	})
}

func unary(ctx context.Context, in *suitepb.UnaryRequest) (*suitepb.UnaryResponse, error) {
	p, err := answer(ctx, in, in.ResponseDefinition)
	return &suitepb.UnaryResponse{Payload: p}, err
}

func idempotentUnary(ctx context.Context, in *suitepb.IdempotentUnaryRequest) (*suitepb.IdempotentUnaryResponse, error) {
	p, err := answer(ctx, in, in.ResponseDefinition)
	return &suitepb.IdempotentUnaryResponse{Payload: p}, err
}

// answer does what the definition says.
func answer(ctx context.Context, in proto.Message, def *suitepb.UnaryResponseDefinition) (*suitepb.ConformancePayload, error) {
	info, err := requestInfo(ctx, in)
	if err != nil {
		return nil, err
	}
	call := protobufx.CallFrom(ctx)
	for _, h := range def.GetResponseHeaders() {
		for _, v := range h.Value {
			call.AddHeader(h.Name, v)
		}
	}
	for _, h := range def.GetResponseTrailers() {
		for _, v := range h.Value {
			connect.AddTrailer(ctx, h.Name, v)
		}
	}
	if ms := def.GetResponseDelayMs(); ms > 0 {
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if e := def.GetError(); e != nil {
		details := make([]proto.Message, 0, len(e.Details)+1)
		for _, d := range e.Details {
			details = append(details, d)
		}
		return nil, &connect.Error{Code: connect.Code(e.Code), Message: e.GetMessage(), Details: append(details, info)}
	}
	return &suitepb.ConformancePayload{Data: def.GetResponseData(), RequestInfo: info}, nil
}

func requestInfo(ctx context.Context, in proto.Message) (*suitepb.ConformancePayload_RequestInfo, error) {
	request, err := anypb.New(in)
	if err != nil {
		return nil, err
	}
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	info := &suitepb.ConformancePayload_RequestInfo{Requests: []*anypb.Any{request}, RequestHeaders: headers(r.Header)}
	if protobufx.CallFrom(ctx).Header("Connect-Timeout-Ms") != "" {
		end, _ := ctx.Deadline()
		info.TimeoutMs = proto.Int64(time.Until(end).Milliseconds())
	}
	if r.Method == http.MethodGet {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, err
		}
		info.ConnectGetInfo = &suitepb.ConformancePayload_ConnectGetInfo{QueryParams: headers(query)}
	}
	return info, nil
}

func headers(m map[string][]string) (out []*suitepb.Header) {
	for name, values := range m {
		out = append(out, &suitepb.Header{Name: name, Value: values})
	}
	return out
}
