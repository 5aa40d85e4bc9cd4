package protobufx

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
)

// FuzzOutline: read in pieces or at once, the outermost fields tell the same, and
// nothing against a message that can be decoded.
func FuzzOutline(f *testing.F) {
	f.Add(wire(f, &testpb.Tree{Name: "a", Child: &testpb.Tree{Name: "b"}, Far: []*testpb.Person{joseph}}), 3)
	f.Add([]byte{0x72, 0x80, 0x01, 1, 2, 3}, 2)
	f.Add([]byte{0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a}, 1)
	f.Add([]byte{0x0b, 0x0c}, 1)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		p := planOf((&testpb.Tree{}).ProtoReflect().Descriptor())
		whole, pieces := outline{plan: p}, outline{plan: p}
		left, err := whole.add(b)
		var rest []byte
		var inPieces error
		size = 1 + int(uint(size)%32)
		for at := 0; at < len(b) && inPieces == nil; at += size {
			rest, inPieces = pieces.add(append(bytes.Clone(rest), b[at:min(at+size, len(b))]...))
		}
		if err != inPieces || err == nil && (whole != pieces || !bytes.Equal(left, rest)) {
			t.Fatalf("%x by %d: %v, %+v, %x; at once %v, %+v, %x", b, size, inPieces, pieces, rest, err, whole, left)
		}
		if proto.Unmarshal(b, &testpb.Tree{}) != nil || err == errCut || len(b) == 0 {
			return
		}
		if err != nil || whole.skip > 0 || len(left) > 0 || whole.known == p.foreign(b) {
			t.Fatalf("%x is decoded, but: %v, %+v, %x", b, err, whole, left)
		}
	})
}

// TestBeginningOf says that a string's beginning decodes to a beginning of it,
// wherever it is cut.
func TestBeginningOf(t *testing.T) {
	token := []byte(`"a\\\"\\\\b\u0041\/ü\ud83d\ude00\n\\u0041\\\\\"z"`)
	all := string(jsonscan.AppendString(nil, token))
	for size := 1; size < len(token); size++ {
		got := string(jsonscan.AppendString(nil, beginningOf(token, size)))
		// A letter can be cut, and a pair of surrogates.
		if !strings.HasPrefix(all, strings.TrimRight(got, "\uFFFD")) || len(got) > len(all) || size-len(got) > 40 {
			t.Errorf("%d: %q", size, got)
		}
	}
}
