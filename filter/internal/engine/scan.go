package engine

import (
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/internal/pattern"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// The functions of this file scan valid JSON from b[i] and return the index
// just past it, or -1 if it is malformed: jsonscan is then asked what is wrong.

// object scans the object at b[i], whose path is n's.
func (s *state) object(b []byte, i int, n *node, depth int) int {
	if depth++; depth > jsonscan.MaxDepth {
		return -1
	}
	if i = jsonscan.Space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		// The name. Most end within nine bytes, and most are nobody's: that is told
		// by the first byte and the length.
		if uint(i) >= uint(len(b)) || b[i] != '"' {
			return -1
		}
		start, escaped := i, false
		if i+9 < len(b) {
			i += 1 + first(special(load(b, i+1)))
		}
		if b[i] == '"' && i > start {
			i++
		} else if i, escaped = scanString(b, start); i < 0 {
			return -1
		}
		var child *node
		if escaped || n.odd || n.wanted[b[start+1]&31]>>min(i-start-2, 63)&1 != 0 {
			child = s.child(n, b[start:i], escaped)
		}
		if i = jsonscan.Space(b, i); i >= len(b) || b[i] != ':' {
			return -1
		}
		if i = jsonscan.Space(b, i+1); i >= len(b) {
			return -1
		}
		switch {
		case child != nil:
			if i = s.value(b, i, child, depth); i < 0 {
				return -1
			}
		case b[i] == '"':
			if i = skipString(b, i); i < 0 {
				return -1
			}
		default:
			if i = skip(b, i); i < 0 {
				return -1
			}
		}
		if i = jsonscan.Space(b, i); i >= len(b) {
			return -1
		}
		if b[i] != ',' {
			if b[i] == '}' {
				return i + 1
			}
			return -1
		}
		i = jsonscan.Space(b, i+1)
	}
}

// child returns the node that the key of the token leads to from n, or nil.
func (s *state) child(n *node, token []byte, escaped bool) *node {
	key := token[1 : len(token)-1]
	if escaped || n.odd && !ascii(key) {
		s.key = jsonscan.AppendString(s.key[:0], token)
		key = s.key
	}
	if c := n.find(key); c != nil {
		return c
	}
	if n.deep {
		return n.walk(key)
	}
	return nil
}

// find returns the child of that name.
func (n *node) find(name []byte) *node {
	if n.index != nil {
		return n.index[string(name)]
	}
	for i, s := range n.names {
		if string(name) == s {
			return n.children[i]
		}
	}
	return nil
}

// walk follows a key with dots, each of which is as good as an object.
func (n *node) walk(key []byte) *node {
	for i, s := range n.names {
		if len(key) > len(s) && key[len(s)] == '.' && string(key[:len(s)]) == s {
			rest := key[len(s)+1:]
			if c := n.children[i].find(rest); c != nil {
				return c
			}
			return n.children[i].walk(rest)
		}
	}
	return nil
}

// value scans the value at b[i], whose path is n's.
func (s *state) value(b []byte, i int, n *node, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		if n.data != 0 {
			if s.record && s.frame < 0 {
				return s.embedded(b, i, n)
			}
			s.formats[n.data] = s.bare()
		}
		end, escaped := scanString(b, i)
		if end < 0 {
			return -1
		}
		s.text(n, b[i:end], escaped)
		return end
	case '{':
		if n.data != 0 {
			s.formats[n.data] = jsonData
		}
		if len(n.names) == 0 {
			return skip(b, i)
		}
		return s.object(b, i, n, depth)
	case '[':
		if n.data == 0 {
			return s.array(b, i, n, depth)
		}
		record := s.record
		s.record = false // no element of an array is text to decode
		end := s.array(b, i, n, depth)
		s.record, s.formats[n.data] = record, jsonData
		return end
	}
	end := skip(b, i)
	if end > 0 && (len(n.conds) > 0 || n.presence >= 0 || n.data != 0) {
		s.scalar(n, b[i:end])
	}
	return end
}

// bare is the format of data that is a scalar and not to be decoded: part of a
// structure, if it is in an array.
func (s *state) bare() format {
	if s.frame >= 0 {
		return jsonData
	}
	return plainData
}

