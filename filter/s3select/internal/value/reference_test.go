package value

import (
	"errors"
	"flag"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

var rounds = flag.Int("rounds", 3000, "random operations that each reference is held against")

// rat is a decimal as a fraction.
func rat(t *testing.T, d *Dec) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(string(d.Append(nil)))
	if !ok {
		t.Fatalf("%s is no number", d.Append(nil))
	}
	return r
}

// rounded is r to 38 digits, half to even.
func rounded(r *big.Rat) *big.Rat {
	if r.Sign() == 0 {
		return r
	}
	ten, scale := big.NewRat(10, 1), big.NewRat(1, 1)
	limit := new(big.Rat).SetInt(pow10(MaxDigits))
	n := new(big.Rat).Set(r)
	for new(big.Rat).Abs(n).Cmp(limit) >= 0 {
		n.Quo(n, ten)
		scale.Mul(scale, ten)
	}
	for lower := new(big.Rat).Quo(limit, ten); new(big.Rat).Abs(n).Cmp(lower) < 0; {
		n.Mul(n, ten)
		scale.Quo(scale, ten)
	}
	twice := new(big.Int).Mul(n.Num(), big.NewInt(2))
	twice.Add(twice, n.Denom())
	q, rem := new(big.Int).DivMod(twice, new(big.Int).Mul(n.Denom(), big.NewInt(2)), new(big.Int))
	if rem.Sign() == 0 && q.Bit(0) == 1 { // a half was rounded up
		q.Sub(q, big.NewInt(1))
	}
	return new(big.Rat).Mul(new(big.Rat).SetInt(q), scale)
}

// decimals add, multiply, divide and compare as fractions rounded once.
func TestDecimalsAgainstFractions(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	random := func() *Dec {
		digits := make([]byte, []int{1, 2, 5, 19, 37, 38, 39, 45}[rnd.IntN(8)])
		for i := range digits {
			digits[i] = byte('0' + rnd.IntN(10))
		}
		text := []string{"", "-"}[rnd.IntN(2)] + string(digits) + []string{"", "e-3", "e-40", "e7"}[rnd.IntN(4)]
		d, ok := ParseDec([]byte(text))
		if !ok {
			t.Fatal(text)
		}
		exact, _ := new(big.Rat).SetString(text)
		if rat(t, d).Cmp(rounded(exact)) != 0 {
			t.Fatalf("%s reads as %s", text, d.Append(nil))
		}
		return d
	}
	for range *rounds {
		a, b := random(), random()
		x, y := rat(t, a), rat(t, b)
		check := func(op string, got *Dec, want *big.Rat) {
			t.Helper()
			if rat(t, got).Cmp(rounded(want)) != 0 {
				t.Fatalf("%s %s %s = %s, want %s", a.Append(nil), op, b.Append(nil), got.Append(nil), rounded(want).FloatString(60))
			}
		}
		check("+", a.Add(b), new(big.Rat).Add(x, y))
		check("-", a.Add(b.Neg()), new(big.Rat).Sub(x, y))
		check("*", a.Mul(b), new(big.Rat).Mul(x, y))
		if got, want := a.Cmp(b), x.Cmp(y); got != want {
			t.Fatalf("%s against %s: %d, want %d", a.Append(nil), b.Append(nil), got, want)
		}
		if b.Sign() == 0 {
			continue
		}
		quo := new(big.Rat).Quo(x, y)
		check("/", a.Quo(b), quo)
		whole := new(big.Rat).SetInt(new(big.Int).Quo(quo.Num(), quo.Denom()))
		check("%", a.Rem(b), new(big.Rat).Sub(x, whole.Mul(whole, y)))
	}
}

