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
	for ; i+8 <= len(b); i += 8 {
		// i moves by a constant here: a word need not wait for the one before it.
		if m := stringBytesFrom(load(b, i)); m != 0 {
			if i += firstByte(m); b[i] == '"' {
				return i + 1, nil
			}
			return skipEscaped(b, i)
		}
	}
	return skipTextTail(b, i)
}

// shortText is skipText for what ends within nine bytes, and 0 for all else. It
// is small enough to inline.
func shortText(b []byte, i int) int {
	if i+8 < len(b) {
		if i += firstByte(stringBytesFrom(load(b, i))); b[i] == '"' {
			return i + 1
		}
	}
	return 0
}

// skipEscaped is skipText from the first escape on: where there is one, there
// tend to be many. It goes by words and finds all their escapes at once, so that
// no escape waits for the one before it.
func skipEscaped(b []byte, i int) (int, error) {
	carry := uint64(0) // masks the word's first byte if the byte before escapes it
	for ; i+8 <= len(b); i += 8 {
		quote, slash, control := classes(load(b, i))
		escaped := slash<<8 | carry
		if slash&escaped != 0 {
			escaped = everyOther(slash, carry)
		}
		// What remains to be looked at: control characters, the closing quote, and
		// escapes but of quotes and backslashes.
		stops := control | quote&^escaped | escaped&^(quote|slash)
		for ; stops != 0; stops &= stops - 1 {
			at := i + firstByte(stops)
			switch c := b[at]; {
			case c == '"':
				return at + 1, nil
			case c < ' ' && stops&-stops&escaped == 0:
				return at, controlCharacter(b, at)
			case !simpleEscape[c]:
				if _, err := skipEscape(b, at-1); err != nil {
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

// everyOther returns what the backslashes of a word escape, where they stand in
// rows: each one that is not itself escaped escapes the next byte.
func everyOther(slash, carry uint64) (escaped uint64) {
	escaped = carry
	for slash &^= carry; slash != 0; {
		first := slash & -slash
		escaped |= first << 8
		slash &^= first | first<<8
	}
	return escaped
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
	case c == 'u' && i+6 <= len(b) && hexDigit[b[i+2]]&hexDigit[b[i+3]]&hexDigit[b[i+4]]&hexDigit[b[i+5]]&isHex != 0:
		return i + 6, nil
	case c == 'u':
		for j := i + 2; j < i+6; j++ {
			if j >= len(b) || hexDigit[b[j]] == 0 {
				return i, unexpected(b, j, "a hexadecimal digit")
			}
		}
	}
	return i, unexpected(b, i+1, `one of "\/bfnrtu`)
}

// hexDigit holds the value of each hexadecimal digit, and with it isHex.
var hexDigit = [256]byte{
	'0': isHex, '1': isHex | 1, '2': isHex | 2, '3': isHex | 3, '4': isHex | 4, '5': isHex | 5, '6': isHex | 6, '7': isHex | 7, '8': isHex | 8, '9': isHex | 9,
	'a': isHex | 10, 'b': isHex | 11, 'c': isHex | 12, 'd': isHex | 13, 'e': isHex | 14, 'f': isHex | 15,
	'A': isHex | 10, 'B': isHex | 11, 'C': isHex | 12, 'D': isHex | 13, 'E': isHex | 14, 'F': isHex | 15,
}

const isHex = 0x10

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
	return rune(hexDigit[s[2]]&0xf)<<12 | rune(hexDigit[s[3]]&0xf)<<8 | rune(hexDigit[s[4]]&0xf)<<4 | rune(hexDigit[s[5]]&0xf)
}
