package jsonscan

import (
	"unicode/utf16"
	"unicode/utf8"
)

// simpleEscape holds what the letters of two-byte escapes stand for.
var simpleEscape = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// hexDigit holds the value of each hexadecimal digit, and with it isHex.
var hexDigit = [256]byte{
	'0': isHex, '1': isHex | 1, '2': isHex | 2, '3': isHex | 3, '4': isHex | 4, '5': isHex | 5, '6': isHex | 6, '7': isHex | 7, '8': isHex | 8, '9': isHex | 9,
	'a': isHex | 10, 'b': isHex | 11, 'c': isHex | 12, 'd': isHex | 13, 'e': isHex | 14, 'f': isHex | 15,
	'A': isHex | 10, 'B': isHex | 11, 'C': isHex | 12, 'D': isHex | 13, 'E': isHex | 14, 'F': isHex | 15,
}

const isHex = 0x10

// skipEscape validates the escape whose backslash is b[i].
func skipEscape(b []byte, i int) (int, error) {
	if i+1 >= len(b) {
		return i, unexpected(b, i+1, "an escape")
	}
	if simpleEscape[b[i+1]] != 0 {
		return i + 2, nil
	}
	if b[i+1] != 'u' {
		return i, unexpected(b, i+1, `one of "\/bfnrtu`)
	}
	if i+6 <= len(b) && hexDigit[b[i+2]]&hexDigit[b[i+3]]&hexDigit[b[i+4]]&hexDigit[b[i+5]]&isHex != 0 {
		return i + 6, nil
	}
	j := i + 2
	for j < len(b) && hexDigit[b[j]] != 0 {
		j++
	}
	return i, unexpected(b, j, "a hexadecimal digit")
}

// unescape decodes the valid escape at the start of s and returns the rest.
func unescape(s []byte) (rune, []byte) {
	if c := simpleEscape[s[1]]; c != 0 {
		return rune(c), s[2:]
	}
	r := hex4(s)
	if s = s[6:]; !utf16.IsSurrogate(r) {
		return r, s
	}
	if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(s)); pair != utf8.RuneError {
			return pair, s[6:]
		}
	}
	return utf8.RuneError, s
}

// hex4 is the code unit of the escape \uXXXX at the start of s.
func hex4(s []byte) rune {
	_ = s[5]
	return rune(hexDigit[s[2]]&0xf)<<12 | rune(hexDigit[s[3]]&0xf)<<8 | rune(hexDigit[s[4]]&0xf)<<4 | rune(hexDigit[s[5]]&0xf)
}
