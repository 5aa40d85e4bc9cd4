package protobufx

import (
	"testing"

	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

func TestNegotiate(t *testing.T) {
	both, err := New(JSON(pbjson.Format{}))
	if err != nil {
		t.Fatal(err)
	}
	alone, err := New()
	if err != nil {
		t.Fatal(err)
	}
	const pb, x, js = "application/protobuf", "application/x-protobuf", "application/json"
	for _, c := range []struct {
		accept, contentType, both, alone string
	}{
		{"", "", pb, pb},
		{"", x, x, x},
		{"", js, js, pb},
		{"*/*", x, x, x},
		{"*/*", js + "; charset=utf-8", js, pb},
		{"application/*", "", pb, pb},
		{x, js, x, x},
		{js, pb, js, ""},
		{"text/html", pb, "", ""},
		{"text/html, */*;q=0.1", x, x, x},
		{js + ";q=0.5, " + pb, "", pb, pb},
		{js + ", " + pb + ";q=0.9", "", js, pb},
		{js + ", " + pb, "", js, pb},
		{pb + ", " + js, js, pb, pb},
		{"*/*, " + js, "", js, pb},
		{pb + ";q=0, */*;q=0.5", "", js, ""},
		{pb + ";q=0, */*;q=0.5", x, x, x},
		{pb + ";q=0", x, "", ""},
		{pb + ";q=0, " + x, "", x, x},
		{"*/*;q=0.5", "", pb, pb},
		{"*/*;q=0.5, " + js + ";q=0", js, pb, pb},
		{"application/proto;q=0.4, */*;q=0.3", "", "application/proto", "application/proto"},
		{"application/x-protobuf+json", "", "application/x-protobuf+json; charset=utf-8", ""},
		{"*/*", "Application/X-Protobuf+JSON", "application/x-protobuf+json; charset=utf-8", pb},
		{"*/*", "application/problem+json", js, pb},
		{pb + " ; q=0.3 , " + js + "\t;\tQ=0.4", "", js, pb},
		{"application/protobuf;q=.5, application/json;q=0.501", "", js, pb},
		{"application/*;q=0.2, " + js + ";q=0.1", "", pb, pb},
		{pb + ";messageType=\"a,b;q=0\";q=0.7", "", pb, pb},
		{pb + ";q=2", "", "", ""},
		{pb + ";q=x", "", "", ""},
		{"APPLICATION/PROTOBUF", "", pb, pb},
		{"application/protobuf+json", "", "application/protobuf+json; charset=utf-8", ""},
		{",,", "", "", ""},
	} {
		for _, side := range []struct {
			codec *Codec
			want  string
		}{{both, c.both}, {alone, c.alone}} {
			got, err := side.codec.Negotiate(HTTPv2, c.accept, c.contentType)
			if got != side.want || (err == nil) != (side.want != "") {
				t.Errorf("Negotiate(%q, %q) = %q, %v; want %q", c.accept, c.contentType, got, err, side.want)
			}
		}
	}
}
