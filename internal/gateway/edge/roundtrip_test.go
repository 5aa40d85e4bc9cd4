package edge_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
)

var fronts = []gateway.Front{gateway.REST, gateway.HTTPv1, gateway.HTTPv2, gateway.FunctionURL, gateway.ALB, gateway.ALBMulti}

// FuzzRequest: what a front makes of a request parses back to the request,
// but for what that front is known to lose.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "/orders/7", "a=1&a=2&b=%20x", "X-Tenant", "blue", "red", "session=1; theme=dark", "application/json", []byte(`{"a":"b"}`), "")
	f.Add("GET", "/a%2Fb/%C3%BC+c", "q=gr%C3%BCn+und+gut&=&x", "accept", "text/html", "*/*", "", "", []byte(nil), "prod")
	f.Add("PUT", "/img", "", "If-Match", `"a,b"`, "x", `a="b c"`, "image/png", []byte{0, 1, 0xff, 0xfe}, "v1")
	f.Add("OPTIONS", "/prod/prod", "%zz=1&a=%", "B", "\u00e9", "", "x=", "text/plain; charset=latin1", []byte("caf\xe9"), "prod")
	f.Fuzz(func(t *testing.T, method, path, query, name, value1, value2, cookie, contentType string, body []byte, stage string) {
		req := makeRequest(method, path, query, name, value1, value2, cookie, contentType, body)
		if req == nil {
			return
		}
		if stage != "" && (strings.Trim(stage, "abcdefghijklmnopqrstuvwxyz0123456789") != "") {
			stage = "prod"
		}
		for _, front := range fronts {
			c := edge.Config{Front: front, Stage: stage, BinaryMediaTypes: []string{"image/*", "application/octet-stream"}}
			event, err := c.AppendEvent(nil, req, body)
			if err != nil {
				t.Fatalf("%v: %v", front, err)
			}
			compare(t, &c, req, body, event)
		}
	})
}

// makeRequest returns what a server would have read, nil for what no client
// can send.
func makeRequest(method, path, query, name, value1, value2, cookie, contentType string, body []byte) *http.Request {
	for _, s := range []string{value1, value2, cookie, contentType} {
		for i := range len(s) {
			if s[i] < ' ' || s[i] == 0x7f {
				return nil
			}
		}
		if s != strings.TrimSpace(s) || !utf8.ValidString(s) {
			return nil
		}
	}
	for i := range len(query) {
		if query[i] <= ' ' || query[i] >= 0x7f || query[i] == '#' {
			return nil
		}
	}
	if len(path) == 0 || path[0] != '/' || strings.ContainsAny(path, "?# \"<>^`{|}\\") {
		return nil
	}
	for i := range len(path) {
		if path[i] <= ' ' || path[i] >= 0x7f {
			return nil
		}
	}
	if decoded, err := url.PathUnescape(path); err != nil || strings.HasPrefix(path, "//") || !utf8.ValidString(decoded) {
		return nil // a JSON string has no place for it in the path that an HTTP API has decoded
	}
	for _, s := range []string{method, name} {
		if s == "" || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-0123456789") != "" {
			return nil
		}
	}
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return nil
	}
	u.RawQuery = query
	req := &http.Request{
		Method: method, URL: u, Host: "shop.example", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		RemoteAddr: "203.0.113.9:1234", Header: make(http.Header), ContentLength: int64(len(body)),
	}
	req.Header.Add(name, value1)
	req.Header.Add(name, value2)
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "Te", "Trailer", "Host", "Content-Length",
		"Cookie", "Content-Type", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "Content-Encoding":
		return nil
	}
	return req
}

func compare(t *testing.T, c *edge.Config, req *http.Request, body, event []byte) {
	t.Helper()
	r, err := gateway.Parse(event)
	if err != nil {
		t.Fatalf("%v: %v\n%s", c.Front, err, event)
	}
	defer r.Release()
	if r.Front != c.Front {
		t.Errorf("front = %v, want %v", r.Front, c.Front)
	}
	got, err := r.HTTPRequest(t.Context())
	if err != nil {
		t.Fatalf("%v: %v\n%s", c.Front, err, event)
	}
	if got.Method != req.Method || got.Host != req.Host || got.Proto != req.Proto {
		t.Errorf("%v: %s %s %s, want %s %s %s", c.Front, got.Method, got.Host, got.Proto, req.Method, req.Host, req.Proto)
	}
	if got.URL.Path != req.URL.Path {
		t.Errorf("%v: path = %q, want %q", c.Front, got.URL.Path, req.URL.Path)
	}
	if c.Front != gateway.HTTPv2 && got.URL.EscapedPath() != req.URL.EscapedPath() {
		t.Errorf("%v: escaped path = %q, want %q", c.Front, got.URL.EscapedPath(), req.URL.EscapedPath())
	}
	q := got.URL.Query()
	if want, known := wantQuery(c.Front, req.URL.RawQuery); known && !reflect.DeepEqual(q, want) {
		t.Errorf("%v: query %q = %v, want %v", c.Front, req.URL.RawQuery, q, want)
	}
	for key, values := range req.Header {
		switch {
		case c.Front.Payload2() && key == "Cookie":
			values = []string{joinCookies(values)}
		case c.Front.Payload2():
			values = []string{strings.Join(values, ",")}
		case c.Front == gateway.ALB:
			values = values[len(values)-1:]
		}
		if !slices.Equal(got.Header[key], values) {
			t.Errorf("%v: header %s = %q, want %q", c.Front, key, got.Header[key], values)
		}
	}
	sent, err := io.ReadAll(got.Body)
	want := body
	if !bytes.Contains(event, []byte(`"isBase64Encoded":true`)) {
		want = []byte(string([]rune(string(body)))) // text is all that a JSON string holds
	}
	if err != nil || !bytes.Equal(sent, want) {
		t.Errorf("%v: body = %q, %v; want %q", c.Front, sent, err, want)
	}
	if !c.Front.Balancer() && got.RemoteAddr != "203.0.113.9:0" {
		t.Errorf("%v: remote address %q", c.Front, got.RemoteAddr)
	}
}

