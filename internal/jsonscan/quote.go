package jsonscan

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
	"unsafe"
)

// AppendQuote appends s to dst as a JSON string, quotes included, byte for byte
// as an encoding/json Encoder without HTML escaping writes it: the shortest
// escape of a quote, backslash or control character, U+2028 and U+2029 escaped,
// and \ufffd for each byte of invalid UTF-8. It may use up to seven bytes of the
// spare capacity of dst past the result.
func AppendQuote(dst []byte, s string) []byte {
	return AppendQuoteBytes(dst, unsafe.Slice(unsafe.StringData(s), len(s)))
}

// AppendQuoteBytes is [AppendQuote] of a string held as bytes.
func AppendQuoteBytes(dst, s []byte) []byte {
	dst = append(dst, '"')
	for {
		n, ascii := textPrefix(s)
		if text := s[:n]; ascii || utf8.Valid(text) && !bytes.Contains(text, separator) {
			dst = append(dst, text...)
		} else {
			dst = appendRunes(dst, text)
		}
		if s = s[n:]; len(s) == 0 {
			return append(dst, '"')
		}
		dst, s = appendDense(dst, s)
	}
}

// appendDense quotes the start of s where an escape was found, as more of them
// are likely to follow: it copies whole words and goes back to where the first
// character needs an escape. It stops where text or room for words ends.
func appendDense(dst, s []byte) (_, rest []byte) {
	dst = appendEscape(dst, s[0])
	buf := dst[:cap(dst)]
	i, j := 1, len(dst)
	for i+8 <= len(s) && j+10 <= len(buf) {
		w := load(s, i)
		binary.LittleEndian.PutUint64(buf[j:], w)
		m := firstUnsafe(w)
		if m == 0 {
			i, j = i+8, j+8
			continue
		}
		n := firstByte(m)
		i, j = i+n, j+n
		c := s[i]
		if c >= utf8.RuneSelf || escapeLetter[c] == 0 {
			break
		}
		buf[j], buf[j+1] = '\\', escapeLetter[c]
		i, j = i+1, j+2
	}
	return buf[:j], s[i:]
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

// escapeLetter holds the letters of two-byte escapes.
var escapeLetter = [utf8.RuneSelf]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// appendEscape appends the escape of an ASCII character that needs one.
func appendEscape(dst []byte, c byte) []byte {
	if letter := escapeLetter[c&0x7f]; letter != 0 {
		return append(dst, '\\', letter)
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
		if m := firstSpecial(w); m != 0 {
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
		if m := firstUnsafe(load(s, i)); m != 0 {
			return i + firstByte(m)
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}
