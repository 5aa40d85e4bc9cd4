package jsonscan

import (
	"bytes"
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
		n, ascii := textPrefix(s)
		if text := s[:n]; ascii || utf8.Valid(text) && bytes.Index(text, separator) < 0 {
			dst = append(dst, text...)
		} else {
			dst = appendRunes(dst, text)
		}
		if s = s[n:]; len(s) == 0 {
			return append(dst, '"')
		}
		dst = appendEscape(dst, s[0])
		s = s[1:]
	}
}

// separator begins U+2028 and U+2029, and harmless characters too.
var separator = []byte("\u2028")[:2]

// appendRunes appends text that may need escapes outside ASCII.
func appendRunes(dst, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, `\ufffd`...)
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, `\u202`...)
			dst = append(dst, hexDigits[r&0xf])
		default:
			dst = append(dst, text[:n]...)
		}
		text = text[n:]
	}
	return dst
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

// textPrefix returns how many bytes at the start of s come before the first
// ASCII character that needs an escape, and whether these are surely ASCII.
func textPrefix(s []byte) (n int, ascii bool) {
	seen := uint64(0)
	for ; n+8 <= len(s); n += 8 {
		w := load(s, n)
		seen |= w
		if m := stringBytesFrom(w); m != 0 {
			return n + firstByte(m), seen&highs == 0
		}
	}
	for ; n < len(s) && s[n] >= ' ' && s[n] != '"' && s[n] != '\\'; n++ {
		seen |= uint64(s[n])
	}
	return n, seen&highs == 0
}

// safePrefix returns how many bytes at the start of s stand for themselves in a
// JSON string: printable ASCII but the quote and the backslash.
func safePrefix(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if m := unsafeBytes(load(s, i)); m != 0 {
			return i + firstByte(m)
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}
