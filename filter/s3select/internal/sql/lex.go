package sql

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokIdent
	tokQuoted // "name"
	tokWord   // a reserved word, lower case in text
	tokNumber
	tokString
	tokIon // `literal`
	tokOp
)

type token struct {
	kind tokenKind
	text string // decoded
	pos  int
}

func (t token) String() string {
	switch t.kind {
	case tokEnd:
		return "the end of the expression"
	case tokWord:
		return "the reserved word " + strings.ToUpper(t.text)
	case tokString:
		return "the string '" + t.text + "'"
	}
	return t.text
}

// lex splits an expression into tokens; the last one is tokEnd.
func lex(s string) ([]token, error) {
	var out []token
	for i := 0; ; {
		var err error
		if i, err = skipSpace(s, i); err != nil {
			return nil, err
		}
		if i == len(s) {
			return append(out, token{kind: tokEnd, pos: i}), nil
		}
		t := token{pos: i}
		switch c := s[i]; {
		case c == '\'':
			t.kind = tokString
			t.text, i, err = quoted(s, i)
		case c == '"':
			t.kind = tokQuoted
			t.text, i, err = quoted(s, i)
		case c == '`':
			end := strings.IndexByte(s[i+1:], '`')
			if end < 0 {
				return nil, fault.At(i, "LexerInvalidIONLiteral", "the closing ` is missing")
			}
			t.kind, t.text = tokIon, s[i+1:i+1+end]
			i += end + 2
		case digit(c), c == '.' && i+1 < len(s) && digit(s[i+1]):
			t.kind = tokNumber
			t.text, i, err = number(s, i)
		case identStart(s[i:]):
			j := i
			for j < len(s) && (identStart(s[j:]) || digit(s[j])) {
				_, size := utf8.DecodeRuneInString(s[j:])
				j += size
			}
			t.kind, t.text = tokIdent, s[i:j]
			if w := strings.ToLower(t.text); reserved[w] {
				t.kind, t.text = tokWord, w
			}
			i = j
		default:
			t.kind = tokOp
			t.text, err = operator(s, i)
			i += len(t.text)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func identStart(s string) bool {
	c := s[0]
	if c < utf8.RuneSelf {
		return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$'
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// skipSpace also skips comments.
func skipSpace(s string, i int) (int, error) {
	for i < len(s) {
		switch {
		case s[i] == ' ' || s[i] >= '\t' && s[i] <= '\r':
			i++
		case strings.HasPrefix(s[i:], "--"):
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				return len(s), nil
			}
			i += end
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return i, fault.At(i, "LexerInvalidChar", "the comment is not closed with */")
			}
			i += end + 4
		default:
			return i, nil
		}
	}
	return i, nil
}

// quoted reads text in quotes, where two quotes stand for one.
func quoted(s string, i int) (text string, end int, err error) {
	q := s[i]
	var b strings.Builder
	for j := i + 1; j < len(s); j++ {
		if s[j] == q {
			if j+1 == len(s) || s[j+1] != q {
				return b.String(), j + 1, nil
			}
			j++
		}
		b.WriteByte(s[j])
	}
	return "", i, fault.At(i, "LexerInvalidLiteral", "the closing %c is missing", q)
}

func number(s string, i int) (text string, end int, err error) {
	j := i
	digits := func() {
		for j < len(s) && digit(s[j]) {
			j++
		}
	}
	digits()
	if j < len(s) && s[j] == '.' {
		j++
		digits()
	}
	if j < len(s) && s[j]|0x20 == 'e' {
		k := j
		j++
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j == len(s) || !digit(s[j]) {
			return "", k, fault.At(k, "LexerInvalidLiteral", "the exponent of the number has no digits")
		}
		digits()
	}
	if j < len(s) && identStart(s[j:]) {
		return "", j, fault.At(j, "LexerInvalidLiteral", "a letter stands right behind the number %s", s[i:j])
	}
	return s[i:j], j, nil
}

func operator(s string, i int) (string, error) {
	switch two := s[i:min(i+2, len(s))]; two {
	case "<>", "<=", ">=", "!=":
		return two, nil
	case "||", "==", "<<", ">>", "=>", "&&":
		return two, fault.At(i, "LexerInvalidOperator", "there is no operator %s", two)
	}
	if strings.IndexByte("+-*/%=<>(),.[]?;", s[i]) >= 0 {
		return s[i : i+1], nil
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return "", fault.At(i, "LexerInvalidChar", "%q has no place in an expression", r)
}
