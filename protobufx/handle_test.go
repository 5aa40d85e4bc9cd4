package protobufx

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

var fronts = []Front{REST, HTTPv1, HTTPv2, FunctionURL, ALB, ALBMulti}

var joseph = &testpb.Person{Id: 9971, Name: "Joseph", Email: "joseph@example.com"}

func wire(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// post is a request with a body of protobuf.
func post(body []byte) *http.Request {
	r := httptest.NewRequest("POST", "/people", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/protobuf")
	r.Header.Set("Accept", "application/protobuf")
	return r
}

func with(r *http.Request, pairs ...string) *http.Request {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			r.Header.Del(pairs[i])
		} else {
			r.Header.Set(pairs[i], pairs[i+1])
		}
	}
	return r
}

// send plays a request through a front to inv and returns what its client gets.
func send(t testing.TB, front Front, binary []string, inv Invoker, r *http.Request) edge.Answer {
	t.Helper()
	c := edge.Config{Front: front, BinaryMediaTypes: binary}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	event, err := c.AppendEvent(nil, r, body)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := inv.Invoke(t.Context(), event)
	if err != nil {
		t.Errorf("%v: %v", front, err)
	}
	return c.Answer(r, payload, err != nil)
}

var listed = []string{"application/protobuf", "application/x-protobuf", "application/proto"}

func echo(_ context.Context, p *testpb.Person) (*testpb.Person, error) { return p, nil }

func quiet(t testing.TB) *bytes.Buffer {
	var b bytes.Buffer
	old := log.Writer()
	log.SetOutput(&b)
	t.Cleanup(func() { log.SetOutput(old) })
	return &b
}

func TestHandleEcho(t *testing.T) {
	inv := Handle(echo, JSON(pbjson.Format{}))
	const text = `{"id":9971,"name":"Joseph","email":"joseph@example.com"}`
	pb := wire(t, joseph)
	for _, front := range fronts {
		for _, c := range []struct {
			name             string
			contentType      string
			accept           string
			body             []byte
			binary           []string
			wantType, answer string
		}{
			{"protobuf", "application/protobuf", "application/protobuf", pb, listed, "application/protobuf", string(pb)},
			{"the talk's alias", "application/x-protobuf", "application/x-protobuf", pb, listed, "application/x-protobuf", string(pb)},
			{"Connect's type, in capitals", "Application/Proto; v=1", "application/proto", pb, listed, "application/proto", string(pb)},
			{"JSON", "application/json; charset=utf-8", "application/json", []byte(text), listed, "application/json", text},
			{"JSON in base64", "application/json", "application/json", []byte(text), []string{"*/*"}, "application/json", text},
			{"JSON to protobuf", "application/json", "application/protobuf", []byte(text), listed, "application/protobuf", string(pb)},
			{"protobuf to JSON", "application/protobuf", "text/html, application/json;q=0.9", pb, listed, "application/json", text},
			{"RFC 9996 JSON", "application/protobuf+json; charset=utf-8", "application/protobuf+json", []byte(text), listed, "application/protobuf+json; charset=utf-8", text},
		} {
			a := send(t, front, c.binary, inv, with(post(c.body), "Content-Type", c.contentType, "Accept", c.accept))
			if a.Status != 200 || string(a.Body) != c.answer || a.Header.Get("Content-Type") != c.wantType {
				t.Errorf("%v, %s: %d %s %q", front, c.name, a.Status, a.Header.Get("Content-Type"), a.Body)
			}
		}
	}
}

func TestHandleEmpty(t *testing.T) {
	inv := Handle(echo)
	for _, front := range fronts {
		r := with(httptest.NewRequest("GET", "/people", http.NoBody), "Accept", "application/protobuf")
		if a := send(t, front, listed, inv, r); a.Status != 200 || len(a.Body) != 0 || a.Header.Get("Content-Type") != "application/protobuf" {
			t.Errorf("%v: %d %q", front, a.Status, a.Body)
		}
	}
}

