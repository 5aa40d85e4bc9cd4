package jsonscan_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

var numbers = []string{
	"", "-", "0", "-0", "00", "01", "-01", "1", "12345678", "123456789", "1234567a", "1234567890123456", "-12345678", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "-9223372036854775809", "18446744073709551616", "9999999999999999999", "99999999999999999999", "1.0", "1e3", "1.", ".1", "-.1", "1..2", "1.2.3",
	"0.1", "0.0", "-0.0", "00.1", "3.14159", "9007199254740991", "9007199254740992", "9007199254740993", "900719925474099.3", "0.000001", "123456.7891011", "1e22", "1e23", "1e400", "-1e400", "1e-400",
	"2.2250738585072011e-308", "5e-324", "1.7976931348623157e308", "1.7976931348623159e308", "inf", "NaN", "0x1p4", "1_000", "+1", " 1", "1 ", "1e", "1e+", "1E5", "1726651439123", "123456789012345678.1",
	"0.00000000000000001", "1000000000000000000000", "100000000000000000.", "12345678901234567.8",
}

func checkNumber(t *testing.T, s string) {
	t.Helper()
	token := []byte(s)
	// json.Valid accepts white space around, a token has none.
	valid := json.Valid(token) && s == strings.Trim(s, " \t\r\n") && jsonscan.KindAt(token, 0) == jsonscan.Number

	wantInt, err := strconv.ParseInt(s, 10, 64)
	wantOK := err == nil && valid
	if v, ok := jsonscan.ParseInt(token); ok != wantOK || ok && v != wantInt {
		t.Errorf("ParseInt(%q) = %d, %v, want %d, %v", s, v, ok, wantInt, wantOK)
	}
	wantFloat, err := strconv.ParseFloat(s, 64)
	wantOK = err == nil && valid
	if f, ok := jsonscan.ParseFloat(token); ok != wantOK || ok && math.Float64bits(f) != math.Float64bits(wantFloat) {
		t.Errorf("ParseFloat(%q) = %v, %v, want %v, %v", s, f, ok, wantFloat, wantOK)
	}
}

func TestParseNumber(t *testing.T) {
	for _, s := range numbers {
		checkNumber(t, s)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		checkNumber(t, strconv.FormatInt(r.Int64()>>r.IntN(64), 10))
		checkNumber(t, strconv.FormatInt(-r.Int64()>>r.IntN(64), 10))
		checkNumber(t, strconv.FormatFloat(math.Float64frombits(r.Uint64()), "efg"[r.IntN(3)], r.IntN(20)-1, 64))
		checkNumber(t, strconv.FormatFloat(float64(r.Int64N(1e12))/math.Pow10(r.IntN(8)), 'f', -1, 64))
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range numbers {
		f.Add(s)
	}
	f.Fuzz(checkNumber)
}