// Timestamps move, differ, print and read as time.Time does.
func TestTimesAgainstTime(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	random := func() (*Time, time.Time) {
		zone := time.FixedZone("", 60*[]int{0, 60, -480, 330, -210}[rnd.IntN(5)])
		want := time.Unix(rnd.Int64N(6e9)-3e9, rnd.Int64N(1e9)).In(zone)
		got, ok := FromTime(want)
		if !ok {
			t.Fatal(want)
		}
		return got, want
	}
	units := map[Part]time.Duration{Day: 24 * time.Hour, Hour: time.Hour, Minute: time.Minute, Second: time.Second}
	layouts := map[string]string{
		"yyyy": "2006", "yy": "06", "M": "1", "MM": "01", "MMM": "Jan", "MMMM": "January", "d": "2", "dd": "02", "a": "PM", "h": "3", "hh": "03",
		"HH": "15", "m": "4", "mm": "04", "s": "5", "ss": "05", "SSS": "000", "SSSSSSSSS": "000000000", "XX": "Z0700", "XXX": "Z07:00", "xx": "-0700", "xxxxx": "-07:00",
	}
	same := func(what string, got *Time, want time.Time) {
		t.Helper()
		if have, want := string(got.Append(nil)), want.Format("2006-01-02T15:04:05.000000000Z07:00"); have != want {
			t.Fatalf("%s is %s, want %s", what, have, want)
		}
	}
	for range *rounds {
		a, at := random()
		b, bt := random()
		same("FromTime", a, at)
		if a.Cmp(b) != at.Compare(bt) {
			t.Fatalf("%s against %s: %d", at, bt, a.Cmp(b))
		}
		n := rnd.Int64N(2000) - 1000
		for p, unit := range units {
			same("DATE_ADD", a.Add(p, n), at.Add(time.Duration(n)*unit))
			if got, want := Diff(p, a, b), int64(bt.Sub(at)/unit); got != want {
				t.Fatalf("the difference from %s to %s is %d × %s, want %d", at, bt, got, unit, want)
			}
		}
		// The last day of a shorter month takes the place of one that it lacks.
		first := time.Date(at.Year(), at.Month()+time.Month(n%200), 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), at.Location())
		moved := first.AddDate(0, 0, min(at.Day(), first.AddDate(0, 1, -1).Day())-1)
		same("DATE_ADD", a.Add(Month, n%200), moved)
		if years, months := a.Add(Year, n%20), a.Add(Month, n%20*12); string(years.Append(nil)) != string(months.Append(nil)) {
			t.Fatalf("%s and %d years are %s, but %s with months", at, n%20, years.Append(nil), months.Append(nil))
		}
		for pattern, layout := range layouts {
			f, err := ParseFormat("'<'" + pattern + "'>'")
			if err != nil {
				t.Fatal(err)
			}
			want := at.Format(layout)
			if pattern[0] == 'S' {
				want = at.Format("." + layout)[1:]
			}
			if got := string(f.Append(nil, a)); got != "<"+want+">" {
				t.Fatalf("%s of %s is %s, want %s", pattern, at, got, want)
			}
		}
		for _, pattern := range []string{"y-M-d H:m:s.SSSSSSSSS XXX", "d MMMM yyyy hh:mm:ss a n xx", "yyyyMMddHHmmssSSSSSSSSSXX", "MMM d, y h 'o''clock' a m s.SSSSSSSSSxxxxx"} {
			f, err := ParseFormat(pattern)
			if err != nil {
				t.Fatal(err)
			}
			text := string(f.Append(nil, a))
			back, err := f.Parse(text)
			if err != nil || back.Cmp(a) != 0 || back.offset != a.offset {
				t.Fatalf("%s by %s is %v, %v", text, pattern, back, err)
			}
		}
	}
}

// LIKE matches as a regular expression that is made of the pattern.
func TestLikeAgainstRegexp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	text := func(n int) string {
		var b strings.Builder
		for range rnd.IntN(n) {
			b.WriteString([]string{"a", "b", "%", "_", "é", "😁", "!", "\n", "%"}[rnd.IntN(9)])
		}
		return b.String()
	}
	for range *rounds {
		s, pattern, escape := text(8), text(7), []string{"", "", "!", "é", "%", "_"}[rnd.IntN(6)]
		var b strings.Builder
		bad, escaped := false, false
		for _, r := range pattern {
			switch c := string(r); {
			case escaped:
				bad = bad || c != "%" && c != "_" && c != escape
				b.WriteString(regexp.QuoteMeta(c))
				escaped = false
			case c == escape:
				escaped = true
			case c == "%":
				b.WriteString(".*")
			case c == "_":
				b.WriteString(".")
			default:
				b.WriteString(regexp.QuoteMeta(c))
			}
		}
		p, err := ParseLike([]byte(pattern), []byte(escape), escape != "")
		var f *fault.Error
		switch {
		case bad || escaped:
			if !errors.As(err, &f) || f.Code != "EvaluatorLikePatternInvalidEscapeSequence" {
				t.Fatalf("%q with the escape character %q: %v", pattern, escape, err)
			}
		case err != nil:
			t.Fatalf("%q with the escape character %q: %v", pattern, escape, err)
		default:
			if got, want := p.Match([]byte(s)), regexp.MustCompile(`(?s)\A`+b.String()+`\z`).MatchString(s); got != want {
				t.Fatalf("%q LIKE %q ESCAPE %q is %v, want %v", s, pattern, escape, got, want)
			}
		}
	}
}