func status(t testing.TB, b []byte) (code int32, message string, details map[string][]byte) {
	t.Helper()
	details = map[string][]byte{}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		b = b[max(n, 0):]
		switch {
		case num == 1 && typ == protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			code, b = int32(v), b[n:]
		case num == 2 && typ == protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			message, b = string(v), b[n:]
		case num == 3 && typ == protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			b = b[n:]
			_, _, k := protowire.ConsumeTag(v)
			url, m := protowire.ConsumeBytes(v[k:])
			v = v[k+m:]
			_, _, k = protowire.ConsumeTag(v)
			value, _ := protowire.ConsumeBytes(v[k:])
			details[string(url)] = value
		default:
			t.Fatalf("not a google.rpc.Status")
		}
	}
	return code, message, details
}

func zip(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// deep is n trees within each other.
func deep(n int) []byte {
	sizes := make([]int, n)
	for i := 1; i < n; i++ {
		sizes[i] = sizes[i-1] + 1 + protowire.SizeVarint(uint64(sizes[i-1]))
	}
	var b []byte
	for i := n - 1; i >= 0; i-- {
		b = protowire.AppendVarint(append(b, 0x12), uint64(sizes[i]))
	}
	return b
}

func TestHandleRefuses(t *testing.T) {
	quiet(t)
	called := false
	tree := Handle(func(_ context.Context, m *testpb.Tree) (*testpb.Tree, error) { called = true; return m, nil }, MaxMessages(1000), MaxBytes(400<<10))
	people := Handle(func(_ context.Context, m *testpb.People) (*testpb.People, error) { called = true; return m, nil }, MaxMessages(1000), MaxBytes(400<<10))
	pb := wire(t, joseph)
	for _, c := range []struct {
		name    string
		inv     Invoker
		request *http.Request
		status  int
		code    int32
		message string
	}{
		{"another content type", tree, with(post(pb), "Content-Type", "image/png"), 415, 3, "application/protobuf, application/x-protobuf, application/proto"},
		{"JSON, which is not configured", tree, with(post([]byte("{}")), "Content-Type", "application/json"), 415, 3, "application/protobuf"},
		{"an encoding", tree, with(post(pb), "Content-Encoding", "br"), 415, 3, "gzip"},
		{"another accept", tree, with(post(pb), "Accept", "text/html"), 406, 3, "Accept"},
		{"unwanted", tree, with(post(pb), "Accept", "application/*;q=0, */*;q=0"), 406, 3, "Accept"},
		{"truncated", people, post(wire(t, &testpb.People{People: []*testpb.Person{joseph}})[:20]), 400, 3, "no lambdatune.protobufx.test.People"},
		{"no protobuf", tree, post([]byte{0xff, 0xff}), 400, 3, "protobuf"},
		{"another message", people, post(pb), 400, 3, "none of its fields"},
		{"messages", people, post(bytes.Repeat([]byte{0x0a, 0}, 1001)), 413, 8, "more than 1000"},
		{"messages in depth", tree, post(protowire.AppendBytes([]byte{0x12}, bytes.Repeat([]byte{0x1a, 0}, 1000))), 413, 8, "more than 1000"},
		{"depth", tree, post(deep(150)), 400, 3, ""},
		{"bytes", tree, post(bytes.Repeat([]byte{0x0a, 0}, 250<<10)), 413, 8, "bytes"},
		{"gzip bomb", people, with(post(zip(make([]byte, 20<<20))), "Content-Encoding", "gzip"), 413, 8, "20971520"},
		{"messages in gzip", people, with(post(zip(bytes.Repeat([]byte{0x0a, 0}, 100<<10))), "Content-Encoding", "gzip"), 413, 8, "1000"},
		{"truncated gzip", people, with(post(zip(pb)[:30]), "Content-Encoding", "gzip"), 400, 3, "gzip"},
	} {
		for _, front := range fronts {
			called = false
			a := send(t, front, []string{"*/*"}, c.inv, c.request)
			body := a.Body
			var code int32
			var message string
			if strings.HasPrefix(a.Header.Get("Content-Type"), "application/protobuf") {
				code, message, _ = status(t, body)
			} else if c.status == 406 && a.Header.Get("Content-Type") == "application/json" {
				code, message = 3, string(body)
			} else {
				t.Errorf("%s: Content-Type %s", c.name, a.Header.Get("Content-Type"))
			}
			if a.Status != c.status || code != c.code || !strings.Contains(message, c.message) || called {
				t.Errorf("%v, %s: %d, code %d, %q, called: %v", front, c.name, a.Status, code, message, called)
			}
		}
	}
}

// TestTextHint: an API Gateway REST API without the media type in its list sends
// protobuf as text.
func TestTextHint(t *testing.T) {
	a := send(t, REST, []string{"image/png"}, Handle(echo), with(post(wire(t, joseph)), "Accept", "application/json"))
	if a.Status != 406 { // it wants JSON, which there is not
		t.Errorf("status %d", a.Status)
	}
	a = send(t, REST, []string{"image/png"}, Handle(echo, JSON(pbjson.Format{})), with(post(wire(t, joseph)), "Accept", "application/json"))
	if a.Status != 415 || !strings.Contains(string(a.Body), "BinaryMediaTypes") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

func TestRESTAccept(t *testing.T) {
	pb := wire(t, joseph)
	known := []Option{JSON(pbjson.Format{}), BinaryMediaTypes("application~1protobuf")}
	for _, c := range []struct {
		name, accept string
		opts         []Option
		want         string
		status       int
	}{
		{"protobuf first", "application/protobuf, application/json", known, "application/protobuf", 200},
		{"protobuf later", "application/json;q=0.5, application/protobuf", known, "application/json", 200},
		{"anything", "*/*", known, "application/json", 200},
		{"nothing said", "", known, "application/json", 200},
		{"protobuf later, not told", "application/json;q=0.5, application/protobuf", known[:1], "application/json", 200},
		{"nothing said, not told", "", known[:1], "application/protobuf", 200},
		{"no way", "text/html, application/protobuf", known, "application/json", 406},
		{"no JSON", "*/*", known[1:], "application/json", 406},
	} {
		binary := []string{"application/protobuf"}
		if strings.Contains(c.name, "nothing said, not told") {
			binary = []string{"*/*"}
		}
		a := send(t, REST, binary, Handle(echo, c.opts...), with(post(pb), "Accept", c.accept))
		if a.Status != c.status || a.Header.Get("Content-Type") != c.want {
			t.Errorf("%s: %d %s %s", c.name, a.Status, a.Header.Get("Content-Type"), a.Body)
		}
		if c.want == "application/protobuf" && !bytes.Equal(a.Body, pb) {
			t.Errorf("%s: %q", c.name, a.Body)
		}
	}
}

type busy struct{}

func (busy) Error() string   { return "come back later" }
func (busy) HTTPStatus() int { return 429 }

func TestHandleErrors(t *testing.T) {
	out := quiet(t)
	var err error
	inv := Handle(func(context.Context, *testpb.Person) (*testpb.Person, error) {
		if err == nil {
			panic("s-t-a-c-k")
		}
		return nil, err
	}, JSON(pbjson.Format{}))
	for _, c := range []struct {
		name    string
		err     error
		status  int
		code    int32
		message string
		logged  string
	}{
		{"plain", errors.New("secret reason"), 500, 13, "Internal Server Error", "secret reason"},
		{"status", busy{}, 429, 8, "come back later", ""},
		{"wrapped", errors.Join(errors.New("x"), &Error{Code: 5, Message: "no Joseph", Details: []proto.Message{joseph}, Header: http.Header{"X-A": {"b"}}}), 404, 5, "no Joseph", ""},
		{"5xx with a message", &Error{Status: 503, Message: "the database is gone"}, 503, 14, "Service Unavailable", "the database is gone"},
		{"deadline", context.DeadlineExceeded, 504, 4, "Gateway Timeout", "deadline"},
		{"panic", nil, 500, 13, "Internal Server Error", "s-t-a-c-k"},
	} {
		out.Reset()
		err = c.err
		for _, front := range fronts {
			a := send(t, front, listed, inv, post(wire(t, joseph)))
			code, message, details := status(t, a.Body)
			if a.Status != c.status || code != c.code || message != c.message {
				t.Errorf("%v, %s: %d, %d, %q", front, c.name, a.Status, code, message)
			}
			if c.name == "wrapped" && (!bytes.Equal(details["type.googleapis.com/lambdatune.protobufx.test.Person"], wire(t, joseph)) || a.Header.Get("X-A") != "b") {
				t.Errorf("%v: details %q, header %v", front, details, a.Header)
			}
		}
		if (out.Len() > 0) != (c.logged != "") || !strings.Contains(out.String(), c.logged) {
			t.Errorf("%s: logged %q", c.name, out)
		}
	}
	err = &Error{Code: 5, Message: "no \"Joseph\"", Details: []proto.Message{joseph}}
	c := edge.Config{Front: HTTPv2}
	r := with(post(wire(t, joseph)), "Accept", "application/json")
	event, e := c.AppendEvent(nil, r, wire(t, joseph))
	if e != nil {
		t.Fatal(e)
	}
	payload, e := inv.Invoke(invocation.NewContext(t.Context(), invocation.Value{RequestID: "r-1"}), event)
	if e != nil {
		t.Fatal(e)
	}
	want := `{"code":5,"message":"no \"Joseph\"","details":[{"@type":"type.googleapis.com/lambdatune.protobufx.test.Person","id":9971,"name":"Joseph","email":"joseph@example.com"},{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"r-1"}]}`
	if a := c.Answer(r, payload, false); string(a.Body) != want {
		t.Errorf("%s, want %s", a.Body, want)
	}
}

// A list of n people, and a request for it.
func many(n int) *testpb.People {
	p := &testpb.People{}
	for i := range n {
		p.People = append(p.People, &testpb.Person{Id: int32(i), Name: "Joseph", Email: "joseph@example.com"})
	}
	return p
}

func TestAnswerTooLarge(t *testing.T) {
	out := quiet(t)
	list := many(30_000) // 990 KB, 1.3 MB in base64
	inv := Handle(func(context.Context, *testpb.Person) (*testpb.People, error) { return list, nil })
	for _, front := range fronts {
		out.Reset()
		a := send(t, front, listed, inv, post(wire(t, joseph)))
		if front.Balancer() {
			code, message, _ := status(t, a.Body)
			if a.Status != 413 || code != 8 || !strings.Contains(message, "1048576") || !strings.Contains(out.String(), "1048576") {
				t.Errorf("%v: %d %d %q %s", front, a.Status, code, message, out)
			}
		} else if a.Status != 200 || !bytes.Equal(a.Body, wire(t, list)) {
			t.Errorf("%v: %d, %d bytes", front, a.Status, len(a.Body))
		}
	}
}

// A stubborn message is too large, and must not be encoded to find out.
type stubborn struct{ testpb.Person }

func (*stubborn) SizeVT() int { return 1 << 20 }
func (*stubborn) MarshalToSizedBufferVT([]byte) (int, error) {
	panic("it is encoded")
}

func TestTooLargeBeforeEncoding(t *testing.T) {
	out := quiet(t)
	inv := Handle(func(context.Context, *testpb.Person) (*stubborn, error) { return &stubborn{}, nil })
	if a := send(t, ALB, nil, inv, post(wire(t, joseph))); a.Status != 413 || strings.Contains(out.String(), "panic") {
		t.Errorf("%d %s", a.Status, out)
	}
}

// TestNoBody: HEAD, and statuses that forbid a body.
func TestNoBody(t *testing.T) {
	inv := Handle(func(ctx context.Context, p *testpb.Person) (*testpb.Person, error) {
		switch CallFrom(ctx).Query("status") {
		case "204":
			CallFrom(ctx).SetStatus(204)
		case "304":
			CallFrom(ctx).SetStatus(304)
		case "404":
			return nil, &Error{Code: 5, Message: "no Joseph"}
		}
		return joseph, nil
	})
	for _, front := range fronts {
		for _, opts := range [][]Option{nil, {CompressMin(1)}} {
			inv := inv
			if opts != nil {
				inv = Handle(inv.(*handler[testpb.Person, testpb.Person, *testpb.Person, *testpb.Person]).f, opts...)
			}
			for _, c := range []struct {
				method, status string
				want           int
				contentType    string
			}{
				{"HEAD", "", 200, "application/protobuf"}, {"HEAD", "404", 404, "application/protobuf"},
				{"GET", "204", 204, ""}, {"GET", "304", 304, ""}, {"HEAD", "204", 204, ""},
			} {
				r := with(httptest.NewRequest(c.method, "/people?status="+c.status, http.NoBody), "Accept", "application/protobuf", "Accept-Encoding", "gzip")
				a := send(t, front, listed, inv, r)
				if a.Status != c.want || len(a.Body) > 0 || a.Header.Get("Content-Type") != c.contentType {
					t.Errorf("%v, %s %s: %d %q %v", front, c.method, c.status, a.Status, a.Body, a.Header)
				}
			}
		}
	}
}

// TestUnsupported says what a 415 lists for machines.
func TestUnsupported(t *testing.T) {
	inv := Handle(echo, JSON(pbjson.Format{}))
	for _, front := range fronts {
		a := send(t, front, []string{"*/*"}, inv, with(post([]byte("x")), "Content-Type", "image/png"))
		if got := a.Header.Get("Accept"); a.Status != 415 || got != "application/protobuf, application/x-protobuf, application/proto, application/json" {
			t.Errorf("%v: %d, Accept: %s", front, a.Status, got)
		}
		a = send(t, front, []string{"*/*"}, inv, with(post([]byte("x")), "Content-Encoding", "zstd"))
		if got := a.Header.Get("Accept-Encoding"); a.Status != 415 || got != "gzip" {
			t.Errorf("%v: %d, Accept-Encoding: %s", front, a.Status, got)
		}
	}
}

// TestManyAccepts: a header that comes in several lines.
func TestManyAccepts(t *testing.T) {
	const lists = `{"httpMethod":"POST","multiValueHeaders":{"Accept":["text/html;q=0.9"],"accept":["application/json;q=0.5, application/protobuf;q=0","application/x-protobuf;q=0.7"]},"requestContext":%s}`
	inv := Handle(echo, JSON(pbjson.Format{}))
	for requestContext, want := range map[string]string{
		`{"elb":{}}`: "application/x-protobuf",
		`{}`:         "application/json", // of a REST API, which looks at text/html
	} {
		out, err := inv.Invoke(t.Context(), []byte(strings.Replace(lists, "%s", requestContext, 1)))
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %s, %v", requestContext, out, err)
		}
	}
}

// TestBase64Variants: what is not base64 of RFC 4648, section 4, with padding, is
// refused, and white space only where the standard library has it.
func TestBase64Variants(t *testing.T) {
	quiet(t)
	inv := Handle(echo)
	m := &testpb.Person{Name: "???~??"} // with + and / in base64
	text := base64.StdEncoding.EncodeToString(wire(t, m))
	if !strings.Contains(text, "+") || !strings.Contains(text, "/") || !strings.HasSuffix(text, "=") {
		t.Fatalf("%s has not what is tested", text)
	}
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"as it is", text, 200},
		{"escaped slashes", strings.ReplaceAll(text, "/", `\/`), 200},
		{"escapes", strings.ReplaceAll(text, "+", `\u002b`), 200},
		{"line breaks", text[:4] + `\r\n` + text[4:] + `\n`, 200},
		{"a space", text[:4] + " " + text[4:], 400},
		{"no padding", strings.TrimRight(text, "="), 400},
		{"too much padding", text + "=", 400},
		{"padding within", "QQ==" + text, 400},
		{"the URL-safe alphabet", strings.NewReplacer("+", "-", "/", "_").Replace(text), 400},
		{"only padding", "====", 400},
		{"a character outside ASCII", "ü" + text, 400},
	} {
		out, err := inv.Invoke(t.Context(), []byte(`{"version":"2.0","headers":{"content-type":"application/protobuf"},"requestContext":{"http":{"method":"POST"}},"isBase64Encoded":true,"body":"`+c.body+`"}`))
		if err != nil || !strings.Contains(string(out), `"statusCode":`+strconv.Itoa(c.want)) {
			t.Errorf("%s: %s, %v", c.name, out, err)
		}
		if c.want == 200 && !strings.Contains(string(out), text) {
			t.Errorf("%s: %s", c.name, out)
		}
	}
}

