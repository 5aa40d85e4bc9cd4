package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
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

// BenchmarkSkipVaried skips 200 events of about 8 KB that differ in length and
// text, one after another: no branch predictor learns them by heart.
func BenchmarkSkipVaried(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 5))
	words := strings.Fields("blue order tenant shop example prod eu-central-1 application/json gzip no-cache a an 4711 x-forwarded-for authorization")
	word := func() string {
		return words[r.IntN(len(words))] + strings.Repeat("x", r.IntN(12)) + words[r.IntN(len(words))]
	}
	var varied [][]byte
	size := 0
	for range 200 {
		var headers, multi, items object
		for range 20 + r.IntN(8) {
			name, value := word(), word()+"; "+strings.Repeat(word(), r.IntN(3))
			headers, multi = append(headers, member{name, value}), append(multi, member{name, []string{value}})
		}
		for range 45 + r.IntN(15) {
			items = append(items, member{word(), object{{"sku", word()}, {"quantity", r.IntN(1000)}, {"unitPrice", float64(r.IntN(100000)) / 100}, {"gift", r.IntN(2) == 0}}})
		}
		varied = append(varied, marshal(object{{"headers", headers}, {"multiValueHeaders", multi}, {"body", string(marshal(items))}, {"requestTimeEpoch", r.Int64N(2e12)}}))
		size += len(varied[len(varied)-1])
	}
	next := 0
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(size / len(varied)))
		b.ReportAllocs()
		for b.Loop() {
			text := varied[next%len(varied)]
			next++
			if end, err := jsonscan.Skip(text, 0); err != nil || end != len(text) {
				b.Fatal(end, err)
			}
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(int64(size / len(varied)))
		for b.Loop() {
			next++
			if !json.Valid(varied[next%len(varied)]) {
				b.Fatal("invalid")
			}
		}
	})
}
