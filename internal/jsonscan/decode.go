package jsonscan

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// Escaped reports whether the valid string token, quotes included, has an
// escape. Where it has none, and is valid UTF-8, token[1:len(token)-1] is the
// string itself.
func Escaped(token []byte) bool { return bytes.IndexByte(token, '\\') >= 0 }

// verbatim reports whether the valid string token stands for the bytes between
// its quotes.
func verbatim(token []byte) bool {
	s := token[1 : len(token)-1]
	n := safePrefix(s)
	return n == len(s) || !Escaped(s[n:]) && utf8.Valid(s[n:])
}

// AppendString appends to dst what the valid string token, quotes included,
// stands for. As encoding/json does, it replaces invalid UTF-8 and unpaired
// surrogates by U+FFFD.
func AppendString(dst, token []byte) []byte {
	s := token[1 : len(token)-1]
	for {
		n := safePrefix(s)
		if n > cap(dst)-len(dst) {
			// The rest decodes to no more than it is, invalid UTF-8 aside.
			dst = slices.Grow(dst, len(s))
		}
		dst = append(dst, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			return dst
		}
		if s[0] == '\\' {
			if c := simpleEscape[s[1]]; c != 0 {
				dst, s = append(dst, c), s[2:]
				continue
			}
			var r rune
			r, s = unescape(s)
			dst = utf8.AppendRune(dst, r)
			continue
		}
		n = bytes.IndexByte(s, '\\')
		if n < 0 {
			n = len(s)
		}
		dst = appendText(dst, s[:n])
		s = s[n:]
	}
}

// appendText appends text without escapes, each byte of invalid UTF-8 replaced.
func appendText(dst, s []byte) []byte {
	if utf8.Valid(s) {
		return append(dst, s...)
	}
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		dst = utf8.AppendRune(dst, r)
		s = s[n:]
	}
	return dst
}

// EqualString reports whether the valid string token, quotes included, stands
// for s, judged as [AppendString] decodes it.
func EqualString(token []byte, s string) bool {
	t := token[1 : len(token)-1]
	i := 0
	for ; i+8 <= len(t) && i+8 <= len(s); i += 8 {
		// Equal bytes that stand for themselves.
		if w := load(t, i); w != loadString(s, i) || unsafeBytes(w) != 0 {
			break
		}
	}
	for ; i < len(t); i++ {
		c := t[i]
		if c == '\\' || c >= utf8.RuneSelf {
			return equalRunes(t[i:], s[i:])
		}
		if i >= len(s) || s[i] != c {
			return false
		}
	}
	return i == len(s)
}

// equalRunes is EqualString from the first byte on that needs decoding.
func equalRunes(t []byte, s string) bool {
	for len(t) > 0 {
		var r rune
		if t[0] == '\\' {
			r, t = unescape(t)
		} else {
			var n int
			r, n = utf8.DecodeRune(t)
			t = t[n:]
		}
		got, n := utf8.DecodeRuneInString(s)
		if got != r || n == 0 || (got == utf8.RuneError && n == 1) {
			return false
		}
		s = s[n:]
	}
	return len(s) == 0
}
