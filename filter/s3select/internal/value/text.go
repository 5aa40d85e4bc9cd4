package value

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// Substring is the characters (code points) of s from the one-based start on,
// as SQL-92 has it: a start below 1 counts, and uses up some of the length.
// Without a length, pass -1.
func Substring(s []byte, start, length int64) []byte {
	end := int64(len(s)) + 1
	switch {
	case start >= end:
		return s[:0]
	case length >= 0 && start+length >= start: // else it is beyond every string
		end = min(end, start+length)
	}
	start = max(start, 1)
	if start >= end {
		return s[:0]
	}
	i := skipRunes(s, start-1)
	return s[i : i+skipRunes(s[i:], end-start)]
}

// skipRunes is the index of the n-th code point of s, at most len(s).
func skipRunes(s []byte, n int64) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRune(s[i:])
		i += size
	}
	return i
}

// Lower is s in lower case.
func Lower(s []byte) []byte { return inCase(s, 'A', strings.ToLower) }

// Upper is s in upper case.
func Upper(s []byte) []byte { return inCase(s, 'a', strings.ToUpper) }

// inCase changes the case of the ASCII letters from first on, and leaves text that
// is not all ASCII to the conversion.
func inCase(s []byte, first byte, convert func(string) string) []byte {
	out := make([]byte, len(s))
	for i, c := range s {
		if c >= utf8.RuneSelf {
			return []byte(convert(string(s)))
		}
		if c-first < 26 {
			c ^= 0x20
		}
		out[i] = c
	}
	return out
}

// Trim removes the characters of set from the chosen ends of s.
func Trim(s []byte, set string, leading, trailing bool) []byte {
	if leading {
		s = bytes.TrimLeft(s, set)
	}
	if trailing {
		s = bytes.TrimRight(s, set)
	}
	return s
}

// A Pattern is a compiled LIKE pattern: literal runes, anyOne and anyRun.
type Pattern struct {
	items []rune
	// Where the pattern is plain text with at most one run on either side.
	text         []byte
	simple       bool
	before, past bool
}

const (
	anyOne = -1
	anyRun = -2
)

// ParseLike compiles a LIKE pattern. hasEscape says whether there is an escape
// character; it may stand before %, _ and itself only.
func ParseLike(pattern, escape []byte, hasEscape bool) (*Pattern, error) {
	esc := rune(-3)
	if hasEscape {
		r, size := utf8.DecodeRune(escape)
		if size == 0 || size != len(escape) {
			return nil, fault.New("EvaluatorLikePatternInvalidEscapeSequence", "ESCAPE must be one character, not %q", escape)
		}
		esc = r
	}
	p := &Pattern{}
	escaped := false
	for _, r := range string(pattern) {
		switch {
		case escaped:
			if r != '%' && r != '_' && r != esc {
				return nil, fault.New("EvaluatorLikePatternInvalidEscapeSequence", "%q stands before %q in the LIKE pattern; it may stand before %%, _ and itself", esc, r)
			}
			escaped = false
		case r == esc:
			escaped = true
			continue
		case r == '%':
			if n := len(p.items); n > 0 && p.items[n-1] == anyRun {
				continue
			}
			r = anyRun
		case r == '_':
			r = anyOne
		}
		p.items = append(p.items, r)
	}
	if escaped {
		return nil, fault.New("EvaluatorLikePatternInvalidEscapeSequence", "the LIKE pattern ends in its escape character")
	}
	p.simplify()
	return p, nil
}

func (p *Pattern) simplify() {
	items := p.items
	if len(items) > 0 && items[0] == anyRun {
		p.before, items = true, items[1:]
	}
	if n := len(items); n > 0 && items[n-1] == anyRun {
		p.past, items = true, items[:n-1]
	}
	for _, r := range items {
		if r < 0 || r == utf8.RuneError {
			return
		}
	}
	p.simple, p.text = true, []byte(string(items))
}

// Match reports whether all of s matches.
func (p *Pattern) Match(s []byte) bool {
	if p.simple {
		switch {
		case p.before && p.past:
			return bytes.Contains(s, p.text)
		case p.before:
			return bytes.HasSuffix(s, p.text)
		case p.past:
			return bytes.HasPrefix(s, p.text)
		}
		return bytes.Equal(s, p.text)
	}
	// Greedy with one point to come back to: the last run.
	i, k, runAt, runK := 0, 0, -1, 0
	for i < len(s) {
		r, size := utf8.DecodeRune(s[i:])
		switch {
		case k < len(p.items) && p.items[k] == anyRun:
			runAt, runK = i, k
			k++
		case k < len(p.items) && (p.items[k] == anyOne || p.items[k] == r):
			i += size
			k++
		case runAt >= 0:
			_, size := utf8.DecodeRune(s[runAt:])
			runAt += size
			i, k = runAt, runK+1
		default:
			return false
		}
	}
	for k < len(p.items) && p.items[k] == anyRun {
		k++
	}
	return k == len(p.items)
}