func TestCall(t *testing.T) {
	var kept *Call
	inv := Handle(func(ctx context.Context, p *testpb.Person) (*testpb.Person, error) {
		c := CallFrom(ctx)
		kept = c
		if c.Method() != "POST" || c.Header("x-tenant") != "blue" || c.Query("page") != "a b" || c.RequestContext() == nil || !strings.HasSuffix(c.Path(), "/people") {
			t.Errorf("%q %q %q %q", c.Method(), c.Header("x-tenant"), c.Query("page"), c.Path())
		}
		c.SetStatus(201)
		c.AddHeader("Location", "/people/1")
		return p, nil
	})
	for _, front := range fronts {
		r := post(wire(t, joseph))
		r.URL.RawQuery = "page=a+b"
		a := send(t, front, listed, inv, with(r, "X-Tenant", "blue"))
		if a.Status != 201 || a.Header.Get("Location") != "/people/1" || !bytes.Equal(a.Body, wire(t, joseph)) {
			t.Errorf("%v: %d %v", front, a.Status, a.Header)
		}
		if kept.Method() != "" || kept.Header("x-tenant") != "" {
			t.Errorf("%v: a call that is over still has its request", front)
		}
	}
	var none *Call
	none.SetStatus(200)
	if none.Query("x") != "" || CallFrom(t.Context()) != nil {
		t.Error("a nil Call knows something")
	}
}

