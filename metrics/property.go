package metrics

import (
	"bytes"
	"encoding/json"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
	"github.com/lambdatune/lambdatune/metrics/internal/line"
)

// property is a member of the documents that is neither metric nor dimension.
type property struct {
	raw     string // the key, if it is not the same between quotes
	bit     uint64
	keyFrom int // in propKeys: ,"key":
	keyTo   int
	from    int // in propBuf: ,"key":value
	to      int
	skip    bool // collides in this document
}

// addProperty adds or replaces a property: raw if it isn't nil, else the string.
// As with metrics, props[np] is the one expected next.
func (s *state) addProperty(key, value string, raw []byte) {
	if s.np == len(s.props) || s.props[s.np].raw != "" ||
		string(s.propKeys[s.props[s.np].keyFrom+2:s.props[s.np].keyTo-2]) != key {
		if !s.newProperty(key) {
			return
		}
	}
	p := &s.props[s.np]
	s.np++
	s.propMask |= p.bit
	p.from = len(s.propBuf)
	b := append(s.propBuf, s.propKeys[p.keyFrom:p.keyTo]...)
	if raw != nil {
		b = append(b, raw...)
	} else {
		b = line.AppendString(b, value)
	}
	s.propBuf = b
	p.to = len(b)
}

// newProperty cuts off what was expected and makes props[np] a property with the
// key, or rejects it.
func (s *state) newProperty(key string) bool {
	why := limits.PropertyKey(key)
	if why == "" && s.m.reserves(key) {
		why = line.ReservedForLevel
	}
	if why != "" {
		s.reject("property", key, why, 1)
		return false
	}
	bit := nameBit(key)
	if s.propMask&bit != 0 {
		s.dropProperty(key)
	}
	p := property{bit: bit}
	if line.Escapes(key) {
		p.raw = string([]byte(key)) // not kept alive with what key is a part of
	}
	if s.np > 0 {
		p.keyFrom = s.props[s.np-1].keyTo
	}
	s.propKeys = line.AppendKey(s.propKeys[:p.keyFrom], key)
	p.keyTo = len(s.propKeys)
	s.props = append(s.props[:s.np], p)
	return true
}

// dropProperty forgets the property that has the key, if there is one.
func (s *state) dropProperty(key string) {
	for i := range s.props[:s.np] {
		p := s.props[i]
		if s.propertyKey(&p) != key {
			continue
		}
		n := p.to - p.from
		s.propBuf = append(s.propBuf[:p.from], s.propBuf[p.to:]...)
		s.props = append(s.props[:i], s.props[i+1:s.np]...)
		s.np--
		for k := range s.props[i:] {
			q := &s.props[i+k]
			q.from, q.to = q.from-n, q.to-n
		}
		return
	}
}

// propertyKey returns the key of p.
func (s *state) propertyKey(p *property) string {
	if p.raw != "" {
		return p.raw
	}
	return string(s.propKeys[p.keyFrom+2 : p.keyTo-2])
}

// marshal returns value as JSON on one line, or why it has none. The reason does
// not quote the value.
func marshal(value any) (raw []byte, why string) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, "encoding/json can't marshal a value of its type"
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), ""
}
