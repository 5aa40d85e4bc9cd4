package pattern_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/internal/pattern"
	"github.com/lambdatune/lambdatune/filter/internal/reference"
)

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"0", 0, true}, {"-0", 0, true}, {"0.000", 0, true}, {"0e99999999999999999999", 0, true}, {"300.0", 300, true}, {"3.0E+2", 300, true},
		{"30000e-2", 300, true}, {"0.1", 0.1, true}, {"0.10000000000000000000", 0.1, true}, {"999999999999999", 999999999999999, true},
		{"9007199254740992", 1 << 53, true}, {"9007199254740993", 0, false}, {"0.1234567890123456789", 0, false}, {"1e23", 1e23, true},
		{"99999999999999991611392", 0, false}, {"1.7976931348623157e308", math.MaxFloat64, true}, {"1e309", 0, false}, {"-1e400", 0, false},
		{"1e-400", 0, false}, {"5e-324", 5e-324, true}, {"4.9e-324", 5e-324, true}, {"4.8e-324", 0, false}, {"2.5", 2.5, true},
		{"0.00000000000000000000000000000000001", 1e-35, true}, {"1" + strings.Repeat("0", 300), 1e300, true},
	} {
		if got, ok := pattern.ParseNumber([]byte(c.text)); ok != c.ok || ok && got != c.want {
			t.Errorf("ParseNumber(%s) = %v, %v, want %v, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

// TestParseNumberRandom compares with the reference, near what is exact.
func TestParseNumberRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	exact := 0
	for range 100000 {
		f := math.Float64frombits(r.Uint64())
		if f-f != 0 {
			continue
		}
		if r.IntN(2) == 0 {
			f = float64(r.Int64N(1e18)) / math.Pow10(r.IntN(20))
		}
		text := strconv.FormatFloat(f, "ef"[r.IntN(2)], []int{-1, 1, 14, 15, 16, 17, 20}[r.IntN(7)], 64)
		got, ok := pattern.ParseNumber([]byte(text))
		want, wantOK := reference.Exact(text)
		if ok != wantOK || ok && got != want {
			t.Fatalf("ParseNumber(%s) = %v, %v, want %v, %v", text, got, ok, want, wantOK)
		}
		if ok {
			exact++
		}
	}
	if exact < 10000 {
		t.Errorf("only %d numbers were exact", exact)
	}
}

// TestParseAddressRandom compares with the reference's regular expressions.
func TestParseAddressRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	parts := []string{":", "::", ":", ".", ".", "0", "1", "00", "255", "256", "ffff", "FFFF", "10000", "a", "g", "10", ":0", ":1", "1.", "0:0:0:0:0:ffff:"}
	found := 0
	for range 200000 {
		var s strings.Builder
		for range r.IntN(16) {
			s.WriteString(parts[r.IntN(len(parts))])
		}
		text := s.String()
		if r.IntN(3) == 0 {
			text = []string{"1.2.3.4", "01.002.3.4", "1:2:3:4:5:6:7:8", "::1", "1::", "::ffff:102:304", "1:2:3:4:5:6:7::", "0000:2:3:4:5:6:7:00008"}[r.IntN(8)]
		}
		a, ok := pattern.ParseAddress(text)
		want := reference.Address(text)
		if ok != (want != "") {
			t.Fatalf("ParseAddress(%q) = %v, want %v", text, ok, want != "")
		}
		if !ok {
			continue
		}
		found++
		for _, other := range []string{"1.2.3.4", "::1", "1:2:3:4:5:6:7:8", "1::"} {
			b, _ := pattern.ParseAddress([]byte(other))
			if (a == b) != (want == reference.Address(other)) {
				t.Fatalf("%q and %q are equal: %v", text, other, a == b)
			}
		}
	}
	t.Logf("%d addresses", found)
}

func TestCompare16(t *testing.T) {
	order := []string{"", "a", "a.b", "ab", "é", "\uD7FF", "😀", "😁", "\uE000", "\uFFFD", "\uFFFDa"}
	for i, a := range order {
		for j, b := range order {
			if got := pattern.Compare16(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("Compare16(%q, %q) = %d", a, b, got)
			}
		}
	}
}