// array scans the array at b[i], whose path is n's.
func (s *state) array(b []byte, i int, n *node, depth int) int {
	if depth++; depth > jsonscan.MaxDepth {
		return -1
	}
	if i = jsonscan.Space(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	id := s.enterArray()
	for {
		if i >= len(b) {
			return -1
		}
		switch {
		case b[i] == '[':
			outer := s.enterElement(id)
			i = s.array(b, i, n, depth)
			s.leaveElement(outer)
		case b[i] == '{' && len(n.names) > 0:
			outer := s.enterElement(id)
			i = s.object(b, i, n, depth)
			s.leaveElement(outer)
		default:
			i = s.value(b, i, n, depth)
		}
		if i < 0 {
			return -1
		}
		if i = jsonscan.Space(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case ',':
			i = jsonscan.Space(b, i+1)
		case ']':
			s.leaveArray(id)
			return i + 1
		default:
			return -1
		}
	}
}

// text takes the string of the token at n.
func (s *state) text(n *node, token []byte, escaped bool) {
	if len(n.conds) == 0 && n.presence < 0 {
		return
	}
	v := token[1 : len(token)-1]
	if escaped || n.oddText && !ascii(v) {
		s.scratch = jsonscan.AppendString(s.scratch[:0], token)
		v = s.scratch
	}
	s.testText(n, v)
}

func (s *state) testText(n *node, v []byte) {
	if n.presence >= 0 {
		s.mark(n.presence)
	}
	var a address
	if n.address {
		a.Address, a.ok = pattern.ParseAddress(v)
	}
	for i := range n.conds {
		if c := &n.conds[i]; c.matchText(v, &a) {
			s.mark(c.id)
		}
	}
}

// scalar takes the number, null, true or false of the token at n.
func (s *state) scalar(n *node, token []byte) {
	if n.data != 0 {
		if s.record && s.frame < 0 {
			return // no data
		}
		s.formats[n.data] = s.bare()
	}
	if n.presence >= 0 {
		s.mark(n.presence)
	}
	if token[0] > '9' {
		l := literal(string(token))
		for i := range n.conds {
			if c := &n.conds[i]; c.matchLiteral(l) {
				s.mark(c.id)
			}
		}
		return
	}
	v := number{text: token}
	if n.number {
		v.value, v.ok = pattern.ParseNumber(token)
	}
	for i := range n.conds {
		if c := &n.conds[i]; c.matchNumber(&v) {
			s.mark(c.id)
		}
	}
}

// skip skips a value without looking at it.
func skip(b []byte, i int) int {
	end, err := jsonscan.Skip(b, i)
	if err != nil {
		return -1
	}
	return end
}

// scanString scans the string at b[i] and reports whether it has escapes.
func scanString(b []byte, i int) (end int, escaped bool) {
	if i >= len(b) || b[i] != '"' {
		return -1, false
	}
	for k := i + 1; k+8 <= len(b); k += 8 {
		if m := special(load(b, k)); m != 0 {
			if k += first(m); b[k] == '"' {
				return k + 1, false
			}
			return scanEscaped(b, i)
		}
	}
	return scanShort(b, i)
}

// skipString is scanString for who doesn't ask for escapes.
func skipString(b []byte, i int) int {
	start := i
	for i++; i+8 <= len(b); {
		m := special(load(b, i))
		if m == 0 {
			i += 8
			continue
		}
		if i += first(m); b[i] == '"' {
			return i + 1
		}
		if i+1 >= len(b) || b[i] != '\\' || !simple[b[i+1]] {
			break
		}
		i += 2
	}
	end, err := jsonscan.SkipString(b, start)
	if err != nil {
		return -1
	}
	return end
}

// simple are the characters that make an escape of two.
var simple = [256]bool{'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

// scanShort is scanString near the end of b.
func scanShort(b []byte, i int) (int, bool) {
	for k := i + 1; k < len(b); k++ {
		switch c := b[k]; {
		case c == '"':
			return k + 1, false
		case c == '\\' || c < ' ':
			return scanEscaped(b, i)
		}
	}
	return -1, false
}

func scanEscaped(b []byte, i int) (int, bool) {
	end, err := jsonscan.SkipString(b, i)
	if err != nil {
		return -1, false
	}
	return end, true
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
