package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// BenchmarkSkip skips, and so validates, a whole event; beside it the peer and
// the floor: json.Valid, and bytes.IndexByte reading every byte once.
func BenchmarkSkip(b *testing.B) {
	for _, e := range events {
		b.Run(e.name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(e.json)))
			b.ReportAllocs()
			for b.Loop() {
				if end, err := jsonscan.Skip(e.json, 0); err != nil || end != len(e.json) {
					b.Fatal(end, err)
				}
			}
		})
		b.Run(e.name+"/json.Valid", func(b *testing.B) {
			b.SetBytes(int64(len(e.json)))
			for b.Loop() {
				if !json.Valid(e.json) {
					b.Fatal("invalid")
				}
			}
		})
		b.Run(e.name+"/IndexByte", func(b *testing.B) {
			b.SetBytes(int64(len(e.json)))
			for b.Loop() {
				if bytes.IndexByte(e.json, 0) >= 0 {
					b.Fatal("found")
				}
			}
		})
	}
}

// BenchmarkFind looks up a member near the end of an event.
func BenchmarkFind(b *testing.B) {
	for _, e := range events {
		b.Run(e.name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(e.json)))
			b.ReportAllocs()
			for b.Loop() {
				if v, err := jsonscan.Find(e.json, e.path...); err != nil || v == nil {
					b.Fatal(v, err)
				}
			}
		})
		b.Run(e.name+"/json.Valid", func(b *testing.B) {
			b.SetBytes(int64(len(e.json)))
			for b.Loop() {
				if !json.Valid(e.json) {
					b.Fatal("invalid")
				}
			}
		})
	}
}
