package protobufx

import (
	"context"
	"testing"
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
