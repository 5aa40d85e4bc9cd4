package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	connectgo "connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/connect"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // contained panics and hidden errors
	m.Run()
}

// A situation is one row of the matrix.
type situation struct {
	name    string
	in      *testpb.Person
	path    string // of another procedure
	header  map[string]string
	ownText bool // the error's text is ours, by what the documentation says
}

func situations() []situation {
	unknown := &testpb.Person{Id: 7}
	unknown.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 5))
	onlyUnknown := &testpb.Person{}
	onlyUnknown.ProtoReflect().SetUnknown(unknown.ProtoReflect().GetUnknown())
	ask := map[string]string{"X-Ask": "hello"}
	s := []situation{
		{name: "ok", in: &testpb.Person{Id: 9971, Name: "Joseph", Email: "joseph@example.com"}},
		{name: "large", in: &testpb.Person{Name: strings.Repeat("much of the same, ", 2000)}},
		{name: "empty", in: &testpb.Person{}},
		{name: "unicode", in: &testpb.Person{Name: "\u00fc \u2028 \" \\ \x01 \U0001F600"}},
		{name: "metadata", in: &testpb.Person{Id: 1}, header: ask},
		{name: "unknown fields", in: unknown},
		{name: "only unknown fields", in: onlyUnknown},
		{name: "bare error", in: &testpb.Person{Name: "bare"}},
		{name: "error with metadata", in: &testpb.Person{Name: "code:5"}, header: ask},
		{name: "plain error", in: &testpb.Person{Name: "plain"}, ownText: true},
		{name: "canceled", in: &testpb.Person{Name: "canceled"}, ownText: true},
		{name: "deadline", in: &testpb.Person{Name: "deadline"}},
		{name: "timeout", in: &testpb.Person{Name: "wait"}, header: map[string]string{"Connect-Timeout-Ms": "1"}},
		{name: "no time at all", in: &testpb.Person{}, header: map[string]string{"Connect-Timeout-Ms": "0"}},
		{name: "much time", in: &testpb.Person{}, header: map[string]string{"Connect-Timeout-Ms": "9999999999"}},
		{name: "timeout of 11 digits", in: &testpb.Person{}, header: map[string]string{"Connect-Timeout-Ms": "10000000000"}, ownText: true},
		{name: "timeout in words", in: &testpb.Person{}, header: map[string]string{"Connect-Timeout-Ms": "soon"}, ownText: true},
		{name: "negative timeout", in: &testpb.Person{}, header: map[string]string{"Connect-Timeout-Ms": "-1"}, ownText: true},
		{name: "panic", in: &testpb.Person{Name: "panic"}, ownText: true},
		{name: "request too large", in: &testpb.Person{Name: strings.Repeat("x", maxBytes)}, ownText: true},
		{name: "answer too large", in: &testpb.Person{Name: "big"}, ownText: true},
		{name: "unknown procedure", in: &testpb.Person{}, path: "/lambdatune.test.v1.PersonService/Else", ownText: true},
	}
	for code := connect.CodeCanceled; code <= connect.CodeUnauthenticated; code++ {
		s = append(s, situation{name: code.String(), in: &testpb.Person{Name: fmt.Sprintf("code:%d", code)}})
	}
	return s
}

// An outcome is all that a client gets to know.
type outcome struct {
	message         *testpb.Person
	code            connectgo.Code
	text            string
	details         []string
	header, trailer string
}

func (o outcome) String() string {
	return fmt.Sprintf("%v %q %.40q %q header %s trailer %s", o.code, o.text, o.message.String(), o.details, o.header, o.trailer)
}

// call makes the call of a situation.
func call(client *connectgo.Client[testpb.Person, testpb.Person], s situation) outcome {
	req := connectgo.NewRequest(s.in)
	for k, v := range s.header {
		req.Header().Set(k, v)
	}
	res, err := client.CallUnary(context.Background(), req)
	if err == nil {
		return outcome{message: res.Msg, header: own(res.Header()), trailer: own(res.Trailer())}
	}
	e, ok := errors.AsType[*connectgo.Error](err)
	if !ok {
		return outcome{text: "no Error of Connect: " + err.Error()}
	}
	o := outcome{code: e.Code(), text: e.Message(), header: own(e.Meta())}
	if s.ownText {
		o.text = ""
	}
	for _, d := range e.Details() {
		o.details = append(o.details, fmt.Sprintf("%s %x", d.Type(), d.Bytes()))
	}
	return o
}

