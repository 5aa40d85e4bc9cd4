package jsonscan

import (
	"strconv"
	"unsafe"
)

// ParseInt returns the value of the number token if it is an integer that an
// int64 holds: digits without fraction or exponent, as encoding/json demands of
// an integer field. It validates the token and does not allocate.
func ParseInt(token []byte) (v int64, ok bool) {
	i := 0
	negative := len(token) > 0 && token[0] == '-'
	if negative {
		i = 1
	}
	n := len(token) - i
	if n < 1 || n > 19 || token[i] == '0' && n > 1 {
		return 0, false
	}
	u := uint64(0) // 19 digits fit
	if n >= 8 {
		w := load(token, i)
		if nonDigits(w) != 0 {
			return 0, false
		}
		u = eightDigits(w)
		i += 8
	}
	for ; i < len(token); i++ {
		d := token[i] - '0'
		if d > 9 {
			return 0, false
		}
		u = u*10 + uint64(d)
	}
	if negative {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u < 1<<63
}

// ParseFloat returns the value of the number token, rounded as strconv does. It
// is not ok if the token is no JSON number or a float64 cannot hold it. It does
// not allocate but for a number out of range.
func ParseFloat(token []byte) (f float64, ok bool) {
	// A mantissa below 2⁵³ and a power of ten up to 10²² are exact as float64, so
	// their product or quotient is rounded once, and rightly.
	m, exp, exact := decimal(token)
	switch {
	case exact && exp == 0:
		f = float64(m)
	case exact && exp > 0 && exp < len(powers):
		f = float64(m) * powers[exp]
	case exact && exp < 0 && -exp < len(powers):
		f = float64(m) / powers[-exp]
	default:
		if len(token) == 0 {
			return 0, false
		}
		if end, err := SkipNumber(token, 0); err != nil || end != len(token) {
			return 0, false
		}
		f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(token), len(token)), 64)
		return f, err == nil
	}
	if token[0] == '-' {
		f = -f // of zero too
	}
	return f, true
}

var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// decimal takes apart a number without exponent: its absolute value is m·10^exp.
// It is not exact if the token is anything else or m reaches 2⁵³.
func decimal(token []byte) (m uint64, exp int, exact bool) {
	i := 0
	if len(token) > 0 && token[0] == '-' {
		i = 1
	}
	first, point := i, -1
	if len(token)-i > 18 {
		return 0, 0, false
	}
	for ; i < len(token); i++ {
		d := token[i] - '0'
		if d <= 9 {
			m = m*10 + uint64(d)
			continue
		}
		if token[i] != '.' || point >= 0 || i == first {
			return 0, 0, false
		}
		point = i
	}
	whole := len(token)
	if point >= 0 {
		whole, exp = point, point+1-len(token)
		if exp == 0 {
			return 0, 0, false // no digit after the point
		}
	}
	if whole == first || token[first] == '0' && whole > first+1 {
		return 0, 0, false
	}
	return m, exp, m < 1<<53
}
