package benchmarks

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/internal/benchmarks/vtpb"
)

// TestVT says that vtprotobuf's methods are used, and agree with the official
// marshaller.
func TestVT(t *testing.T) {
	for _, n := range []int{0, 100, 10 << 10, 300 << 10} {
		m := vt(people(n))
		c := codec(t)
		got, err := c.AppendResponse(nil, protobufx.HTTPv2, 200, mediaType, m)
		if err != nil {
			t.Fatal(err)
		}
		want, err := naive(m)
		if err != nil {
			t.Fatal(err)
		}
		body := func(b []byte) []byte {
			_, rest, _ := bytes.Cut(b, []byte(`"body":"`))
			text, _, _ := bytes.Cut(rest, []byte(`"`))
			return text
		}
		if !bytes.Equal(body(got), body(want)) {
			t.Errorf("%d: the bodies differ", n)
		}
		var back vtpb.People
		if err := c.Unmarshal(body(got), true, mediaType, &back); err != nil || !proto.Equal(&back, m) {
			t.Errorf("%d: not what it was: %v", n, err)
		}
	}
}

// TestVTRefuses says that messages which decode themselves are held to the limits
// too.
func TestVTRefuses(t *testing.T) {
	c := codec(t, protobufx.MaxMessages(10))
	text := []byte("CgAKAAoACgAKAAoACgAKAAoACgAKAAoA")
	if err := c.Unmarshal(text, true, mediaType, &vtpb.People{}); err == nil {
		t.Error("12 messages were decoded")
	}
}
