package metrics

import (
	"bytes"
	"fmt"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
	"github.com/lambdatune/lambdatune/metrics/internal/line"
)

// emit writes the metrics of d. One pass and one line do unless a limit, a name
// used twice or a histogram is in the way.
func (d *document) emit(s *state) {
	head := d.header(s)
	_, members := d.dimEnds(d.nd)
	last := &d.slots[d.n-1]
	fixed := len(head) + len(line.HeadEnd) + len(d.base.members) + members + len(s.propBuf) + len(line.End) + line.LevelLen
	if d.split || d.n > limits.Metrics ||
		fixed+last.defTo+last.keyTo+2*d.n+line.NumberLen*d.values > s.m.maxLine ||
		d.mask&(d.dimMask|s.propMask|s.m.dimMask)|s.propMask&(d.dimMask|s.m.dimMask) != 0 && d.collides(s) {
		d.emitCareful(s, head)
		return
	}
	if d.fixed == 0 || d.lineN != d.n {
		b := append(d.line[:0], head...)
		b = append(b, d.defs[:last.defTo-1]...) // without the last comma
		b = append(b, line.HeadEnd...)
		d.line = append(b, d.base.members...)
		d.fixed, d.lineN = len(d.line), d.n
	}
	b := d.line[:d.fixed]
	line.PutTimestamp(b, s.ts)
	if members > 0 {
		b = append(b, d.dimBuf[:members]...)
	}
	if s.m.level != "" {
		b = line.AppendLevel(b, s.m.level, s.ts)
	}
	if len(s.propBuf) > 0 {
		b = append(b, s.propBuf...)
	}
	for i := range d.slots[:d.n] {
		sl := &d.slots[i]
		b = append(b, d.keys[sl.keyFrom:sl.keyTo]...)
		if sl.n == 1 {
			b = line.AppendNumber(b, sl.v)
			continue
		}
		b = append(b, '[')
		b = line.AppendNumber(b, sl.v)
		for _, v := range sl.more[:sl.n-1] {
			b = append(b, ',')
			b = line.AppendNumber(b, v)
		}
		b = append(b, ']')
	}
	b = append(b, line.End...)
	d.line = b
	s.write(b)
}

// emitCareful leaves out what collides, names it, and packs the rest into as many
// lines as it takes.
func (d *document) emitCareful(s *state, head []byte) {
	d.collides(s)
	most := 0 // bytes that the largest metric needs beside a value
	for i := range d.slots[:d.n] {
		sl := &d.slots[i]
		defFrom := 0
		if i > 0 {
			defFrom = d.slots[i-1].defTo
		}
		most = max(most, sl.defTo-defFrom+sl.keyTo-sl.keyFrom)
	}
	p := line.Packer{Head: head, Max: s.m.maxLine, Emit: func(b []byte) {
		line.PutTimestamp(b, s.ts)
		s.write(b)
	}}
	_, members := d.dimEnds(d.nd)
	p.Tail = append(p.Tail, line.HeadEnd...)
	p.Tail = append(p.Tail, d.base.members...)
	p.Tail = append(p.Tail, d.dimBuf[:members]...)
	if s.m.level != "" {
		p.Tail = line.AppendLevel(p.Tail, s.m.level, s.ts)
	}
	for i := range s.props[:s.np] {
		prop := &s.props[i]
		if prop.skip {
			s.reject("property", s.propertyKey(prop), "the key is also a metric's or a dimension's name", 1)
			continue
		}
		size := prop.to - prop.from
		if need := len(head) + len(p.Tail) + len(line.End) + most + line.OneValue + size; need > s.m.maxLine {
			s.reject("property", s.propertyKey(prop), fmt.Sprintf(
				"its lines would need %d bytes, allowed are %d; see WithMaxLine", need, s.m.maxLine), 1)
			continue
		}
		p.Tail = append(p.Tail, s.propBuf[prop.from:prop.to]...)
	}
	items := make([]line.Item, 0, d.n)
	defFrom := 0
	for i := range d.slots[:d.n] {
		sl := &d.slots[i]
		def := d.defs[defFrom : sl.defTo-1]
		defFrom = sl.defTo
		if sl.skip {
			s.reject("metric", d.name(sl), "the name is also a dimension's", sl.n)
			continue
		}
		d.heavy = d.heavy || cap(sl.more) > 4096
		it := line.Item{Def: def, Key: d.keys[sl.keyFrom:sl.keyTo]}
		if sl.opts&Histogram != 0 {
			it.Hist = sl.hist.Export()
			d.heavy = d.heavy || len(it.Hist) > 4096
		} else {
			it.First, it.More = sl.v, sl.more[:sl.n-1]
		}
		items = append(items, it)
	}
	p.Pack(items)
}

// collides reports whether a name serves twice in d's lines, and marks what has to
// be left out: metrics with a dimension's name, and properties with a dimension's
// or a metric's. Names are compared as they are encoded.
func (d *document) collides(s *state) bool {
	any := false
	dims := d.dimMask | s.m.dimMask
	for i := range d.slots[:d.n] {
		sl := &d.slots[i]
		sl.skip = sl.bit&dims != 0 && d.hasDimension(s, d.keys[sl.keyFrom:sl.keyTo-1])
		any = any || sl.skip
	}
	for i := range s.props[:s.np] {
		p := &s.props[i]
		key := s.propKeys[p.keyFrom : p.keyTo-1]
		p.skip = p.bit&dims != 0 && d.hasDimension(s, key)
		if p.bit&d.mask != 0 && !p.skip {
			for i := range d.slots[:d.n] {
				if sl := &d.slots[i]; sl.bit == p.bit && bytes.Equal(d.keys[sl.keyFrom:sl.keyTo-1], key) {
					p.skip = true
				}
			}
		}
		any = any || p.skip
	}
	return any
}

// hasDimension reports whether d's lines have the dimension, given as ,"name".
func (d *document) hasDimension(s *state, key []byte) bool {
	for i := range d.dims[:d.nd] {
		if bytes.Equal(d.dimNames[d.dims[i].nameFrom:d.dims[i].nameTo], key) {
			return true
		}
	}
	if d.base == &s.m.base {
		for _, k := range s.m.dimKeys {
			if bytes.Equal(k, key) {
				return true
			}
		}
	}
	return false
}
