package gateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

var recorded = []struct {
	file  string
	front gateway.Front
}{
	{"rest", gateway.REST}, {"httpv1", gateway.HTTPv1}, {"httpv2", gateway.HTTPv2},
	{"url", gateway.FunctionURL}, {"alb", gateway.ALB}, {"albmulti", gateway.ALBMulti},
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if err := json.Compact(&small, b); err != nil {
		t.Fatal(err)
	}
	return small.Bytes()
}

func TestParseRecorded(t *testing.T) {
	for _, c := range recorded {
		t.Run(c.file, func(t *testing.T) {
			r, err := gateway.Parse(read(t, c.file))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Release()
			if r.Front != c.front || r.Method != "POST" {
				t.Errorf("front %v, method %s; want %v, POST", r.Front, r.Method, c.front)
			}
			if p, _ := r.Path(); string(p) != "/orders/shop-7" {
				t.Errorf("path = %s", p)
			}
			if got := string(r.Header("X-Tenant")); got != "blue" {
				t.Errorf("X-Tenant = %q", got)
			}
			if got := string(r.Header("SEC-CH-UA")); got != `"Chromium";v="140", "Not=A?Brand";v="24"` {
				t.Errorf("Sec-Ch-Ua = %q", got)
			}
			var tags []string
			for v, err := range r.Query("tag") {
				if err != nil {
					t.Error(err)
				}
				tags = append(tags, string(v))
			}
			want := []string{"tea", "grün und gut"}
			if c.front == gateway.ALB {
				want = want[1:]
			}
			if !slices.Equal(tags, want) {
				t.Errorf("tag = %q, want %q", tags, want)
			}
			if c.front != gateway.FunctionURL && !c.front.Balancer() {
				if v, ok := r.PathParameter("shop"); !ok || string(v) != "shop-7" {
					t.Errorf("path parameter = %q, %v", v, ok)
				}
			}
			for name, want := range map[string]string{"session": "9f8e7d6c5b4a", "theme": "dark"} {
				if v, ok := r.Cookie(name); !ok || string(v) != want {
					t.Errorf("cookie %s = %q, %v", name, v, ok)
				}
			}
			if got := string(r.Header("Cookie")); got != "session=9f8e7d6c5b4a; theme=dark" {
				t.Errorf("Cookie = %q", got)
			}
			body, err := r.AppendBody(nil)
			if err != nil || !bytes.HasPrefix(body, []byte(`{"sku":"TEA-0042"`)) || !json.Valid(body) || !bytes.Contains(body, []byte(`\"Frau Weiß\"`)) {
				t.Errorf("body = %s, %v", body, err)
			}
			if !json.Valid(r.RawContext()) {
				t.Errorf("request context = %s", r.RawContext())
			}

			req, err := r.HTTPRequest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(req.Body)
			if !bytes.Equal(got, body) || req.ContentLength != int64(len(body)) {
				t.Errorf("request body = %s (%d)", got, req.ContentLength)
			}
			if req.URL.Path != "/orders/shop-7" || req.Host == "" || req.RemoteAddr != "203.0.113.7:0" {
				t.Errorf("URL %v, host %q, remote %q", req.URL, req.Host, req.RemoteAddr)
			}
			if c, err := req.Cookie("theme"); err != nil || c.Value != "dark" {
				t.Errorf("cookie = %v, %v", c, err)
			}
			if !slices.Equal(req.URL.Query()["tag"], want) {
				t.Errorf("query = %v", req.URL.RawQuery)
			}
		})
	}
}

