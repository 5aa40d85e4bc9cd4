package engine

import (
	"encoding/base64"
	"errors"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// ErrBase64 says that a record's data is not base64.
var ErrBase64 = errors.New("the record's data is not valid base64")

// embedded takes the data in the string that begins at b[i] and returns the index
// just past it, or -1.
func (s *state) embedded(b []byte, i int, n *node) int {
	if !s.p.layout.Data[n.data-1].Base64 && i+1 < len(b) {
		if end := s.inPlace(b, i+1, n); end > 0 {
			s.formats[n.data] = jsonData
			return end
		}
	}
	end, escaped := scanString(b, i)
	if end < 0 || !s.decode(n, b[i:end], escaped) {
		return -1
	}
	return end
}

// inPlace scans an object or array in the text from b[i] on, up to the quote that
// ends it, as long as it is only escaped in the usual ways.
func (s *state) inPlace(b []byte, i int, n *node) (end int) {
	if i = innerSpace(b, i); i >= len(b) {
		return -1
	}
	before := s.remember()
	switch b[i] {
	case '{':
		end = s.innerObject(b, i, n, 0)
	case '[':
		end = s.innerArray(b, i, n, 0)
	default:
		return -1
	}
	if end > 0 {
		if end = innerSpace(b, end); end < len(b) && b[end] == '"' {
			return end + 1
		}
	}
	s.forget(n, before)
	return -1
}

// remember and forget are around a scan of data that may prove to be none. What
// holds below n needs no undoing: it only counts if the data is JSON after all,
// and then will be found again.
func (s *state) remember() [3]int { return [3]int{len(s.entries), len(s.frames), len(s.arrays)} }

func (s *state) forget(n *node, before [3]int) {
	s.entries, s.frames, s.arrays, s.frame = s.entries[:before[0]], s.frames[:before[1]], s.arrays[:before[2]], -1
	for i := range n.conds {
		s.unmark(n.conds[i].id)
	}
	if n.presence >= 0 {
		s.unmark(n.presence)
	}
}

// decode takes the data in the string of the token at n: an object or array in
// it is scanned as if it stood there itself, anything else is a string. It is
// false if the data is not base64.
func (s *state) decode(n *node, token []byte, escaped bool) bool {
	v := token[1 : len(token)-1]
	if escaped {
		s.data = jsonscan.AppendString(s.data[:0], token)
		v = s.data
	}
	if s.p.layout.Data[n.data-1].Base64 {
		size := base64.StdEncoding.DecodedLen(len(v))
		if cap(s.decoded) < size {
			s.decoded = make([]byte, size)
		}
		size, err := base64.StdEncoding.Decode(s.decoded[:size], v)
		if err != nil {
			s.err = ErrBase64
			return false
		}
		if v = s.decoded[:size]; s.p.layout.Keep && !utf8.Valid(v) {
			s.formats[n.data] = otherData
			return true
		}
	}
	if s.structured(n, v) {
		s.formats[n.data] = jsonData
		return true
	}
	s.formats[n.data] = plainData
	if len(n.conds) > 0 || n.presence >= 0 {
		s.testText(n, v)
	}
	return true
}

// structured scans v if it is a JSON object or array.
func (s *state) structured(n *node, v []byte) bool {
	i := jsonscan.Space(v, 0)
	kind := jsonscan.KindAt(v, i)
	if kind != jsonscan.Object && kind != jsonscan.Array {
		return false
	}
	s.record = false // nothing in data is data
	before := s.remember()
	end := -1
	switch {
	case len(n.names) == 0:
		end = skip(v, i)
	case kind == jsonscan.Object:
		end = s.object(v, i, n, 0)
	default:
		end = s.array(v, i, n, 0)
	}
	s.record = true
	if end < 0 || jsonscan.Space(v, end) < len(v) {
		s.forget(n, before)
		return false
	}
	return true
}
