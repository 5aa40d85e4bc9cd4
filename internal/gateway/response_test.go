package gateway_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// TestEncodeBase64 compares with encoding/base64 at every length around the
// chunks, with room in the buffer and without.
func TestEncodeBase64(t *testing.T) {
	raw := make([]byte, 10000)
	for i := range raw {
		raw[i] = byte(i*7 + i>>8)
	}
	for n := 0; n < len(raw); n++ {
		if n > 200 && n%(3<<10) > 8 && n%997 != 0 {
			continue
		}
		for _, room := range []int{0, 20000} {
			b := make([]byte, 5, 5+n+room)
			b = append(b, raw[:n]...)
			got := gateway.EncodeBase64(b, 5)
			if want := base64.StdEncoding.EncodeToString(raw[:n]); string(got[5:]) != want {
				t.Fatalf("%d bytes, room %d: differs", n, room)
			}
		}
	}
}

// TestPieces writes an envelope in pieces, as protobuf does, in one buffer.
func TestPieces(t *testing.T) {
	build := func(buf []byte) []byte {
		buf = gateway.AppendHead(buf, gateway.HTTPv2, 201, nil, "application/protobuf", true)
		at := len(buf)
		buf = append(buf, 1, 2, 3, 0xff)
		buf = gateway.EncodeBase64(buf, at)
		return gateway.AppendTail(buf)
	}
	got := build(nil)
	want := `{"statusCode":201,"headers":{"Content-Type":"application/protobuf"},"isBase64Encoded":true,"body":"AQID/w=="}`
	if string(got) != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if !raceEnabled {
		buf := make([]byte, 0, 4096)
		if n := testing.AllocsPerRun(100, func() { build(buf) }); n != 0 {
			t.Errorf("%v allocations, want 0", n)
		}
	}
}

func TestFault(t *testing.T) {
	got := gateway.AppendFault(nil, `no "x"`, "r-1")
	var v struct{ Message, RequestID string }
	if err := json.Unmarshal(got, &v); err != nil || v.Message != `no "x"` || v.RequestID != "r-1" {
		t.Errorf("%s: %v", got, err)
	}
	if got := string(gateway.AppendFault(nil, "x", "")); got != `{"message":"x"}` {
		t.Error(got)
	}
}

func TestMediaTypes(t *testing.T) {
	for _, c := range []struct {
		contentType string
		json, text  bool
	}{
		{"application/json", true, true}, {"Application/JSON; charset=UTF-8", true, true}, {`application/json; charset="utf-8"`, true, true},
		{"application/problem+json", true, true}, {"application/json; charset=utf-16", false, false}, {"application/jsonp", false, false},
		{"text/html", false, true}, {"text/plain; format=flowed; charset=latin1", false, false}, {"image/svg+xml", false, true}, {"application/xml", false, true},
		{"image/png", false, false}, {"application/octet-stream", false, false}, {"", false, false}, {"application/protobuf", false, false}, {"application/x-www-form-urlencoded", false, true},
	} {
		if got := gateway.IsJSON(c.contentType); got != c.json {
			t.Errorf("IsJSON(%q) = %v", c.contentType, got)
		}
		if got := gateway.IsText(c.contentType); got != c.text {
			t.Errorf("IsText(%q) = %v", c.contentType, got)
		}
	}
	for _, c := range []struct {
		types  []string
		header string
		want   bool
	}{
		{[]string{"*/*"}, "", true}, {[]string{"image/*"}, "image/png,*/*", true}, {[]string{"image/png"}, "text/html, image/png", false},
		{[]string{"application/protobuf"}, "Application/Protobuf;v=1", true}, {nil, "a/b", false}, {[]string{"image/*"}, "imagex/png", false},
	} {
		if got := gateway.MatchMediaType(c.types, c.header); got != c.want {
			t.Errorf("MatchMediaType(%q, %q) = %v", c.types, c.header, got)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, c := range recorded {
		event := read(b, c.file)
		b.Run(c.file, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(event)))
			var buf []byte
			for b.Loop() {
				r, err := gateway.Parse(event)
				if err != nil {
					b.Fatal(err)
				}
				buf, _ = r.AppendBody(buf[:0])
				r.Release()
			}
		})
	}
}

func BenchmarkAppendResponse(b *testing.B) {
	event := read(b, "httpv2")
	r, err := gateway.Parse(event)
	if err != nil {
		b.Fatal(err)
	}
	var p gateway.Policy
	h := http.Header{"Location": {"/orders/7"}, "Cache-Control": {"no-store"}}
	body := []byte(`{"id":"7f3a","status":"accepted","total":{"amount":"19.90","currency":"EUR"}}`)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = p.AppendResponse(buf[:0], r, gateway.Response{Status: 201, Header: h, ContentType: "application/json", Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}
