package line

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendString appends s as a JSON string. It Escapes only what JSON demands,
// not HTML, which would grow the line; invalid UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	n := len(b)
	b = append(b, s...)
	if !clean(b[n:]) {
		b = appendEscaped(b[:n], s)
	}
	return append(b, '"')
}

// clean reports whether b is ASCII that needs no escaping, eight bytes at a time:
// each term's high bits show the bytes that are below a blank, a quote, a
// backslash, or above ASCII.
func clean(b []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		quote, slash := x^('"'*ones), x^('\\'*ones)
		if (x|(x-' '*ones)|(quote-ones)|(slash-ones))&high != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendEscaped appends what belongs between the quotes.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	start, i := 0, 0
	for i < len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(b, s[start:i]...)
				b = append(b, "\ufffd"...)
				start = i + 1
			}
			i += n
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(b, s[start:]...)
}

// Escapes reports whether s changes when it becomes a JSON string.
func Escapes(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return true
		}
	}
	return !utf8.ValidString(s)
}

// NumberLen is the most bytes that AppendNumber takes, as for
// -0.0000011164446597329051, and a comma.
const NumberLen = 26

// AppendNumber appends the shortest decimal that reads back as v, which must be
// finite. Integers and values with up to three decimals, which nearly all
// metrics are, are exact in integer arithmetic and skip strconv's search: with
// at most 15 significant digits no other decimal of that length is the same
// float64, so the shortest one is this one.
func AppendNumber(b []byte, v float64) []byte {
	const exact = 1e15
	if v > -exact && v < exact {
		if i := int64(v); float64(i) == v {
			return AppendInt(b, i) // negative zero becomes 0
		}
		if k := math.RoundToEven(v * 1000); k > -exact && k < exact && k/1000 == v {
			return appendThousandths(b, int64(k))
		}
	}
	if a := math.Abs(v); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'e', -1, 64)
}

// appendThousandths appends k/1000, which is not an integer.
func appendThousandths(b []byte, k int64) []byte {
	if k < 0 {
		b = append(b, '-')
		k = -k
	}
	u := uint64(k)
	whole := u / 1000
	b = appendUint(b, whole)
	f := uint(u - 1000*whole)
	tenths, rest := f/10, f%10
	b = append(b, '.', pairs[2*tenths], pairs[2*tenths+1], byte('0'+rest))
	n := len(b)
	if rest == 0 {
		n--
		if b[n-1] == '0' {
			n--
		}
	}
	return b[:n]
}

// AppendInt appends i. Most metrics are small numbers, for which this is faster
// than strconv.
func AppendInt(b []byte, i int64) []byte {
	if i < 0 {
		b = append(b, '-')
		i = -i // never the smallest int64
	}
	return appendUint(b, uint64(i))
}

func appendUint(b []byte, u uint64) []byte {
	switch {
	case u < 10:
		return append(b, byte('0'+u))
	case u < 100:
		return append(b, pairs[2*u], pairs[2*u+1])
	case u < 1000:
		d := u % 100
		return append(b, byte('0'+u/100), pairs[2*d], pairs[2*d+1])
	case u < 10000:
		c, d := u/100, u%100
		return append(b, pairs[2*c], pairs[2*c+1], pairs[2*d], pairs[2*d+1])
	}
	return strconv.AppendUint(b, u, 10)
}

// pairs holds the two digits of every number below 100.
const pairs = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

// Timestamps are written into a gap of this many bytes: every moment from
// September 2001 to 2286 has 13 digits.
const timestampGap = "             "

// PutTimestamp writes ms into the gap of a line that began with [AppendPrefix],
// right-aligned: blanks before a number are JSON, leading zeros are not.
func PutTimestamp(line []byte, ms int64) {
	gap := line[len(HeadTimestamp):][:len(timestampGap)]
	if ms < 0 || ms > 9999999999999 {
		ms = 0 // Begin and Timestamp keep to CloudWatch's window
	}
	_ = gap[12]
	high, low := uint32(ms/1e8), uint32(ms%1e8)
	put4(gap[5:], low/10000)
	put4(gap[9:], low%10000)
	gap[0] = byte('0' + high/10000)
	put4(gap[1:], high%10000)
	for i := 0; i < 12 && gap[i] == '0'; i++ {
		gap[i] = ' '
	}
}

// put4 writes four digits.
func put4(b []byte, u uint32) {
	_ = b[3]
	c, d := u/100, u%100
	b[0], b[1], b[2], b[3] = pairs[2*c], pairs[2*c+1], pairs[2*d], pairs[2*d+1]
}
