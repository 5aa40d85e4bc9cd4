package edge_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
)

// exchange answers a request through a front and returns what the client gets.
func exchange(t testing.TB, c *edge.Config, p *gateway.Policy, req *http.Request, res gateway.Response) (edge.Answer, []byte) {
	t.Helper()
	event, err := c.AppendEvent(nil, req, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gateway.Parse(event)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	payload, err := p.AppendResponse([]byte("prefix"), r, res)
	if err != nil {
		t.Fatal(err)
	}
	payload = bytes.TrimPrefix(payload, []byte("prefix"))
	if !json.Valid(payload) {
		t.Fatalf("%v: invalid payload %s", c.Front, payload)
	}
	return c.Answer(req, payload, false), payload
}

func TestResponse(t *testing.T) {
	long := bytes.Repeat([]byte(`{"order":"tea"},`), 500)
	for _, c := range []struct {
		name   string
		method string
		accept string // and Accept-Encoding
		coding string
		res    gateway.Response
		check  func(front gateway.Front, a edge.Answer) bool
	}{
		{"JSON", "GET", "", "", gateway.Response{ContentType: "application/json", Body: []byte(`{"a":"ü\n"}`)},
			func(_ gateway.Front, a edge.Answer) bool {
				return a.Status == 200 && string(a.Body) == `{"a":"ü\n"}` && a.Header.Get("Content-Type") == "application/json"
			}},
		{"header wins over ContentType", "GET", "", "", gateway.Response{ContentType: "text/html", Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("x")},
			func(_ gateway.Front, a edge.Answer) bool { return a.Header.Get("Content-Type") == "text/plain" }},
		{"names in any case", "GET", "", "", gateway.Response{ContentType: "text/html", Header: http.Header{"content-type": {"text/plain"}, "set-cookie": {"a=1"}, "SET-COOKIE": {"b=2"}, "connection": {"close"}}},
			func(_ gateway.Front, a edge.Answer) bool {
				return a.Header.Get("Content-Type") == "text/plain" && len(a.Header["Set-Cookie"]) == 2 && a.Header.Get("Connection") == ""
			}},
		{"several values", "GET", "", "", gateway.Response{Status: 201, ContentType: "text/plain", Header: http.Header{"Vary": {"Origin", "Accept"}, "Location": {"/x"}}},
			func(_ gateway.Front, a edge.Answer) bool {
				return a.Status == 201 && strings.Join(a.Header.Values("Vary"), ", ") == "Origin, Accept" && a.Header.Get("Location") == "/x"
			}},
		{"cookies", "GET", "", "", gateway.Response{ContentType: "text/plain", Header: http.Header{"Set-Cookie": {"a=1; Path=/", "b=2", "c=3"}}},
			func(_ gateway.Front, a edge.Answer) bool {
				got := slices.Clone(a.Header.Values("Set-Cookie"))
				slices.Sort(got)
				return slices.Equal(got, []string{"a=1; Path=/", "b=2", "c=3"})
			}},
		{"hop headers", "GET", "", "", gateway.Response{ContentType: "text/plain", Header: http.Header{"Connection": {"close"}, "Content-Length": {"99"}, "Transfer-Encoding": {"chunked"}, "Upgrade": {"x"}, "X": {"kept"}}},
			func(_ gateway.Front, a edge.Answer) bool {
				return a.Header.Get("X") == "kept" && a.Header.Get("Connection") == "" && a.Header.Get("Content-Length") == "" && a.Header.Get("Upgrade") == ""
			}},
		{"injection", "GET", "", "", gateway.Response{ContentType: "text/plain", Header: http.Header{"X": {"a\r\nEvil: 1"}, "B ad": {"x"}}},
			func(_ gateway.Front, a edge.Answer) bool {
				return a.Header.Get("X") == "a  Evil: 1" && a.Header.Get("Evil") == "" && len(a.Header["B ad"]) == 0
			}},
		{"204", "GET", "", "", gateway.Response{Status: 204, ContentType: "text/plain", Body: []byte("never")},
			func(_ gateway.Front, a edge.Answer) bool {
				return a.Status == 204 && len(a.Body) == 0 && a.Header.Get("Content-Type") == ""
			}},
		{"304", "GET", "", "", gateway.Response{Status: 304, Header: http.Header{"Etag": {`"1"`}}, Body: []byte("never")},
			func(_ gateway.Front, a edge.Answer) bool {
				return a.Status == 304 && len(a.Body) == 0 && a.Header.Get("Etag") == `"1"`
			}},
		{"HEAD", "HEAD", "", "gzip", gateway.Response{ContentType: "application/json", Body: long},
			func(f gateway.Front, a edge.Answer) bool {
				return len(a.Body) == 0 && a.Header.Get("Content-Type") == "application/json" && (f == gateway.REST || a.Header.Get("Vary") == "Accept-Encoding")
			}},
		{"binary", "GET", "image/png", "gzip", gateway.Response{ContentType: "image/png", Body: []byte{0x89, 'P', 0xff, 0}},
			func(_ gateway.Front, a edge.Answer) bool { return string(a.Body) == "\x89P\xff\x00" }},
		{"a PNG is never compressed", "GET", "image/png", "gzip", gateway.Response{ContentType: "image/png", Body: make([]byte, 9000)},
			func(_ gateway.Front, a edge.Answer) bool {
				return len(a.Body) == 9000 && a.Header.Get("Content-Encoding") == "" && a.Header.Get("Vary") == ""
			}},
		{"ASCII is binary by type", "GET", "application/zip", "", gateway.Response{ContentType: "application/zip", Body: []byte("text")},
			func(_ gateway.Front, a edge.Answer) bool { return string(a.Body) == "text" }},
		{"gzip", "GET", "", "br, gzip;q=0.8", gateway.Response{ContentType: "application/json", Header: http.Header{"Etag": {`"1"`}, "Vary": {"Origin"}}, Body: long},
			func(f gateway.Front, a edge.Answer) bool {
				if f == gateway.REST {
					return bytes.Equal(a.Body, long) && a.Header.Get("Content-Encoding") == ""
				}
				return bytes.Equal(gunzip(a.Body), long) && a.Header.Get("Etag") == `W/"1"` && a.Header.Get("Vary") == "Origin, Accept-Encoding"
			}},
		{"gzip on REST where it is safe", "GET", "image/*", "gzip", gateway.Response{ContentType: "application/json", Body: long},
			func(_ gateway.Front, a edge.Answer) bool {
				return bytes.Equal(gunzip(a.Body), long) && a.Header.Get("Content-Encoding") == "gzip"
			}},
		{"not asked for", "GET", "", "br", gateway.Response{ContentType: "application/json", Body: long},
			func(f gateway.Front, a edge.Answer) bool {
				return bytes.Equal(a.Body, long) && a.Header.Get("Content-Encoding") == "" && (f == gateway.REST || a.Header.Get("Vary") == "Accept-Encoding")
			}},
		{"refused", "GET", "", "gzip;q=0, *", gateway.Response{ContentType: "application/json", Body: long},
			func(_ gateway.Front, a edge.Answer) bool { return bytes.Equal(a.Body, long) }},
		{"identity is preferred", "GET", "", "gzip;q=0.5, identity", gateway.Response{ContentType: "application/json", Body: long},
			func(_ gateway.Front, a edge.Answer) bool { return bytes.Equal(a.Body, long) }},
		{"too small", "GET", "", "gzip", gateway.Response{ContentType: "application/json", Body: long[:1023]},
			func(_ gateway.Front, a edge.Answer) bool { return len(a.Body) == 1023 && a.Header.Get("Vary") == "" }},
		{"no-transform", "GET", "", "gzip", gateway.Response{ContentType: "application/json", Header: http.Header{"Cache-Control": {"no-transform"}}, Body: long},
			func(_ gateway.Front, a edge.Answer) bool { return bytes.Equal(a.Body, long) }},
		{"206", "GET", "", "gzip", gateway.Response{Status: 206, ContentType: "application/json", Body: long},
			func(_ gateway.Front, a edge.Answer) bool { return bytes.Equal(a.Body, long) }},
		{"encoded already", "GET", "image/x", "gzip", gateway.Response{ContentType: "application/json", Header: http.Header{"Content-Encoding": {"br"}}, Body: []byte("\x00brotli\xff")},
			func(_ gateway.Front, a edge.Answer) bool {
				return string(a.Body) == "\x00brotli\xff" && a.Header.Get("Content-Encoding") == "br"
			}},
		{"another charset", "GET", "image/x", "", gateway.Response{ContentType: "text/plain; charset=iso-8859-1", Body: []byte("caf\xe9")},
			func(_ gateway.Front, a edge.Answer) bool { return string(a.Body) == "caf\xe9" }},
		{"text that is not UTF-8", "GET", "", "", gateway.Response{ContentType: "text/plain", Body: []byte("caf\xe9")},
			func(f gateway.Front, a edge.Answer) bool {
				return string(a.Body) == "caf\xe9" || f == gateway.REST && string(a.Body) == "caf\ufffd"
			}},
	} {
		for _, front := range fronts {
			t.Run(c.name+"/"+front.String(), func(t *testing.T) {
				config := edge.Config{Front: front, BinaryMediaTypes: []string{"image/*", "application/zip"}}
				req := httptest.NewRequest(c.method, "/", nil)
				if c.accept != "" {
					req.Header.Set("Accept", c.accept)
				}
				if c.coding != "" {
					req.Header.Set("Accept-Encoding", c.coding)
				}
				a, payload := exchange(t, &config, &gateway.Policy{BinaryMediaTypes: config.BinaryMediaTypes}, req, c.res)
				if !c.check(front, a) {
					t.Errorf("%d %v %.200q\nfrom %.300s", a.Status, a.Header, a.Body, payload)
				}
			})
		}
	}
}

func gunzip(b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, _ := io.ReadAll(z)
	return out
}

// TestResponseOnRESTNeedsBinaryMediaTypes documents the trap: without a match
// the client gets base64 text.
func TestResponseOnRESTNeedsBinaryMediaTypes(t *testing.T) {
	req := httptest.NewRequest("GET", "/", nil)
	req.Header.Set("Accept", "text/html, image/png")
	config := edge.Config{Front: gateway.REST, BinaryMediaTypes: []string{"image/png"}}
	a, _ := exchange(t, &config, &gateway.Policy{}, req, gateway.Response{ContentType: "image/png", Body: []byte{1, 2, 3}})
	if string(a.Body) != "AQID" {
		t.Errorf("body = %q, want base64 text", a.Body)
	}
}

func TestResponseTooLarge(t *testing.T) {
	for _, front := range []gateway.Front{gateway.HTTPv2, gateway.ALB, gateway.ALBMulti} { // megabytes: one front for each limit, and each form
		config := edge.Config{Front: front}
		req := httptest.NewRequest("GET", "/", nil)
		event, err := config.AppendEvent(nil, req, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := gateway.Parse(event)
		if err != nil {
			t.Fatal(err)
		}
		limit := front.MaxAnswer()
		var p gateway.Policy
		for _, c := range []struct {
			contentType string
			size        int
			ok          bool
		}{
			{"text/plain", limit - 400, true}, {"text/plain", limit - 40, false}, {"text/plain", limit + 1, false},
			{"image/png", limit/4*3 - 400, true}, {"image/png", limit/4*3 + 4, false},
		} {
			dst := []byte("x")
			out, err := p.AppendResponse(dst, r, gateway.Response{ContentType: c.contentType, Body: bytes.Repeat([]byte("a"), c.size)})
			var large *gateway.TooLargeError
			switch {
			case c.ok && (err != nil || len(out)-1 > limit):
				t.Errorf("%v, %s, %d bytes: %v", front, c.contentType, c.size, err)
			case c.ok:
				if a := config.Answer(req, out[1:], false); a.Status != 200 {
					t.Errorf("%v, %s, %d bytes: status %d", front, c.contentType, c.size, a.Status)
				}
			case !errors.As(err, &large) || large.Limit != limit || large.Size <= limit || string(out) != "x":
				t.Errorf("%v, %s, %d bytes: %v, %.20q", front, c.contentType, c.size, err, out)
			}
		}
		r.Release()
	}
}

func TestAnswerToMalformed(t *testing.T) {
	const restBody = `{"message": "Internal server error"}`
	const httpBody = `{"message":"Internal Server Error"}`
	for _, c := range []struct {
		payload string
		failed  bool
		want    map[gateway.Front]string // status and body; others 502 or 500
	}{
		{`{"errorMessage":"x","errorType":"y"}`, true, nil},
		{`null`, false, map[gateway.Front]string{gateway.HTTPv2: "200 null", gateway.FunctionURL: "200 null"}},
		{`{"ok":true}`, false, map[gateway.Front]string{gateway.HTTPv2: `200 {"ok":true}`, gateway.FunctionURL: `200 {"ok":true}`}},
		{`"text"`, false, map[gateway.Front]string{gateway.HTTPv2: `200 text`, gateway.FunctionURL: `200 text`}},
		{`not JSON`, false, map[gateway.Front]string{gateway.HTTPv2: `200 not JSON`, gateway.FunctionURL: `200 not JSON`}},
		{`{"statusCode":200,"body":{"a":1}}`, false, nil},
		{`{"statusCode":"abc"}`, false, nil},
		{`{"statusCode":99}`, false, nil},
		{`{"statusCode":200,"isBase64Encoded":true,"body":"*"}`, false, map[gateway.Front]string{gateway.REST: "200 *"}},
		{`{"statusCode":200,"headers":{"a":{}}}`, false, nil},
		{`{"statusCode":"201","headers":{"a":1},"body":"x"}`, false, map[gateway.Front]string{gateway.REST: "201 x", gateway.HTTPv1: "201 x", gateway.HTTPv2: "201 x",
			gateway.FunctionURL: "201 x", gateway.ALB: "201 x", gateway.ALBMulti: "201 x"}},
		{`{"statusCode":200,"unknown":1}`, false, map[gateway.Front]string{gateway.HTTPv1: "200 ", gateway.HTTPv2: "200 ", gateway.FunctionURL: "200 ",
			gateway.ALB: "200 ", gateway.ALBMulti: "200 "}},
	} {
		for _, front := range fronts {
			config := edge.Config{Front: front}
			a := config.Answer(httptest.NewRequest("GET", "/", nil), []byte(c.payload), c.failed)
			got := strconv.Itoa(a.Status) + " " + string(a.Body)
			want, ok := c.want[front]
			if !ok {
				switch front {
				case gateway.REST:
					want = "502 " + restBody
				case gateway.HTTPv1, gateway.HTTPv2:
					want = "500 " + httpBody
				case gateway.FunctionURL:
					want = "502 Internal Server Error"
				default:
					if a.Status == 502 && strings.Contains(string(a.Body), "<title>502 Bad Gateway</title>") {
						continue
					}
				}
			}
			if got != want {
				t.Errorf("%v: %s becomes %s, want %s", front, c.payload, got, want)
			}
		}
	}
}

// FuzzResponse: what AppendResponse writes, each front reads as the answer that
// was meant.
func FuzzResponse(f *testing.F) {
	f.Add(200, "application/json", "X-A", "1", "2", []byte(`{"a":"\u2028"}`), "gzip")
	f.Add(404, "image/png", "Set-Cookie", "a=1", "b=2", []byte{0xff, 0x00, '"'}, "")
	f.Add(200, "text/html", "Vary", "*", "Origin", []byte("<p>ü</p>\x1b"), "*;q=0.1")
	f.Fuzz(func(t *testing.T, status int, contentType, name, value1, value2 string, body []byte, coding string) {
		if status < 200 || status > 599 || strings.ContainsAny(contentType+value1+value2+coding, "\r\n\x00") {
			return
		}
		if contentType != strings.TrimSpace(contentType) || value1 != strings.TrimSpace(value1) || value2 != strings.TrimSpace(value2) {
			return
		}
		key := http.CanonicalHeaderKey(name)
		for _, front := range fronts {
			config := edge.Config{Front: front, BinaryMediaTypes: []string{"*/*"}}
			req := httptest.NewRequest("GET", "/", nil)
			if coding != "" {
				req.Header.Set("Accept-Encoding", coding)
			}
			res := gateway.Response{Status: status, ContentType: contentType, Header: http.Header{key: {value1, value2}}, Body: body}
			if key == "Content-Encoding" && value1 != "" {
				return
			}
			a, payload := exchange(t, &config, &gateway.Policy{CompressMin: 32, BinaryMediaTypes: config.BinaryMediaTypes}, req, res)
			got := a.Body
			if a.Header.Get("Content-Encoding") == "gzip" {
				got = gunzip(got)
			}
			want := body
			if status == 204 || status == 304 {
				want = nil
			}
			if front == gateway.REST && gateway.IsText(contentTypeOf(res)) && !bytes.Equal(got, want) {
				want = []byte(string([]rune(string(body)))) // documented: a REST API's text is UTF-8
			}
			if a.Status != status || !bytes.Equal(got, want) {
				t.Fatalf("%v: %d %q, want %d %q\n%s", front, a.Status, got, status, want, payload)
			}
			if key == "Set-Cookie" && status != 0 {
				values := slices.Clone(a.Header.Values(key))
				slices.Sort(values)
				both := []string{string([]rune(value1)), string([]rune(value2))}
				slices.Sort(both)
				if !slices.Equal(values, both) && value1 != value2 {
					t.Fatalf("%v: cookies %q, want %q\n%s", front, values, both, payload)
				}
			}
		}
	})
}

func contentTypeOf(res gateway.Response) string {
	if v := res.Header.Get("Content-Type"); v != "" {
		return v
	}
	return res.ContentType
}
