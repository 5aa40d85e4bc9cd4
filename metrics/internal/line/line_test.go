package line

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// checkNumber compares with strconv: the same shortest decimal, but for zero's sign
// and the exponent's form.
func checkNumber(t *testing.T, v float64) {
	t.Helper()
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	got := string(AppendNumber(nil, v))
	back, err := strconv.ParseFloat(got, 64)
	if err != nil || back != v || len(got)+1 > NumberLen || !json.Valid([]byte(got)) {
		t.Fatalf("%v is encoded as %s, which reads %v, %v", v, got, back, err)
	}
	want := strconv.FormatFloat(v+0, 'f', -1, 64)
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		want = strconv.FormatFloat(v, 'e', -1, 64)
	}
	if got != want {
		t.Fatalf("%v is encoded as %s, want %s", v, got, want)
	}
}

func TestAppendNumber(t *testing.T) {
	for _, v := range []float64{0, math.Copysign(0, -1), 1, -1, 9, 10, 99, 100, 999, 1000, 9999, 10000, 0.1, 0.01, 0.001, 0.0001, 1.05, 1.005, -2.5,
		2350100.51, 1e15, 1e15 - 1, 1e15 + 1, -1e15, 1e20, 1e21, 1e22, 1e-6, 9.99e-7, 5e-324, 0x1p360, -0x1p360, math.MaxFloat64, 999999999999.999, 0.3 - 0.1} {
		checkNumber(t, v)
		checkNumber(t, math.Nextafter(v, math.Inf(1)))
		checkNumber(t, math.Nextafter(v, math.Inf(-1)))
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		k := rng.Int64N(1e15) >> rng.IntN(50)
		for _, v := range []float64{float64(k) / 1000, float64(k) / 100, float64(k), math.Float64frombits(rng.Uint64())} {
			checkNumber(t, v)
			checkNumber(t, -v)
			checkNumber(t, math.Nextafter(v, 0))
		}
	}
}

func FuzzAppendNumber(f *testing.F) {
	f.Add(0.125)
	f.Fuzz(func(t *testing.T, v float64) {
		checkNumber(t, v)
	})
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain text of some length", "\"\\\n\r\t\x00\x1f\x7f", "ü\u2028\xff\xc3", "12345678\"", "1234567\x80", strings.Repeat("x", 100) + "\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := AppendString([]byte("kept"), s)
		var back string
		if err := json.Unmarshal(got[4:], &back); err != nil || string(got[:4]) != "kept" || back != strings.ToValidUTF8(s, "\ufffd") && !oneEach(back, s) {
			t.Errorf("%q is encoded as %s, which reads %q, %v", s, got, back, err)
		}
		if changed := string(got[5:len(got)-1]) != s; changed != Escapes(s) {
			t.Errorf("Escapes(%q) = %v", s, !changed)
		}
	})
}

// oneEach reports whether back is s with one U+FFFD for each invalid byte.
func oneEach(back, s string) bool { return back == string([]rune(s)) && utf8.ValidString(back) }

func TestPutTimestamp(t *testing.T) {
	for _, ms := range []int64{0, 9, 946684800000, 1_000_000_000_000, 1_669_161_600_123, 9_999_999_999_999} {
		b := append(AppendPrefix(nil, "n"), `[]],"Metrics":[]}]}}`...)
		PutTimestamp(b, ms)
		var doc struct {
			AWS struct{ Timestamp json.Number } `json:"_aws"`
		}
		if err := json.Unmarshal(b, &doc); err != nil || doc.AWS.Timestamp != json.Number(strconv.FormatInt(ms, 10)) {
			t.Errorf("%d: %s, %v", ms, b, err)
		}
	}
	for _, ms := range []int64{-1, math.MinInt64, math.MaxInt64} {
		b := append(AppendPrefix(nil, "n"), `[]],"Metrics":[]}]}}`...)
		if PutTimestamp(b, ms); !json.Valid(b) {
			t.Errorf("%d: %s", ms, b)
		}
	}
}

func TestAppendLevelLen(t *testing.T) {
	if n := len(AppendLevel(nil, "ERROR", time.Now().UnixMilli())); n > LevelLen {
		t.Errorf("%d bytes, more than LevelLen", n)
	}
}

func FuzzHistogram(f *testing.F) {
	f.Add(uint64(1), uint16(1000), 3.0)
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, spread float64) {
		if n == 0 || math.IsNaN(spread) || math.Abs(spread) > 100 {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		var h Histogram
		h.Reset()
		sum, low, high := 0.0, math.Inf(1), math.Inf(-1)
		for range n {
			v := math.Exp(rng.NormFloat64()*spread) * float64(rng.IntN(3)-1)
			if math.Abs(v) > 0x1p360 {
				v = 1
			}
			h.Add(v)
			sum += math.Abs(v)
			low, high = min(low, v), max(high, v)
		}
		total, got := uint64(0), 0.0
		out := h.Export()
		for i, b := range out {
			total += b.Count
			got += math.Abs(b.Value) * float64(b.Count)
			if i > 0 && out[i-1].Value > b.Value || b.Count == 0 {
				t.Errorf("bucket %d: %+v after %+v", i, b, out[max(0, i-1)])
			}
		}
		if total != uint64(n) || out[0].Value != low || out[len(out)-1].Value != high {
			t.Errorf("%d values from %v to %v became %d from %v to %v", n, low, high, total, out[0].Value, out[len(out)-1].Value)
		}
		if math.Abs(got-sum) > 0.04*sum {
			t.Errorf("sum of magnitudes %v, want %v", got, sum)
		}
	})
}
