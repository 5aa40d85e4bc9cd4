package metrics

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
	"github.com/lambdatune/lambdatune/metrics/internal/line"
)

// dimension is a dimension of a document, besides the default ones.
type dimension struct {
	nameFrom int // in dimNames: ,"name"
	nameTo   int
	memberTo int  // in dimBuf: ,"name":"value"
	all      bool // in every default set, not only in further ones
	esc      bool // the name is not the same between quotes
}

// addDimension adds a dimension: to every default set if all is true, else as a
// member that a further set names. It reports whether d has it now.
func (d *document) addDimension(s *state, name, value string, all bool) bool {
	why := ""
	expected := false
	if d.nd < len(d.dims) {
		dim := &d.dims[d.nd]
		expected = dim.all == all && !dim.esc && string(d.dimNames[dim.nameFrom+2:dim.nameTo-1]) == name
	}
	if !expected {
		why = limits.DimensionName(name)
		if why == "" && s.m.reserves(name) {
			why = line.ReservedForLevel
		}
	}
	if why == "" {
		why = limits.DimensionValue(value)
	}
	if why != "" {
		s.reject("dimension", name, why, 1)
		return false
	}
	if d.base == &s.m.base && s.m.dimMask&nameBit(name) != 0 {
		for i := 0; i < len(s.m.dims); i += 2 {
			if s.m.dims[i] == name {
				if s.m.dims[i+1] == value {
					return true
				}
				s.reject("dimension", name, "it has another value as a default dimension", 1)
				return false
			}
		}
	}
	if d.dimMask&nameBit(name) != 0 {
		if i := d.findDimension(s, name); i >= 0 {
			return d.sameDimension(s, i, name, value, all)
		}
	}
	var dim *dimension
	from, to := d.dimEnds(d.nd)
	if expected {
		dim = &d.dims[d.nd]
	} else {
		d.headFor = -1
		d.dimNames = append(d.dimNames[:from], ',')
		d.dimNames = line.AppendString(d.dimNames, name)
		d.dims = append(d.dims[:d.nd], dimension{nameFrom: from, nameTo: len(d.dimNames), all: all, esc: line.Escapes(name)})
		dim = &d.dims[d.nd]
	}
	d.dimBuf = append(d.dimBuf[:to], d.dimNames[dim.nameFrom:dim.nameTo]...)
	d.dimBuf = append(d.dimBuf, ':')
	d.dimBuf = line.AppendString(d.dimBuf, value)
	dim.memberTo = len(d.dimBuf)
	d.nd++
	if why := d.fits(s); why != "" {
		d.nd--
		d.dims = d.dims[:d.nd]
		s.reject("dimension", name, why, 1)
		return false
	}
	d.dimMask |= nameBit(name)
	return true
}

// dimEnds returns where the first n dimensions end in dimNames and dimBuf.
func (d *document) dimEnds(n int) (name, member int) {
	if n == 0 {
		return 0, 0
	}
	return d.dims[n-1].nameTo, d.dims[n-1].memberTo
}

// findDimension returns which dimension in use has the name, or -1.
func (d *document) findDimension(s *state, name string) int {
	s.scratch = line.AppendString(append(s.scratch[:0], ','), name)
	for i := range d.dims[:d.nd] {
		if string(d.dimNames[d.dims[i].nameFrom:d.dims[i].nameTo]) == string(s.scratch) {
			return i
		}
	}
	return -1
}

// sameDimension handles a dimension that d has as its i-th already.
func (d *document) sameDimension(s *state, i int, name, value string, all bool) bool {
	s.scratch = line.AppendMember(s.scratch[:0], name, value)
	_, from := d.dimEnds(i)
	dim := &d.dims[i]
	if string(d.dimBuf[from:dim.memberTo]) != string(s.scratch) {
		s.reject("dimension", name, "it has another value already; metrics under several values need Recorder.In", 1)
		return false
	}
	if all && !dim.all {
		dim.all, d.headFor = true, -1
		if why := d.fits(s); why != "" {
			dim.all = false
			s.reject("dimension", name, why, 1)
			return false
		}
	}
	return true
}