func TestParseMalformed(t *testing.T) {
	for _, c := range []struct{ event, member, msg string }{
		{``, "", "ends"},
		{`null`, "", "found null where an object"},
		{`[]`, "", "found an array"},
		{`{}`, "", "neither httpMethod"},
		{`{"httpMethod":"GET"} x`, "", "end of the text"},
		{`{"httpMethod":5}`, "httpMethod", "found a number where a string"},
		{`{"httpMethod":"GET","headers":[]}`, "headers", "found an array"},
		{`{"httpMethod":"GET","headers":{"a":1}}`, "headers.a", "found a number"},
		{`{"httpMethod":"GET","multiValueHeaders":{"a":"b"}}`, "multiValueHeaders.a", "found a string where an array"},
		{`{"httpMethod":"GET","multiValueHeaders":{"a":[{}]}}`, "multiValueHeaders.a", "found an object where a string"},
		{`{"version":"2.0","headers":{"a":false},"requestContext":{"http":{"method":"GET"}}}`, "headers.a", "found a boolean"},
		{`{"version":"2.0","requestContext":{"http":{"method":true}}}`, "requestContext.http.method", "found a boolean"},
		{`{"version":"2.0","requestContext":{"http":[]}}`, "requestContext.http", "found an array"},
		{`{"version":"2.0","requestContext":7}`, "requestContext", "found a number"},
		{`{"version":"2.0","cookies":{},"requestContext":{"http":{"method":"GET"}}}`, "cookies", "found an object"},
		{`{"version":"2.0","cookies":[1]}`, "cookies", "found a number"},
		{`{"version":"2.0","pathParameters":[]}`, "pathParameters", "found an array"},
		{`{"version":"2.0","rawQueryString":{}}`, "rawQueryString", "found an object"},
		{`{"httpMethod":"GET","queryStringParameters":{"a":[]}}`, "queryStringParameters.a", "found an array"},
		{`{"httpMethod":"GET","body":{"a":1}}`, "body", "found an object where a string"},
		{`{"httpMethod":"GET","isBase64Encoded":"true"}`, "isBase64Encoded", "found a string"},
		{`{"httpMethod":"GET","extra":{"a":tru}}`, "extra", "true"},
		{`{"httpMethod":"GET","body":"a`, "body", "closing quote"},
		{`{"httpMethod":"GET","requestContext":{"identity":{"sourceIp":1}}}`, "requestContext.identity.sourceIp", "found a number"},
		{`{"httpMethod":"GET","requestContext":{"x":nul}}`, "requestContext", "null"},
	} {
		r, err := gateway.Parse([]byte(c.event))
		var e *gateway.EventError
		if r != nil || !errors.As(err, &e) || e.Member != c.member || !strings.Contains(err.Error(), c.msg) || e.Offset > len(c.event) {
			t.Errorf("Parse(%s) = %v, %v; want member %q, %q", c.event, r, err, c.member, c.msg)
		}
	}
}

// TestParseBrokenAnywhere cuts and damages recorded events at every position.
func TestParseBrokenAnywhere(t *testing.T) {
	for _, c := range recorded {
		event := read(t, c.file)
		for i := range event {
			if _, err := gateway.Parse(event[:i]); err == nil {
				t.Fatalf("%s cut at %d is accepted", c.file, i)
			}
			bad := bytes.Clone(event)
			bad[i] = 0x01
			var e *gateway.EventError
			if _, err := gateway.Parse(bad); !errors.As(err, &e) || e.Offset > i {
				t.Fatalf("%s damaged at %d: %v", c.file, i, err)
			}
		}
	}
}

func TestBodyBase64(t *testing.T) {
	for _, c := range []struct{ body, want, fail string }{
		{`"aGVsbG8="`, "hello", ""}, {`"+\/+\/"`, "\xfb\xff\xbf", ""}, {`""`, "", ""}, {`null`, "", ""}, {`"aGVs!G8="`, "", "offset 47"}, {`"aGVsbG8"`, "", "body"},
	} {
		event := []byte(`{"httpMethod":"PUT","isBase64Encoded":true,"body":` + c.body + `}`)
		r, err := gateway.Parse(event)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.AppendBody([]byte("x"))
		if c.fail == "" && (err != nil || string(got) != "x"+c.want) {
			t.Errorf("body %s = %q, %v; want %q", c.body, got, err, c.want)
		}
		if c.fail != "" && (err == nil || !strings.Contains(err.Error(), "body")) {
			t.Errorf("body %s = %q, %v; want an error", c.body, got, err)
		}
		r.Release()
	}
}

func TestPath(t *testing.T) {
	for _, c := range []struct{ name, event, path, rawPath string }{
		{"REST keeps the encoding", `{"httpMethod":"GET","path":"/a%2Fb/%C3%BC"}`, "/a/b/ü", "/a%2Fb/%C3%BC"},
		{"REST with base path", `{"httpMethod":"GET","path":"/shop/orders","requestContext":{"path":"/shop/orders","stage":"prod"}}`, "/shop/orders", ""},
		{"HTTP API is decoded", `{"version":"2.0","rawPath":"/50%/%41","requestContext":{"http":{"method":"GET"},"stage":"$default"}}`, "/50%/%41", ""},
		{"HTTP API with stage", `{"version":"2.0","rawPath":"/prod/orders","requestContext":{"http":{"method":"GET"},"stage":"prod"}}`, "/orders", ""},
		{"only the stage", `{"version":"2.0","rawPath":"/prod","requestContext":{"http":{"method":"GET"},"stage":"prod"}}`, "/", ""},
		{"like a stage", `{"version":"2.0","rawPath":"/production/x","requestContext":{"http":{"method":"GET"},"stage":"prod"}}`, "/production/x", ""},
		{"custom domain without stage", `{"version":"2.0","routeKey":"GET /prod/{id}","rawPath":"/prod/7","requestContext":{"http":{"method":"GET"},"stage":"prod","domainName":"api.shop.example"}}`, "/prod/7", ""},
		{"custom domain with stage", `{"version":"2.0","routeKey":"GET /prod/{id}","rawPath":"/prod/prod/7","requestContext":{"http":{"method":"GET"},"stage":"prod","domainName":"api.shop.example"}}`, "/prod/7", ""},
		{"HTTP API 1.0 with stage", `{"version":"1.0","httpMethod":"GET","path":"/v1/a%20b","requestContext":{"stage":"v1"}}`, "/a b", ""},
		{"URL keeps the encoding", `{"version":"2.0","rawPath":"/a%2Fb","requestContext":{"http":{"method":"GET"},"domainName":"x.lambda-url.eu-west-1.on.aws"}}`, "/a/b", "/a%2Fb"},
		{"ALB without path", `{"httpMethod":"GET","requestContext":{"elb":{}}}`, "/", ""},
		{"not encoded", `{"httpMethod":"GET","path":"/100%"}`, "/100%", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := gateway.Parse([]byte(c.event))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Release()
			req, err := r.HTTPRequest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if req.URL.Path != c.path || req.URL.RawPath != c.rawPath {
				t.Errorf("path %q, raw %q; want %q, %q", req.URL.Path, req.URL.RawPath, c.path, c.rawPath)
			}
			if req.Body != http.NoBody {
				t.Errorf("there is a body")
			}
		})
	}
}

