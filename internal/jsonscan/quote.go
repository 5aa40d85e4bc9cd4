package jsonscan

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"
)

// AppendQuote appends s to dst as a JSON string, quotes included, byte for byte
// as an encoding/json Encoder without HTML escaping writes it: the shortest
// escape of a quote, backslash or control character, U+2028 and U+2029 escaped,
// and \ufffd for each byte of invalid UTF-8.
func AppendQuote(dst []byte, s string) []byte {
	return AppendQuoteBytes(dst, unsafe.Slice(unsafe.StringData(s), len(s)))
}

// AppendQuoteBytes is [AppendQuote] of a string held as bytes.
func AppendQuoteBytes(dst, s []byte) []byte {
	dst = append(dst, '"')
	for {
		n := safePrefix(s)
		dst = append(dst, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			return append(dst, '"')
		}
		if s[0] < utf8.RuneSelf {
			dst = appendEscape(dst, s[0])
			s = s[1:]
			continue
		}
		switch r, n := utf8.DecodeRune(s); {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, `\ufffd`...)
			s = s[1:]
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, `\u202`...)
			dst = append(dst, hexDigits[r&0xf])
			s = s[n:]
		default:
			dst = append(dst, s[:n]...)
			s = s[n:]
		}
	}
}

const hexDigits = "0123456789abcdef"

// appendEscape appends the escape of an ASCII character that needs one.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// safePrefix returns how many bytes at the start of s stand for themselves in a
// JSON string: printable ASCII but the quote and the backslash.
func safePrefix(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if m := unsafeBytes(binary.LittleEndian.Uint64(s[i:])); m != 0 {
			return i + firstByte(m)
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}
