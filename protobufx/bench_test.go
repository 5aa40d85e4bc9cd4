package protobufx

import (
	"context"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
)

func BenchmarkInvoke(b *testing.B) {
	inv := Handle(echo)
	event := restEvent(b, joseph)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := inv.Invoke(context.Background(), event); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScan is the whole of what a large honest body pays for the limit of
// messages, beside what decoding it takes.
func BenchmarkScan(b *testing.B) {
	body := wire(b, many(30_000))
	p := planOf((*testpb.People)(nil).ProtoReflect().Descriptor())
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			s := scanner{left: 100_000}
			if err := s.scan(p, body, 100); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unmarshal", func(b *testing.B) {
		for b.Loop() {
			var m testpb.People
			if err := proto.Unmarshal(body, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