// wantQuery is the reference: what net/url makes of the query string. A REST
// API decodes as far as it can; the others pass on what net/url then drops.
func wantQuery(front gateway.Front, raw string) (want url.Values, known bool) {
	want = make(url.Values)
	switch {
	case front.Payload2():
		want, _ = url.ParseQuery(raw)
	case front.Balancer():
		byRaw := make(map[string][]string)
		for part := range strings.SplitSeq(raw, "&") {
			if k, v, _ := strings.Cut(part, "="); part != "" {
				byRaw[k] = append(byRaw[k], v)
			}
		}
		if hasAliases(byRaw) { // names that only differ in encoding lose their order
			return nil, false
		}
		for k, values := range byRaw {
			if one, _ := url.ParseQuery(k + "=" + values[len(values)-1]); len(one) > 0 {
				maps.Copy(want, one)
			}
		}
		if front == gateway.ALBMulti {
			want, _ = url.ParseQuery(raw)
		}
	default:
		for part := range strings.SplitSeq(raw, "&") {
			if part == "" {
				continue
			}
			k, v, _ := strings.Cut(part, "=")
			if d, err := url.QueryUnescape(k); err == nil {
				k = d
			}
			if d, err := url.QueryUnescape(v); err == nil {
				v = d
			}
			k, v = string([]rune(k)), string([]rune(v))
			want[k] = append(want[k], v)
		}
	}
	return want, true
}

func hasAliases(byRaw map[string][]string) bool {
	seen := make(map[string]bool)
	for k := range byRaw {
		d, err := url.QueryUnescape(k)
		if err != nil {
			continue
		}
		if seen[d] {
			return true
		}
		seen[d] = true
	}
	return false
}

func joinCookies(lines []string) string {
	var parts []string
	for _, line := range lines {
		for c := range strings.SplitSeq(line, ";") {
			parts = append(parts, strings.TrimSpace(c))
		}
	}
	return strings.Join(parts, "; ")
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		front            gateway.Front
		route, path, key string
		want             string
		refused          bool
	}{
		{gateway.REST, "/orders/{id}", "/orders/a%2Fb", "id", "a/b", false},
		{gateway.HTTPv2, "/orders/{id}", "/orders/a%2Fb", "id", "a/b", false},
		{gateway.HTTPv1, "/files/{name+}", "/files/x/y%20z", "name", "x/y z", false},
		{gateway.REST, "", "/any/thing", "proxy", "any/thing", false},
		{gateway.HTTPv2, "/orders/{id}", "/other/7", "id", "", true},
		{gateway.HTTPv2, "/orders/{id}", "/orders/7/8", "id", "", true},
	} {
		config := edge.Config{Front: c.front, Route: c.route}
		event, err := config.AppendEvent(nil, httptest.NewRequest("GET", c.path, nil), nil)
		if c.refused {
			var refused *edge.RefusedError
			if refused, _ = err.(*edge.RefusedError); refused == nil || refused.Answer.Status != http.StatusNotFound {
				t.Errorf("%v %s %s: %v, want a refusal", c.front, c.route, c.path, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		r, err := gateway.Parse(event)
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := r.PathParameter(c.key); !ok || string(v) != c.want {
			t.Errorf("%v %s %s: %s = %q, %v; want %q", c.front, c.route, c.path, c.key, v, ok, c.want)
		}
		r.Release()
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		front gateway.Front
		size  int
		ok    bool
	}{
		{gateway.REST, gateway.MaxRequest + 1, false}, {gateway.HTTPv2, gateway.MaxRequest + 1, false}, {gateway.REST, 7 << 20, false},
		{gateway.REST, 4 << 20, true}, {gateway.ALB, gateway.MaxALB + 1, false}, {gateway.ALBMulti, gateway.MaxALB, true}, {gateway.FunctionURL, 5 << 20, false},
	} {
		req := httptest.NewRequest("POST", "/", nil)
		req.Header.Set("Content-Type", "application/octet-stream")
		config := edge.Config{Front: c.front}
		_, err := config.AppendEvent(nil, req, make([]byte, c.size))
		if c.front == gateway.REST { // text: one NUL is six bytes
			req.Header.Set("Content-Type", "text/plain")
			_, err = config.AppendEvent(nil, req, bytes.Repeat([]byte("a"), c.size))
		}
		refused, _ := err.(*edge.RefusedError)
		if c.ok != (err == nil) || (!c.ok && (refused == nil || refused.Answer.Status != http.StatusRequestEntityTooLarge)) {
			t.Errorf("%v with %s bytes: %v", c.front, strconv.Itoa(c.size), err)
		}
	}
}