func TestRemoteAddr(t *testing.T) {
	for _, c := range []struct{ event, want string }{
		{`{"httpMethod":"GET","requestContext":{"identity":{"sourceIp":"2001:db8::1"}}}`, "[2001:db8::1]:0"},
		{`{"httpMethod":"GET","headers":{"X-Forwarded-For":"10.0.0.1, 203.0.113.9"},"requestContext":{"elb":{}}}`, "203.0.113.9:0"},
		{`{"httpMethod":"GET","headers":{"x-forwarded-for":"203.0.113.9:1234"},"requestContext":{"elb":{}}}`, "203.0.113.9:1234"},
		{`{"httpMethod":"GET","headers":{"x-forwarded-for":"203.0.113.9"}}`, ""},
	} {
		r, err := gateway.Parse([]byte(c.event))
		if err != nil {
			t.Fatal(err)
		}
		req, _ := r.HTTPRequest(t.Context())
		if req.RemoteAddr != c.want {
			t.Errorf("%s: remote address %q, want %q", c.event, req.RemoteAddr, c.want)
		}
		r.Release()
	}
}

// FuzzParse: an event is accepted only if it is valid JSON, its body is what
// encoding/json sees, and every error says where.
func FuzzParse(f *testing.F) {
	// Small ones: the fuzzer spends its time on making large ones smaller.
	for _, event := range []string{
		`{"resource":"/a","path":"/a","httpMethod":"GET","headers":{"A":"b"},"multiValueHeaders":{"A":["b","c"]},"queryStringParameters":null,"multiValueQueryStringParameters":{"a":["1"]},"pathParameters":{"a":"%41"},"requestContext":{"stage":"p","identity":{"sourceIp":"::1"}},"body":null,"isBase64Encoded":false}`,
		`{"version":"2.0","routeKey":"GET /a","rawPath":"/p/a","rawQueryString":"a=%41","cookies":["a=b"],"headers":{"a":"b"},"requestContext":{"domainName":"d","http":{"method":"GET","protocol":"HTTP/1.1"},"stage":"p"},"body":"aGk=","isBase64Encoded":true}`,
		`{"requestContext":{"elb":{}},"httpMethod":"GET","path":"/","queryStringParameters":{"a":"+"},"headers":{"cookie":"a=b; c"},"body":"","isBase64Encoded":false}`,
	} {
		f.Add([]byte(event))
	}
	f.Add([]byte(`{"httpMethod":"GET","path":"\u002fa","headers":{"\u0041":"b"},"body":"\ud83d\ude00"}`))
	f.Fuzz(func(t *testing.T, event []byte) {
		before := bytes.Clone(event)
		r, err := gateway.Parse(event)
		if err != nil {
			var e *gateway.EventError
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(event) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		defer r.Release()
		if !json.Valid(event) {
			t.Fatal("invalid JSON is accepted")
		}
		if token, isBase64 := r.BodyToken(); token != nil && !isBase64 {
			var want string
			if err := json.Unmarshal(token, &want); err != nil {
				t.Fatal(err)
			}
			if got, err := r.AppendBody(nil); err != nil || string(got) != want {
				t.Fatalf("body = %q, %v; want %q", got, err, want)
			}
		}
		r.Cookie("a")
		r.PathParameter("a")
		for range r.Query("a") {
		}
		for range r.Headers("a") {
		}
		if _, err := r.HTTPRequest(t.Context()); err != nil {
			var e *gateway.EventError
			if !errors.As(err, &e) {
				t.Fatalf("error %#v", err)
			}
		}
		if !bytes.Equal(event, before) {
			t.Fatal("the event was changed")
		}
	})
}
