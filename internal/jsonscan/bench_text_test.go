package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

var strs = []struct{ name, s string }{
	{"name", "content-type"},
	{"plain1k", strings.Repeat("a plain text of ASCII letters. ", 33)},
	{"order", order(6)},
	{"japanese", strings.Repeat("注文を受け付けました。", 30)},
	{"trace", strings.Repeat("goroutine 1 [running]:\n\tmain.\"place\"(0x1)\r\n", 20)},
}

// BenchmarkAppendString decodes; the peer is json.Unmarshal into a string, the
// floor a copy of the bytes.
func BenchmarkAppendString(b *testing.B) {
	buf := make([]byte, 0, 16<<10)
	for _, s := range strs {
		token := marshal(s.s)
		b.Run(s.name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(token)))
			b.ReportAllocs()
			for b.Loop() {
				if got := jsonscan.AppendString(buf[:0], token); len(got) != len(s.s) {
					b.Fatal(got)
				}
			}
		})
		b.Run(s.name+"/json.Unmarshal", func(b *testing.B) {
			b.SetBytes(int64(len(token)))
			var got string
			for b.Loop() {
				if json.Unmarshal(token, &got) != nil || len(got) != len(s.s) {
					b.Fatal(got)
				}
			}
		})
		b.Run(s.name+"/copy", func(b *testing.B) {
			b.SetBytes(int64(len(token)))
			for b.Loop() {
				if got := append(buf[:0], token...); len(got) != len(token) {
					b.Fatal(got)
				}
			}
		})
	}
}

// BenchmarkAppendQuote encodes; the peers are a json.Encoder without HTML
// escaping, and strconv.AppendQuote, which writes Go's escapes.
func BenchmarkAppendQuote(b *testing.B) {
	dst := make([]byte, 0, 16<<10)
	for _, s := range strs {
		b.Run(s.name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(s.s)))
			b.ReportAllocs()
			for b.Loop() {
				if got := jsonscan.AppendQuote(dst, s.s); len(got) < len(s.s) {
					b.Fatal(got)
				}
			}
		})
		b.Run(s.name+"/json.Encoder", func(b *testing.B) {
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			b.SetBytes(int64(len(s.s)))
			for b.Loop() {
				buf.Reset()
				if enc.Encode(s.s) != nil {
					b.Fatal("no string")
				}
			}
		})
		b.Run(s.name+"/strconv", func(b *testing.B) {
			b.SetBytes(int64(len(s.s)))
			for b.Loop() {
				if got := strconv.AppendQuote(dst, s.s); len(got) < len(s.s) {
					b.Fatal(got)
				}
			}
		})
	}
}

func BenchmarkEqualString(b *testing.B) {
	for _, s := range strs {
		token := marshal(s.s)
		b.Run(s.name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(token)))
			b.ReportAllocs()
			for b.Loop() {
				if !jsonscan.EqualString(token, s.s) {
					b.Fatal("not equal")
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"7", "1726651439123", "19.99", "23.4140625", "6.02214076e23", "0.1234567890123456789"} {
		token := []byte(s)
		b.Run(s+"/ParseFloat", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := jsonscan.ParseFloat(token); !ok {
					b.Fatal(s)
				}
			}
		})
		b.Run(s+"/strconv.ParseFloat", func(b *testing.B) {
			for b.Loop() {
				if _, err := strconv.ParseFloat(s, 64); err != nil {
					b.Fatal(err)
				}
			}
		})
		if strings.ContainsAny(s, ".e") {
			continue
		}
		b.Run(s+"/ParseInt", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := jsonscan.ParseInt(token); !ok {
					b.Fatal(s)
				}
			}
		})
		b.Run(s+"/strconv.ParseInt", func(b *testing.B) {
			for b.Loop() {
				if _, err := strconv.ParseInt(s, 10, 64); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWalk visits every member of an event's first level and compares its
// name, as an event decoder does.
func BenchmarkWalk(b *testing.B) {
	e := events[1]
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(e.json)))
		b.ReportAllocs()
		for b.Loop() {
			bodies := 0
			o := jsonscan.WalkObject(e.json, 0)
			for o.Next() {
				if jsonscan.EqualString(o.NameToken(), "body") {
					bodies += len(o.Value())
				}
			}
			if o.Err() != nil || bodies == 0 {
				b.Fatal(o.Err())
			}
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(e.json)))
		for b.Loop() {
			if !json.Valid(e.json) {
				b.Fatal("invalid")
			}
		}
	})
}
