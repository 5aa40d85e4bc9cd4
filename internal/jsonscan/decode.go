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
	for len(t) > 0 {
		for len(t) >= 8 && len(s) >= 8 {
			w := load(t, 0)
			if w != loadString(s, 0) || firstUnsafe(w) != 0 {
				break
			}
			t, s = t[8:], s[8:]
		}
		for len(t) > 0 && t[0] < utf8.RuneSelf && t[0] != '\\' {
			if len(s) == 0 || s[0] != t[0] {
				return false
			}
			t, s = t[1:], s[1:]
		}
		if len(t) == 0 {
			break
		}
		r := rune(utf8.RuneError)
		if t[0] == '\\' {
			r, t = unescape(t)
		} else if _, n := utf8.DecodeRune(t); n == 1 {
			t = t[1:] // invalid
		} else if len(s) >= n && s[:n] == string(t[:n]) {
			t, s = t[n:], s[n:]
			continue
		} else {
			return false
		}
		var buf [utf8.UTFMax]byte
		n := utf8.EncodeRune(buf[:], r)
		if len(s) < n || s[:n] != string(buf[:n]) {
			return false
		}
		s = s[n:]
	}
	return len(s) == 0
}
