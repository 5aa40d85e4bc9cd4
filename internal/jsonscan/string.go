package jsonscan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// SkipString validates the string whose opening quote is b[i] and returns the
// index just past its closing quote.
func SkipString(b []byte, i int) (end int, err error) {
	if uint(i) >= uint(len(b)) || b[i] != '"' {
		return i, unexpected(b, i, "a string")
	}
	return skipText(b, i+1)
}

// skipText skips the rest of a string from b[i] on, closing quote included.
func skipText(b []byte, i int) (int, error) {
	for i+8 <= len(b) {
		m := stringBytes(load(b, i))
		if m == 0 {
			i += 8
			continue
		}
		i += firstByte(m)
		if b[i] == '"' {
			return i + 1, nil
		}
		return skipEscaped(b, i)
	}
	return skipTextTail(b, i)
}

// shortText is skipText for what ends within a word, 0 for all else.
func shortText(b []byte, i int) int {
	if i+8 <= len(b) {
		if j := i + firstByte(stringBytes(load(b, i))); j < i+8 && b[j] == '"' {
			return j + 1
		}
	}
	return 0
}

// skipEscaped is skipText from the first escape on: where there is one, there
// tend to be many. It goes by words and finds all their escapes at once, so that
// no escape waits for the one before it.
func skipEscaped(b []byte, i int) (_ int, err error) {
	carry := uint64(0) // masks the word's first byte if the byte before escapes it
	for ; i+8 <= len(b); i += 8 {
		w := load(b, i)
		m := stringBytes(w)
		if m|carry == 0 {
			continue
		}
		quote, slash := equalBytes(w, '"'), equalBytes(w, '\\')
		escaped := slash<<8 | carry
		if slash&escaped != 0 {
			// In a run of backslashes every other one is itself escaped.
			escaped = carry
			for s := slash &^ carry; s != 0; {
				first := s & -s
				escaped |= first << 8
				s &^= first | first<<8
			}
		}
		// What remains to be looked at: the end, control characters, and escapes
		// but of quotes and backslashes.
		stops := (m | escaped) &^ (slash | quote&escaped)
		for ; stops != 0; stops &= stops - 1 {
			at := i + firstByte(stops)
			if stops&-stops&escaped == 0 {
				if b[at] == '"' {
					return at + 1, nil
				}
				return at, controlCharacter(b, at)
			}
			if !simpleEscape[b[at]] {
				if _, err = skipEscape(b, at-1); err != nil {
					return at, err
				}
			}
		}
		carry = slash &^ escaped >> 56
	}
	if carry != 0 {
		i--
	}
	return skipTextTail(b, i)
}

// skipTextTail is skipText byte by byte.
func skipTextTail(b []byte, i int) (_ int, err error) {
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			if i, err = skipEscape(b, i); err != nil {
				return i, err
			}
		case c < ' ':
			return i, controlCharacter(b, i)
		default:
			i++
		}
	}
	return i, unexpected(b, i, "the closing quote of a string")
}

func controlCharacter(b []byte, i int) error {
	return unexpected(b, i, "a character of a string (control characters must be escaped)")
}

// simpleEscape holds the letters of escapes of two bytes.
var simpleEscape = [256]bool{'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

// skipEscape validates the escape whose backslash is b[i].
func skipEscape(b []byte, i int) (int, error) {
	if i+1 >= len(b) {
		return i, unexpected(b, i+1, "an escape")
	}
	switch c := b[i+1]; {
	case simpleEscape[c]:
		return i + 2, nil
	case c == 'u':
		for j := i + 2; j < i+6; j++ {
			if j >= len(b) || unhex(b[j]) < 0 {
				return i, unexpected(b, j, "a hexadecimal digit")
			}
		}
		return i + 6, nil
	}
	return i, unexpected(b, i+1, `one of "\/bfnrtu`)
}

func unhex(c byte) rune {
	switch {
	case c-'0' <= 9:
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}

// Escaped reports whether the valid string token, quotes included, has an
// escape. Where it has none, and is valid UTF-8, token[1:len(token)-1] is the
// string itself.
func Escaped(token []byte) bool { return bytes.IndexByte(token, '\\') >= 0 }

// AppendString appends to dst what the valid string token, quotes included,
// stands for. As encoding/json does, it replaces invalid UTF-8 and unpaired
// surrogates by U+FFFD.
func AppendString(dst, token []byte) []byte {
	s := token[1 : len(token)-1]
	for len(s) > 0 {
		switch c := s[0]; {
		case c == '\\':
			var r rune
			r, s = unescape(s)
			dst = utf8.AppendRune(dst, r)
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			s = s[1:]
		default:
			r, n := utf8.DecodeRune(s)
			dst = utf8.AppendRune(dst, r)
			s = s[n:]
		}
	}
	return dst
}

// EqualString reports whether the valid string token, quotes included, stands
// for s, judged as [AppendString] decodes it.
func EqualString(token []byte, s string) bool {
	t := token[1 : len(token)-1]
	for len(t) > 0 {
		var r rune
		switch c := t[0]; {
		case c == '\\':
			r, t = unescape(t)
		case c < utf8.RuneSelf:
			if len(s) == 0 || s[0] != c {
				return false
			}
			t, s = t[1:], s[1:]
			continue
		default:
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

// unescape decodes the valid escape at the start of s and returns the rest.
func unescape(s []byte) (rune, []byte) {
	switch s[1] {
	case 'b':
		return '\b', s[2:]
	case 'f':
		return '\f', s[2:]
	case 'n':
		return '\n', s[2:]
	case 'r':
		return '\r', s[2:]
	case 't':
		return '\t', s[2:]
	case 'u':
		r := hex4(s)
		s = s[6:]
		if !utf16.IsSurrogate(r) {
			return r, s
		}
		if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
			if pair := utf16.DecodeRune(r, hex4(s)); pair != utf8.RuneError {
				return pair, s[6:]
			}
		}
		return utf8.RuneError, s
	}
	return rune(s[1]), s[2:]
}

func hex4(s []byte) rune {
	return unhex(s[2])<<12 | unhex(s[3])<<8 | unhex(s[4])<<4 | unhex(s[5])
}