func TestCompress(t *testing.T) {
	list := many(500)
	inv := Handle(func(context.Context, *testpb.Person) (*testpb.People, error) { return list, nil }, CompressMin(100), BinaryMediaTypes(listed...))
	for _, front := range fronts {
		a := send(t, front, listed, inv, with(post(wire(t, joseph)), "Accept-Encoding", "gzip"))
		if a.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%v: %v", front, a.Header)
		}
		z, err := gzip.NewReader(bytes.NewReader(a.Body))
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(z); !bytes.Equal(b, wire(t, list)) {
			t.Errorf("%v: %d bytes", front, len(b))
		}
		a = send(t, front, listed, inv, post(wire(t, joseph)))
		if a.Header.Get("Content-Encoding") != "" || !bytes.Equal(a.Body, wire(t, list)) {
			t.Errorf("%v: compressed unasked", front)
		}
	}
}

func TestGzipRequest(t *testing.T) {
	for _, front := range fronts {
		a := send(t, front, []string{"*/*"}, Handle(echo), with(post(zip(wire(t, joseph))), "Content-Encoding", "gzip"))
		if a.Status != 200 || !bytes.Equal(a.Body, wire(t, joseph)) {
			t.Errorf("%v: %d %q", front, a.Status, a.Body)
		}
	}
}

