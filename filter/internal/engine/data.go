package engine

import (
	"encoding/base64"
	"errors"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// ErrBase64 says that a record's data is not base64.
var ErrBase64 = errors.New("the record's data is not valid base64")

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
	if s.formats[n.data] = plainData; s.structured(n, v) {
		s.formats[n.data] = jsonData
		return true
	}
	if len(n.conds) > 0 || n.presence >= 0 {
		s.testText(n, v)
	}
	return true
}

// structured scans v if it is a JSON object or array.
func (s *state) structured(n *node, v []byte) bool {
	i := space(v, 0)
	kind := jsonscan.KindAt(v, i)
	if kind != jsonscan.Object && kind != jsonscan.Array {
		return false
	}
	end := -1
	switch {
	case len(n.names) == 0:
		end = skip(v, i, 0)
	case kind == jsonscan.Object:
		end = s.object(v, i, n, 0)
	default:
		end = s.array(v, i, n, 0)
	}
	s.frame = -1 // wherever it was when the text proved malformed
	return end >= 0 && space(v, end) == len(v)
}