// fits returns why the dimensions are too many or too long, or "".
func (d *document) fits(s *state) string {
	keys, names := d.base.keys, 0
	for i := range d.dims[:d.nd] {
		if d.dims[i].all {
			keys++
			names += d.dims[i].nameTo - d.dims[i].nameFrom
		}
	}
	if keys > limits.Dimensions {
		return "the dimension set would have more than 30 dimensions"
	}
	_, members := d.dimEnds(d.nd)
	n := len(d.base.head) + len(d.base.members) + names*len(d.base.sets) + members + line.LevelLen + limits.Reserve
	for _, set := range d.sets {
		n += 3
		for _, name := range set {
			n += len(name) + 1
		}
	}
	if n > s.m.maxLine {
		return fmt.Sprintf("its lines would need %d bytes, allowed are %d; see WithMaxLine", n, s.m.maxLine)
	}
	return ""
}

// addSet adds one more dimension set, or nothing if a dimension of it is wrong.
func (d *document) addSet(s *state, pairs []string) {
	why := ""
	switch {
	case len(pairs)%2 != 0:
		why = strconv.Itoa(len(pairs)) + " strings given, names and values must alternate"
	case len(pairs) > 2*limits.Dimensions:
		why = strconv.Itoa(len(pairs)/2) + " dimensions, allowed are 30"
	}
	set := make([]string, 0, len(pairs)/2)
	had := d.nd
	for i := 0; i < len(pairs) && why == ""; i += 2 {
		name := string(line.AppendString(nil, pairs[i]))
		if slices.Contains(set, name) {
			why = "it names " + name + " twice"
		} else if !d.addDimension(s, pairs[i], pairs[i+1], false) {
			why = "its dimension " + name + " was rejected"
		}
		set = append(set, name)
	}
	if why == "" {
		d.sets = append(d.sets, set)
		if why = d.fits(s); why != "" {
			d.sets = d.sets[:len(d.sets)-1]
		}
	}
	if why != "" {
		if d.nd > had { // members that no set names
			d.nd, d.dims = had, d.dims[:had]
		}
		s.reject("dimension set", "", why, 1)
	}
}

// header returns the document's beginning up to the metric definitions.
func (d *document) header(s *state) []byte {
	if d.nd == 0 && len(d.sets) == 0 {
		if d.headFor != 0 {
			d.headFor, d.fixed = 0, 0
		}
		return d.base.head
	}
	if d.headFor == d.nd && len(d.sets) == 0 {
		return d.head
	}
	d.fixed = 0
	b := append(d.head[:0], d.base.prefix...)
	own := s.scratch[:0]
	for i := range d.dims[:d.nd] {
		if dim := &d.dims[i]; dim.all {
			own = append(own, d.dimNames[dim.nameFrom:dim.nameTo]...)
		}
	}
	s.scratch = own
	for i, set := range d.base.sets {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = append(b, set...)
		if len(set) == 0 && len(own) > 0 {
			own = own[1:]
		}
		b = append(b, own...)
		b = append(b, ']')
		own = s.scratch
	}
	for i, set := range d.sets {
		if !d.published(set, i) {
			b = append(b, ',', '[')
			for i, name := range set {
				if i > 0 {
					b = append(b, ',')
				}
				b = append(b, name...)
			}
			b = append(b, ']')
		}
	}
	d.head = append(b, line.HeadMetrics...)
	d.headFor = d.nd
	if len(d.sets) > 0 {
		d.headFor = -1
	}
	return d.head
}

// published reports whether set, the i-th of sets, is the same as another one
// before it: what is published twice counts twice.
func (d *document) published(set []string, i int) bool {
	for _, other := range d.sets[:i] {
		if sameNames(other, set) {
			return true
		}
	}
	for _, names := range d.base.names {
		all := slices.Clone(names)
		for i := range d.dims[:d.nd] {
			if dim := &d.dims[i]; dim.all {
				all = append(all, string(d.dimNames[dim.nameFrom+1:dim.nameTo]))
			}
		}
		if sameNames(all, set) {
			return true
		}
	}
	return false
}

// sameNames reports whether a and b, each without duplicates, are equal sets.
func sameNames(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, name := range a {
		if !slices.Contains(b, name) {
			return false
		}
	}
	return true
}
