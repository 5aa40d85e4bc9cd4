package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/protobufx/connect"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
)

func zip(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b) //nolint:errcheck // memory takes all
	w.Close()
	return out.Bytes()
}

func encode(t testing.TB, m proto.Message) string {
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestWire compares what is on the wire where a real client would not go, or not
// notice.
func TestWire(t *testing.T) {
	server := reference(t)
	joseph := encode(t, &testpb.Person{Name: "Joseph"})
	const asked = "?connect=v1&encoding=json&message="
	type wireCase struct {
		name, method, query, contentType, body string
		header                                 []string // names and values
		code                                   string   // where it differs from connect-go's
		status                                 int      // likewise
		lenient                                bool     // we take it
	}
	cases := []wireCase{
		{name: "ok", body: joseph},
		{name: "PUT", method: "PUT", body: joseph, code: "unknown"},
		{name: "OPTIONS", method: "OPTIONS", code: "unknown"},
		{name: "HEAD", method: "HEAD"},
		{name: "no content type", contentType: "-", body: joseph, code: "unknown"},
		{name: "another content type", contentType: "text/plain", body: joseph, code: "unknown"},
		{name: "JSON of another kind", contentType: "application/person+json", body: "{}", code: "unknown"},
		{name: "stream", contentType: "application/connect+proto", body: "\x00\x00\x00\x00\x00", code: "unknown"},
		{name: "JSON stream", contentType: "application/connect+json", body: "\x00\x00\x00\x00\x02{}", code: "unknown"},
		{name: "latin 1", contentType: "application/json; charset=latin1", body: "{}", code: "unknown"},
		{name: "UTF-8", contentType: "application/json; charset=UTF-8", body: `{"name":"Joseph"}`},
		{name: "capitals", contentType: "Application/Proto", body: joseph},
		{name: "empty JSON", contentType: "application/json"},
		{name: "no JSON", contentType: "application/json", body: `{"name":`},
		{name: "JSON of another type", contentType: "application/json", body: `{"name":1}`},
		{name: "JSON with unknown names", contentType: "application/json", body: `{"name":"Joseph","age":[{"n":1}]}`},
		{name: "JSON list", contentType: "application/json", body: `[]`},
		{name: "cut off", body: joseph[:3]},
		{name: "unknown compression", body: joseph, header: []string{"Content-Encoding", "br"}},
		{name: "identity", body: joseph, header: []string{"Content-Encoding", "identity"}},
		{name: "gzip", body: string(zip([]byte(joseph))), header: []string{"Content-Encoding", "gzip"}},
		{name: "empty in gzip", header: []string{"Content-Encoding", "gzip"}},
		{name: "gzip of nothing", body: string(zip(nil)), header: []string{"Content-Encoding", "gzip"}},
		{name: "no gzip", body: joseph, header: []string{"Content-Encoding", "gzip"}, lenient: true},
		{name: "gzip cut off", body: string(zip([]byte(joseph))[:20]), header: []string{"Content-Encoding", "gzip"}},
		{name: "gzip with a tail", body: string(zip([]byte(joseph))) + "more", header: []string{"Content-Encoding", "gzip"}},
		{name: "gzip bomb", body: string(zip(make([]byte, 50<<20))), header: []string{"Content-Encoding", "gzip"}},
		{name: "version 1", body: joseph, header: []string{"Connect-Protocol-Version", "1"}},
		{name: "version 2", body: joseph, header: []string{"Connect-Protocol-Version", "2"}},
		{name: "GET", method: "GET", query: asked + "%7B%22name%22:%22a+b%22%7D"},
		{name: "GET of nothing", method: "GET", query: asked, contentType: "-"},
		{name: "GET of nothing in gzip", method: "GET", query: "?encoding=proto&compression=gzip&message="},
		{name: "GET without a message", method: "GET", query: "?connect=v1&encoding=json"},
		{name: "GET without an encoding", method: "GET", query: "?connect=v1&message=%7B%7D", code: "unknown"},
		{name: "GET in another encoding", method: "GET", query: "?connect=v1&encoding=xml&message=%7B%7D", code: "unknown"},
		{name: "GET of another version", method: "GET", query: "?connect=v2&encoding=json&message=%7B%7D"},
		{name: "GET of version 1", method: "GET", query: "?connect=1&encoding=json&message=%7B%7D"},
		{name: "GET without a version", method: "GET", query: "?encoding=json&message=%7B%7D"},
		{name: "GET with a body", method: "GET", query: asked + "%7B%7D", body: "{}", contentType: "application/json", code: "unknown"},
		{name: "GET in padded base64", method: "GET", query: "?encoding=proto&base64=1&message=EgE_EgI_Pg%3D%3D"},
		{name: "GET in base64", method: "GET", query: "?encoding=proto&base64=1&message=EgE_EgI_Pg"},
		{name: "GET of no base64", method: "GET", query: "?encoding=proto&base64=1&message=%2A%2A", code: "invalid_argument", status: 400},
		{name: "GET of another compression", method: "GET", query: "?encoding=json&compression=br&message=%7B%7D"},
		{name: "GET of no gzip", method: "GET", query: "?encoding=json&compression=gzip&message=%7B%7D"},
		{name: "GET fails", method: "GET", query: asked + `%7B%22name%22:%22code:14%22%7D`},
		{name: "plain", body: encode(t, &testpb.Person{Name: "plain"})},
		{name: "code 0", body: encode(t, &testpb.Person{Name: "code:0"}), code: "unknown"},
		{name: "code 17", body: encode(t, &testpb.Person{Name: "code:17"}), code: "unknown"},
	}
	for code := connect.CodeCanceled; code <= connect.CodeUnauthenticated; code++ {
		cases = append(cases, wireCase{name: code.String(), body: encode(t, &testpb.Person{Name: fmt.Sprintf("code:%d", code)})})
	}
	for _, c := range cases {
		send := func(client *http.Client, url string) (*http.Response, []byte) {
			method := c.method
			if method == "" {
				method = "POST"
			}
			r, err := http.NewRequest(method, url+procedure+c.query, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case c.contentType == "" && method == "POST":
				r.Header.Set("Content-Type", "application/proto")
			case c.contentType != "" && c.contentType != "-":
				r.Header.Set("Content-Type", c.contentType)
			}
			r.Header.Set("Accept-Encoding", "identity")
			for i := 0; i+1 < len(c.header); i += 2 {
				r.Header.Set(c.header[i], c.header[i+1])
			}
			res, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			in := io.Reader(res.Body)
			if res.Header.Get("Content-Encoding") == "gzip" { // unasked, as the request was
				if in, err = gzip.NewReader(in); err != nil {
					t.Fatal(err)
				}
			}
			body, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			return res, body
		}
		want, wantBody := send(http.DefaultClient, server)
		for _, front := range fronts {
			got, body := send(&http.Client{Transport: &lambda{front: front, function: function()}}, "https://example.com")
			at := c.name + ", " + front.Front.String()
			if c.lenient && got.StatusCode == 200 {
				continue // a REST API may have undone gzip and left the header
			}
			if c.status != 0 {
				want.StatusCode = c.status
			}
			if got.StatusCode != want.StatusCode {
				t.Errorf("%s: status %d %s, want %d %s", at, got.StatusCode, body, want.StatusCode, wantBody)
			}
			if g, w := got.Header.Get("Allow"), want.Header.Get("Allow"); g != w {
				t.Errorf("%s: Allow %q, want %q", at, g, w)
			}
			if g := got.Header.Get("Accept-Encoding"); strings.Contains(c.name, "compression") && g != want.Header.Get("Accept-Encoding") {
				t.Errorf("%s: Accept-Encoding %q", at, g)
			}
			if g, w := got.Header.Get("Accept-Post"), want.Header.Get("Accept-Post"); g != "" != (w != "") {
				t.Errorf("%s: Accept-Post %q, theirs %q", at, g, w)
			}
			if c.method == "HEAD" {
				if len(body) > 0 {
					t.Errorf("%s: body %q", at, body)
				}
				continue
			}
			if got.StatusCode == http.StatusOK {
				if g, w := got.Header.Get("Content-Type"), want.Header.Get("Content-Type"); g != w {
					t.Errorf("%s: content type %q, want %q", at, g, w)
				}
				if !bytes.Equal(body, wantBody) && !equalJSON(body, wantBody) {
					t.Errorf("%s: %q, want %q", at, body, wantBody)
				}
				continue
			}
			g, w := wireError(t, body), wireError(t, wantBody)
			if c.code != "" {
				w["code"] = c.code
			}
			if g["code"] != w["code"] || !reflect.DeepEqual(g["details"], w["details"]) {
				t.Errorf("%s:\n got %s\nwant %s", at, body, wantBody)
			}
			if got.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: an error in %q", at, got.Header.Get("Content-Type"))
			}
			if strings.Contains(string(body), secret) {
				t.Errorf("%s: the client is told %s", at, body)
			}
		}
	}
}

func equalJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// wireError decodes an error, and leaves out what is only for people.
func wireError(t *testing.T, body []byte) map[string]any {
	m := map[string]any{}
	if len(body) == 0 {
		return m // as connect-go refuses before it has a protocol
	}
	if err := json.Unmarshal(body, &m); err != nil {
		t.Errorf("%q: %v", body, err)
	}
	details, _ := m["details"].([]any)
	for _, d := range details {
		delete(d.(map[string]any), "debug")
	}
	return m
}
