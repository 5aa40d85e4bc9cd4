package pattern

import (
	"strconv"
	"unsafe"
)

// powers are those of ten that a double holds exactly.
var powers = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// ParseNumber parses a valid JSON number for comparison. It is false for a
// number that is not exactly representable as a double, in the reference's
// sense: the shortest decimal of the double it is read as differs from it.
func ParseNumber(token []byte) (float64, bool) {
	i, neg := 0, false
	if len(token) > 0 && token[0] == '-' {
		i, neg = 1, true
	}
	var mantissa uint64
	n, point := 0, -1 // significant digits; where the point is
	for ; i < len(token); i++ {
		switch c := token[i]; {
		case c-'0' <= 9:
			if n > 0 || c != '0' {
				n++
			}
			if n > 15 {
				return parseLong(token)
			}
			mantissa = mantissa*10 + uint64(c-'0')
		case c == '.':
			point = i
		default:
			return parseLong(token)
		}
	}
	// Two decimals of up to 15 digits never share a double, so this one is the
	// shortest of its double: no need to look.
	f := float64(mantissa)
	if point >= 0 {
		scale := len(token) - 1 - point
		if scale >= len(powers) {
			return parseLong(token)
		}
		f /= powers[scale]
	}
	if neg {
		f = -f
	}
	return f, true
}

// parseLong is for long numbers and those with an exponent.
func parseLong(token []byte) (float64, bool) {
	f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(token), len(token)), 64)
	if err != nil {
		return 0, false // out of range
	}
	var buf [32]byte
	if sameDecimal(token, strconv.AppendFloat(buf[:0], f, 'e', -1, 64)) {
		return f, true
	}
	// The reference prints at least two digits, which names the smallest
	// subnormals otherwise (4.9e-324). Either name is taken.
	two := strconv.AppendFloat(buf[:0], f, 'e', 1, 64)
	g, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(two), len(two)), 64)
	return f, err == nil && f == g && sameDecimal(token, two)
}

// sameDecimal reports whether two JSON numbers are the same decimal number.
func sameDecimal(a, b []byte) bool {
	x, y := newDecimal(a), newDecimal(b)
	if x.magnitude != y.magnitude {
		return x.zero() && y.zero()
	}
	if x.neg != y.neg {
		return false
	}
	for {
		c, d := x.next(), y.next()
		if c != d {
			return false
		}
		if c == 0 && x.done() && y.done() {
			return true
		}
	}
}

// digits counts the significant digits of a JSON number, up to 20.
func digits(token []byte) int {
	d, n, last := newDecimal(token), 0, 0
	for n = 1; !d.done() && n < 20; n++ {
		if d.next() != 0 {
			last = n
		}
	}
	return last
}

// A decimal reads the digits of a JSON number from the first significant one
// on, and then zeros without end.
type decimal struct {
	digits    []byte // with a point perhaps
	magnitude int    // of the first digit: 1 for 1…9
	neg       bool
}

func newDecimal(token []byte) (d decimal) {
	if token[0] == '-' {
		d.neg, token = true, token[1:]
	}
	exponent, end := 0, len(token)
	for i, c := range token {
		if c|0x20 == 'e' {
			exponent, end = parseExponent(token[i+1:]), i
			break
		}
	}
	whole, first, seen := 0, -1, false
	for i, c := range token[:end] {
		switch {
		case c == '.':
			seen = true
		case first < 0 && c == '0':
			if seen {
				whole-- // a zero right after the point
			}
		default:
			if first < 0 {
				first = i
			}
			if !seen {
				whole++
			}
		}
	}
	if first < 0 {
		return decimal{neg: d.neg, magnitude: 1 << 30} // zero
	}
	d.digits, d.magnitude = token[first:end], whole+exponent
	return d
}

func (d *decimal) zero() bool { return len(d.digits) == 0 && d.magnitude == 1<<30 }
func (d *decimal) done() bool { return len(d.digits) == 0 }

func (d *decimal) next() int {
	for len(d.digits) > 0 {
		c := d.digits[0]
		d.digits = d.digits[1:]
		if c != '.' {
			return int(c - '0')
		}
	}
	return 0
}

// parseExponent saturates.
func parseExponent(b []byte) int {
	n, neg := 0, false
	for _, c := range b {
		switch {
		case c == '-':
			neg = true
		case c != '+' && n < 1<<26:
			n = n*10 + int(c-'0')
		}
	}
	if neg {
		return -n
	}
	return n
}