func restEvent(t testing.TB, m proto.Message) []byte {
	t.Helper()
	c := edge.Config{Front: gateway.REST, BinaryMediaTypes: listed}
	b := wire(t, m)
	event, err := c.AppendEvent(nil, post(b), b)
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// TestLeases says when the memory of an answer is used again.
func TestLeases(t *testing.T) {
	list := many(10_000)
	inv := Handle(func(context.Context, *testpb.Person) (*testpb.People, error) { return list, nil })
	event := restEvent(t, joseph)
	overlap := func(end func(context.Context) (context.Context, func())) bool {
		ctx, stop := end(t.Context())
		defer stop()
		first, err := inv.Invoke(ctx, event)
		if err != nil {
			t.Fatal(err)
		}
		stop()
		<-ctx.Done()
		runtime.GC() // what is in no pool may go
		second, err := inv.Invoke(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		return &first[0] == &second[0]
	}
	if overlap(func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := context.WithTimeout(ctx, 0)
		return ctx, cancel
	}) {
		t.Error("memory was used again after DeadlineExceeded")
	}
	if overlap(func(ctx context.Context) (context.Context, func()) {
		platform, cancel := context.WithCancel(ctx)
		t.Cleanup(cancel)
		ctx, stop := context.WithCancel(invocation.NewContext(platform, invocation.Value{}))
		return ctx, stop
	}) {
		t.Error("memory was used again while the platform's context is alive")
	}
	if raceEnabled { // where a sync.Pool forgets on purpose
		return
	}
	var again bool
	for range 5 { // a pool promises nothing
		again = again || overlap(func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, cancel
		})
	}
	if !again {
		t.Error("memory was never used again after Canceled")
	}
}

