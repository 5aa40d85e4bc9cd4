package base64

import (
	"bytes"
	std "encoding/base64"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

// TestSizes compares every size around the thresholds and chunks with the
// standard library.
func TestSizes(t *testing.T) {
	sizes := []int{chunk - 1, chunk, chunk + 1, 2*chunk - 1, 2 * chunk, 10000, 65537, 1<<20 + 1}
	for n := range 700 {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		check(t, random(n))
	}
}

func check(t *testing.T, raw []byte) {
	t.Helper()
	want := std.StdEncoding.EncodeToString(raw)
	if got := Append([]byte("x"), raw); string(got) != "x"+want {
		t.Fatalf("%d bytes: Append differs", len(raw))
	}
	if got := EncodedLen(len(raw)); got != len(want) {
		t.Fatalf("%d bytes: EncodedLen = %d, want %d", len(raw), got, len(want))
	}
	b := make([]byte, len(want), len(want)+8)
	guard := b[len(b):cap(b)]
	copy(b[len(b)-len(raw):], raw)
	EncodeTail(b, len(raw))
	if string(b) != want {
		t.Fatalf("%d bytes: EncodeTail differs", len(raw))
	}
	if !bytes.Equal(guard, make([]byte, 8)) {
		t.Fatalf("%d bytes: EncodeTail wrote past its end", len(raw))
	}
	got, err := AppendDecode([]byte("x"), []byte(want))
	if err != nil || string(got[1:]) != string(raw) {
		t.Fatalf("%d bytes: AppendDecode differs: %v", len(raw), err)
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("Joseph"), 1)
	f.Add(random(500), 40)
	f.Fuzz(func(t *testing.T, raw []byte, times int) {
		check(t, bytes.Repeat(raw, 1+int(uint(times)%64)))
	})
}

// FuzzDecode says that text of any kind, line breaks and errors included, is
// decoded as the standard library does.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("CPNN"), 0, byte('='))
	f.Add([]byte("EgZKb3NlcGg"), 9, byte('\n'))
	f.Add([]byte("AAAA"), 77, byte('\r'))
	f.Add([]byte("AAAA"), 77, byte('-'))
	f.Fuzz(func(t *testing.T, text []byte, at int, c byte) {
		if len(text) > 0 && len(text) < 1000 {
			text = bytes.Repeat(text, 100)
			text[uint(at)%uint(len(text))] = c
		}
		want, wantErr := std.StdEncoding.AppendDecode(nil, text)
		got, err := AppendDecode(nil, text)
		if !bytes.Equal(got, want) || err != wantErr {
			t.Fatalf("%q: %d bytes, %v; want %d bytes, %v", text, len(got), err, len(want), wantErr)
		}
	})
}

var benchSizes = []int{16, 31, 64, 96, 128, 160, 192, 256, 512, 1024, 4096, 10 << 10, 1 << 20}

func BenchmarkEncode(b *testing.B) {
	for _, n := range benchSizes {
		raw, dst := random(n), make([]byte, EncodedLen(n))
		for _, c := range []struct {
			name   string
			encode func(dst, src []byte)
		}{{"std", std.StdEncoding.Encode}, {"ours", Encode}} {
			b.Run(strconv.Itoa(n)+"/"+c.name, func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					c.encode(dst, raw)
				}
			})
		}
		b.Run(strconv.Itoa(n)+"/tail", func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				EncodeTail(dst, n)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range benchSizes {
		raw := random(n)
		text, dst := std.StdEncoding.AppendEncode(nil, raw), make([]byte, 0, n+8)
		for _, c := range []struct {
			name   string
			decode func(dst, src []byte) ([]byte, error)
		}{{"std", std.StdEncoding.AppendDecode}, {"ours", AppendDecode}} {
			b.Run(strconv.Itoa(n)+"/"+c.name, func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					if _, err := c.decode(dst, text); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkEverySize compares every size up to 256 bytes, and every 61st up to
// 4 KB, with the standard library: the metrics are the largest ratio of their
// times, the size where it is, and how many sizes are more than 5 % slower.
func BenchmarkEverySize(b *testing.B) {
	var sizes []int
	for n := 1; n <= 4096; n++ {
		if n <= 256 || n%61 == 0 {
			sizes = append(sizes, n)
		}
	}
	b.Run("encode", func(b *testing.B) {
		compare(b, sizes, func(n int) (standard, ours func()) {
			raw, dst := random(n), make([]byte, EncodedLen(n))
			return func() { std.StdEncoding.Encode(dst, raw) }, func() { Encode(dst, raw) }
		})
	})
	b.Run("decode", func(b *testing.B) {
		compare(b, sizes, func(n int) (standard, ours func()) {
			text, dst := std.StdEncoding.AppendEncode(nil, random(n)), make([]byte, 0, n+8)
			return func() { std.StdEncoding.AppendDecode(dst, text) }, func() { AppendDecode(dst, text) } //nolint:errcheck // they are right
		})
	})
}

func compare(b *testing.B, sizes []int, pair func(n int) (standard, ours func())) {
	for b.Loop() {
		worst, at, slower := 0.0, 0, 0
		for _, n := range sizes {
			standard, ours := pair(n)
			least := [2]time.Duration{time.Hour, time.Hour}
			for range 25 { // by turns; the least is what nothing disturbed
				for i, f := range []func(){standard, ours} {
					start := time.Now()
					for range 400 {
						f()
					}
					least[i] = min(least[i], time.Since(start))
				}
			}
			r := float64(least[1]) / float64(least[0])
			if r > worst {
				worst, at = r, n
			}
			if r > 1.05 {
				slower++
			}
		}
		b.ReportMetric(worst, "worst-ratio")
		b.ReportMetric(float64(at), "worst-size")
		b.ReportMetric(float64(slower), "sizes-slower")
	}
}
