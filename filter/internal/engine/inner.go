package engine

import "github.com/lambdatune/lambdatune/internal/jsonscan"

// This file scans JSON that is the text of a JSON string, as a message's body is,
// without decoding it first. There a quote is \", a line break is \n, and an
// escape within a string of the inner JSON has its backslash doubled. What is
// escaped in any rarer way makes the functions return -1, as malformed JSON
// does: the text is decoded then, and looked at again.

// innerObject is object for text within a string: b[i] is the brace.
func (s *state) innerObject(b []byte, i int, n *node, depth int) int {
	if depth++; depth > jsonscan.MaxDepth {
		return -1
	}
	if i = innerSpace(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		start := i + 2
		end, escaped := innerString(b, i)
		if end < 0 {
			return -1
		}
		var child *node
		if escaped || n.odd || n.wanted[b[start]&31]>>min(end-2-start, 63)&1 != 0 || end-2 == start {
			child = s.child(n, s.innerToken(b, start, end-2, escaped), escaped)
		}
		if i = end; i < len(b) && b[i] == ':' {
			i++
		} else if i = innerSpace(b, i); i < len(b) && b[i] == ':' {
			i++
		} else {
			return -1
		}
		if child == nil {
			child = &nobody
		}
		if i = s.innerValue(b, innerSpace(b, i), child, depth); i < 0 || i >= len(b) {
			return -1
		}
		if b[i] != ',' {
			i = innerSpace(b, i)
		}
		switch {
		case i >= len(b):
			return -1
		case b[i] == ',':
			i = innerSpace(b, i+1)
		case b[i] == '}':
			return i + 1
		default:
			return -1
		}
	}
}

// nobody is a path that no pattern names.
var nobody = node{presence: -1}

// innerValue is value for text within a string.
func (s *state) innerValue(b []byte, i int, n *node, depth int) int {
	if i >= len(b) {
		return -1
	}
	end := -1
	switch b[i] {
	case '\\':
		escaped := false
		if end, escaped = innerString(b, i); end >= 0 && (len(n.conds) > 0 || n.presence >= 0) {
			token := s.innerToken(b, i+2, end-2, escaped)
			v := token[1 : len(token)-1]
			if escaped || n.oddText && !ascii(v) {
				s.scratch = jsonscan.AppendString(s.scratch[:0], token)
				v = s.scratch
			}
			s.testText(n, v)
		}
		return end
	case '{':
		return s.innerObject(b, i, n, depth)
	case '[':
		return s.innerArray(b, i, n, depth)
	case '"':
		return -1 // the end of the string around
	}
	if end = skip(b, i); end > 0 && (len(n.conds) > 0 || n.presence >= 0) {
		s.scalar(n, b[i:end])
	}
	return end
}

// innerArray is array for text within a string.
func (s *state) innerArray(b []byte, i int, n *node, depth int) int {
	if depth++; depth > jsonscan.MaxDepth {
		return -1
	}
	if i = innerSpace(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	id := s.enterArray()
	for {
		if i >= len(b) {
			return -1
		}
		if n != &nobody && (b[i] == '{' || b[i] == '[') {
			outer := s.enterElement(id)
			i = s.innerValue(b, i, n, depth)
			s.leaveElement(outer)
		} else {
			i = s.innerValue(b, i, n, depth)
		}
		if i < 0 {
			return -1
		}
		i = innerSpace(b, i)
		switch {
		case i >= len(b):
			return -1
		case b[i] == ',':
			i = innerSpace(b, i+1)
		case b[i] == ']':
			s.leaveArray(id)
			return i + 1
		default:
			return -1
		}
	}
}

// innerString scans the string whose opening quote is \" at b[i]. It returns the
// index just past the closing one, and whether there are escapes between.
func innerString(b []byte, i int) (end int, escaped bool) {
	if i+1 >= len(b) || b[i] != '\\' || b[i+1] != '"' {
		return -1, false
	}
	for i += 2; ; {
		if i+8 > len(b) {
			return -1, false // the string around doesn't end here: leave it to the plain way
		}
		m := special(load(b, i))
		if m == 0 {
			i += 8
			continue
		}
		if i += first(m); b[i] != '\\' || i+8 > len(b) {
			return -1, false
		}
		if b[i+1] == '"' {
			return i + 2, escaped
		}
		if b[i+1] != '\\' {
			return -1, false // an escape of the outer string
		}
		escaped = true
		switch i += 2; b[i] {
		case '\\':
			if b[i+1] != '"' && b[i+1] != '\\' {
				return -1, false
			}
			i += 2
		case '/', 'b', 'f', 'n', 'r', 't':
			i++
		case 'u':
			for _, c := range b[i+1 : i+5] {
				if c-'0' > 9 && (c|0x20 < 'a' || c|0x20 > 'f') {
					return -1, false
				}
			}
			i += 5
		default:
			return -1, false
		}
	}
}

// innerToken returns the token of an inner string whose text is b[start:end]: its
// first and last byte stand for the quotes.
func (s *state) innerToken(b []byte, start, end int, escaped bool) []byte {
	if !escaped {
		return b[start-1 : end+1]
	}
	s.inner = append(jsonscan.AppendString(append(s.inner[:0], '"'), b[start-1:end+1]), '"')
	return s.inner
}

// innerSpace is space for text within a string.
func innerSpace(b []byte, i int) int {
	for i+1 < len(b) {
		switch c := b[i]; {
		case c == ' ':
			i++
		case c == '\\' && (b[i+1] == 'n' || b[i+1] == 't' || b[i+1] == 'r'):
			i += 2
		default:
			return i
		}
	}
	return i
}