func TestConcurrent(t *testing.T) {
	inv := Handle(func(_ context.Context, p *testpb.Person) (*testpb.People, error) { return many(int(p.Id)), nil })
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			n := 2000 + 500*g
			event := restEvent(t, &testpb.Person{Id: int32(n)})
			want := wire(t, many(n))
			c := edge.Config{Front: REST, BinaryMediaTypes: listed}
			for range 20 {
				ctx, cancel := context.WithCancel(context.Background())
				payload, err := inv.Invoke(ctx, event)
				if err != nil {
					t.Error(err)
				}
				if a := c.Answer(post(nil), payload, false); !bytes.Equal(a.Body, want) {
					t.Errorf("%d bytes, want %d", len(a.Body), len(want))
				}
				cancel()
			}
		})
	}
	wg.Wait()
}

func TestConfiguration(t *testing.T) {
	for _, o := range []Option{MediaTypes(), MediaTypes("text/plain"), MediaTypes("a"), BinaryMediaTypes("x"), MaxBytes(0), MaxMessages(-1), MaxDepth(10_001), JSON(nil), DeadlineReserve(-1), GatewayTimeout(-1)} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), o.name) {
			t.Errorf("%s: %v", o.name, err)
		}
		if _, err := Handle(echo, o).Invoke(t.Context(), restEvent(t, joseph)); err == nil {
			t.Errorf("%s: Invoke without an error", o.name)
		}
	}
	if _, err := Handle[testpb.Person, testpb.Person](nil).Invoke(t.Context(), nil); err == nil {
		t.Error("a nil function is no error")
	}
}

func TestInvokeAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under -race")
	}
	inv := Handle(echo)
	event := restEvent(t, joseph)
	if n := testing.AllocsPerRun(200, func() {
		if _, err := inv.Invoke(context.Background(), event); err != nil {
			t.Fatal(err)
		}
	}); n > 3 {
		t.Errorf("%v allocations per invocation, want 3: the call, and two strings", n)
	}
}