// own returns what logic said, with several values joined as some fronts do.
func own(h http.Header) string {
	var lines []string
	for k, v := range h {
		if strings.HasPrefix(k, "X-") && !strings.HasPrefix(k, "X-Amz") {
			lines = append(lines, k+"="+strings.Join(v, ", "))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

// reference is the same procedure served by connect-go.
func reference(t testing.TB) string {
	mux := http.NewServeMux()
	mux.Handle(procedure, connectgo.NewUnaryHandlerSimple(procedure, theirs,
		connectgo.WithIdempotency(connectgo.IdempotencyNoSideEffects),
		connectgo.WithReadMaxBytes(maxBytes), connectgo.WithSendMaxBytes(1<<20),
		connectgo.WithRecover(func(context.Context, connectgo.Spec, http.Header, any) error {
			return connectgo.NewError(connectgo.CodeInternal, nil)
		})))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func function(opts ...protobufx.Option) protobufx.Invoker {
	return connect.Handle(connect.Service{
		Procedures: []connect.Procedure{connect.Unary(procedure, ours).NoSideEffects()},
		Options: append([]protobufx.Option{
			protobufx.JSON(pbjson.Format{}), protobufx.MaxBytes(maxBytes), protobufx.BinaryMediaTypes("*/*"),
		}, opts...),
	})
}

// variants are the ways to make a call.
var variants = []struct {
	name                         string
	json, get, zipIn, acceptsZip bool
}{
	{name: "proto"},
	{name: "proto, gzip in", zipIn: true},
	{name: "proto, gzip out", acceptsZip: true},
	{name: "proto, gzip", zipIn: true, acceptsZip: true},
	{name: "JSON", json: true},
	{name: "JSON, gzip in", json: true, zipIn: true},
	{name: "JSON, gzip out", json: true, acceptsZip: true},
	{name: "JSON, gzip", json: true, zipIn: true, acceptsZip: true},
	{name: "GET proto", get: true},
	{name: "GET proto, gzip", get: true, zipIn: true, acceptsZip: true},
	{name: "GET JSON", get: true, json: true},
	{name: "GET JSON, gzip", get: true, json: true, zipIn: true, acceptsZip: true},
}

// TestConformance compares what connect-go's client gets from us, through every
// front, with what it gets from connect-go's server.
func TestConformance(t *testing.T) {
	server := reference(t)
	calls := 0
	for _, v := range variants {
		opts := []connectgo.ClientOption{}
		if v.json {
			opts = append(opts, connectgo.WithProtoJSON())
		}
		if v.get {
			// Without a limit gzip would not be used, and too large a message not sent.
			opts = append(opts, connectgo.WithHTTPGet(), connectgo.WithHTTPGetMaxURLSize(200, true))
		}
		if v.zipIn {
			opts = append(opts, connectgo.WithSendGzip())
		}
		if !v.acceptsZip && !v.zipIn {
			opts = append(opts, connectgo.WithAcceptCompression("gzip", nil, nil))
		}
		for _, s := range situations() {
			path := procedure
			if s.path != "" {
				path = s.path
			}
			opts := append(opts, connectgo.WithIdempotency(connectgo.IdempotencyNoSideEffects))
			want := call(connectgo.NewClient[testpb.Person, testpb.Person](http.DefaultClient, server+path, opts...), s)
			for _, front := range fronts {
				fns := map[string]protobufx.Invoker{"": function()}
				if v.acceptsZip {
					fns[", compressing"] = function(protobufx.CompressMin(1))
				}
				for kind, fn := range fns {
					transport := &lambda{front: front, function: fn}
					client := connectgo.NewClient[testpb.Person, testpb.Person](&http.Client{Transport: transport}, "https://example.com"+path, opts...)
					got := call(client, s)
					calls++
					if !proto.Equal(got.message, want.message) || got.String() != want.String() {
						t.Errorf("%s, %v, %s%s:\n got %v\nwant %v", s.name, front.Front, v.name, kind, got, want)
					}
					if zipped := transport.zipped.Load(); (zipped == 1) != (s.name == "large" && kind != "") {
						t.Errorf("%s, %v, %s%s: %d answers were compressed", s.name, front.Front, v.name, kind, zipped)
					}
				}
			}
		}
	}
	t.Logf("%d calls", calls)
}

// TestWithoutBinaryMediaTypes: a REST API without binaryMediaTypes ruins protobuf, which the
// client is told, and passes JSON.
func TestWithoutBinaryMediaTypes(t *testing.T) {
	front := edge.Config{Front: gateway.REST}
	fn := connect.Handle(connect.Service{
		Procedures: []connect.Procedure{connect.Unary(procedure, ours)},
		Options:    []protobufx.Option{protobufx.JSON(pbjson.Format{})},
	})
	httpClient := &http.Client{Transport: &lambda{front: front, function: fn}}
	s := situations()[0]
	got := call(connectgo.NewClient[testpb.Person, testpb.Person](httpClient, "https://example.com"+procedure), s)
	if got.code != connectgo.CodeFailedPrecondition || !strings.Contains(got.text, "binaryMediaTypes") {
		t.Errorf("protobuf: %v", got)
	}
	for _, s := range situations() {
		if s.name == "ok" || s.name == "not_found" {
			got := call(connectgo.NewClient[testpb.Person, testpb.Person](httpClient, "https://example.com"+procedure, connectgo.WithProtoJSON()), s)
			if s.name == "ok" && !proto.Equal(got.message, s.in) || s.name != "ok" && got.code != connectgo.CodeNotFound {
				t.Errorf("JSON, %s: %v", s.name, got)
			}
		}
	}
}
