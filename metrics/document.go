package metrics

import (
	"bytes"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
	"github.com/lambdatune/lambdatune/metrics/internal/line"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// document is what will become one line, or several where limits demand it.
//
// Its buffers outlive an invocation, and with them the names of the last one:
// most functions record the same names in the same order every time. As long as
// they do, a name is compared once with the one expected next, and at the end all
// definitions are copied as one block. The first name that differs cuts off what
// is expected.
type document struct {
	base *header
	own  header // base in a namespace of its own
	key  []byte // of state.in
	bad  string // why the namespace was rejected, or ""

	// slots[:n] are in use, with distinct names; the rest are expected next and
	// distinct from them and from each other.
	slots  []slot
	n      int
	defs   []byte // {…},{…}, each with its comma
	keys   []byte // ,"a":,"b":
	values int
	split  bool   // one line may not do
	heavy  bool   // too much memory for the pool
	mask   uint64 // nameBit of all names
	line   []byte // the last line; line[:fixed] is what comes before own dimensions
	fixed  int    // 0: not valid any more
	lineN  int    // how many of slots line[:fixed] defines
	index  map[string]int
	known  int // slots[:known] are in index

	// dims[:nd] are in use, the rest are expected next, as above.
	dims     []dimension
	nd       int
	dimNames []byte // ,"a","b"
	dimBuf   []byte // ,"a":"…","b":"…"
	dimMask  uint64
	sets     [][]string // further sets, of quoted names
	head     []byte
	headFor  int // for how many of dims head was built; -1: for others
}

// slot is a metric of a document and its values.
type slot struct {
	h       *Metric // nil if recorded by name
	raw     string  // the name, if it differs from what is between the quotes
	unit    Unit
	opts    MetricOption
	skip    bool // collides with a dimension
	bit     uint64
	keyFrom int // in keys
	keyTo   int
	defTo   int // in defs, with the comma

	n    int
	v    float64   // the first value
	more []float64 // the others
	hist *line.Histogram
}

// clear forgets the values.
func (d *document) clear() {
	d.n, d.values, d.split, d.mask, d.known = 0, 0, false, 0, 0
	if d.index != nil {
		clear(d.index)
	}
}

// close forgets values and dimensions.
func (d *document) close() {
	d.clear()
	d.nd, d.dimMask, d.dimBuf = 0, 0, d.dimBuf[:0]
	if len(d.sets) > 0 {
		clear(d.sets)
		d.sets, d.headFor, d.fixed = d.sets[:0], -1, 0
	}
}

// large reports whether d holds more memory than a pooled document should.
func (d *document) large() bool {
	return d.heavy || len(d.slots) > 512 ||
		cap(d.defs)+cap(d.keys)+cap(d.dimBuf)+cap(d.dimNames)+cap(d.head)+cap(d.line) > 128<<10
}

// open makes d the document of a namespace, "" being the usual one, and
// dimensions; see Recorder.In.
func (d *document) open(s *state, namespace string, pairs []string) {
	d.bad = ""
	base := &s.m.bare
	if namespace != "" {
		if d.bad = limits.Namespace(namespace); d.bad != "" {
			s.reject("namespace", namespace, d.bad, 1)
			d.slots = d.slots[:0]
		} else {
			s.scratch = line.AppendPrefix(s.scratch[:0], namespace)
			if !bytes.Equal(s.scratch, d.own.prefix) {
				d.own = newHeader(namespace, [][]string{nil}, nil)
				d.headFor, d.fixed = -1, 0
			}
			base = &d.own
		}
	}
	if d.base != base {
		d.base, d.headFor, d.fixed = base, -1, 0
	}
	d.key = append(d.key[:0], s.key...)
	if len(pairs)%2 != 0 {
		s.reject("dimension", pairs[len(pairs)-1], "it has no value; names and values must alternate", 1)
		pairs = pairs[:len(pairs)-1]
	}
	for i := 0; i < len(pairs); i += 2 {
		d.addDimension(s, pairs[i], pairs[i+1], true)
	}
}

// slot returns the slot for a metric to which count values will be added, or nil
// after having rejected them.
func (d *document) slot(s *state, name string, unit Unit, opts MetricOption, count int) *slot {
	if d.n < len(d.slots) {
		if sl := &d.slots[d.n]; sl.opts == opts && sl.unit == unit && d.is(sl, name) {
			return d.use(sl)
		}
	}
	if d.n > 0 {
		if sl := &d.slots[d.n-1]; sl.opts == opts && sl.unit == unit && d.is(sl, name) {
			return sl
		}
	}
	bit := nameBit(name)
	known, ok := limits.Unit(unit)
	if d.mask&bit != 0 {
		if sl := d.find(name, bit); sl != nil && ok {
			return d.same(s, sl, name, known, opts, count)
		}
	}
	why := limits.MetricName(name)
	switch {
	case why != "":
	case !ok:
		why = limits.BadUnit
	case s.m.reserves(name):
		why = line.ReservedForLevel
	case d.bad != "":
		why = "its namespace was rejected: " + d.bad
	}
	if why != "" {
		s.reject("metric", name, why, count)
		return nil
	}
	sl := d.next()
	sl.h, sl.unit, sl.opts, sl.bit, sl.raw = nil, known, opts, bit, ""
	if line.Escapes(name) {
		sl.raw = string([]byte(name))
	}
	d.defs = append(line.AppendDefinition(d.defs, name, known, opts&HighResolution != 0), ',')
	d.keys = line.AppendKey(d.keys, name)
	sl.defTo, sl.keyTo = len(d.defs), len(d.keys)
	return d.use(sl)
}

// slotOf is slot for one value of a compiled metric.
func (d *document) slotOf(s *state, h *Metric) *slot {
	if d.n < len(d.slots) {
		if sl := &d.slots[d.n]; sl.h == h {
			return d.use(sl)
		}
	}
	if d.n > 0 {
		if sl := &d.slots[d.n-1]; sl.h == h {
			return sl
		}
	}
	if d.mask&h.bit != 0 {
		if sl := d.find(h.name, h.bit); sl != nil {
			return d.same(s, sl, h.name, h.unit, h.opts, 1)
		}
	}
	why := ""
	switch {
	case h.def == nil:
		why = "the handle is not from Metrics.Metric"
	case s.m.reserves(h.name):
		why = line.ReservedForLevel
	case d.bad != "":
		why = "its namespace was rejected: " + d.bad
	}
	if why != "" {
		s.reject("metric", h.name, why, 1)
		return nil
	}
	sl := d.next()
	sl.h, sl.unit, sl.opts, sl.bit, sl.raw = h, h.unit, h.opts, h.bit, ""
	if line.Escapes(h.name) {
		sl.raw = h.name
	}
	d.defs = append(append(d.defs, h.def...), ',')
	d.keys = append(d.keys, h.key...)
	sl.defTo, sl.keyTo = len(d.defs), len(d.keys)
	return d.use(sl)
}

// is reports whether sl has the name.
func (d *document) is(sl *slot, name string) bool {
	if sl.raw != "" {
		return sl.raw == name
	}
	return string(d.keys[sl.keyFrom+2:sl.keyTo-2]) == name
}

// name returns the name of sl.
func (d *document) name(sl *slot) string {
	if sl.raw != "" {
		return sl.raw
	}
	return string(d.keys[sl.keyFrom+2 : sl.keyTo-2])
}

// find returns the slot in use that has the name, or nil. There is at least one.
func (d *document) find(name string, bit uint64) *slot {
	if last := &d.slots[d.n-1]; last.bit == bit && d.is(last, name) {
		return last
	}
	if d.n <= 16 {
		for i := range d.slots[:d.n-1] {
			if sl := &d.slots[i]; sl.bit == bit && d.is(sl, name) {
				return sl
			}
		}
		return nil
	}
	if d.index == nil {
		d.index = make(map[string]int, 2*d.n)
	}
	for ; d.known < d.n; d.known++ {
		d.index[d.name(&d.slots[d.known])] = d.known
	}
	if i, ok := d.index[name]; ok {
		return &d.slots[i]
	}
	return nil
}

// same returns sl if it has the given unit and options, else nil after having
// rejected the values.
func (d *document) same(s *state, sl *slot, name string, unit Unit, opts MetricOption, count int) *slot {
	switch {
	case orNone(sl.unit) != orNone(unit):
		s.reject("metric", name, "its unit is "+string(orNone(sl.unit))+" in this document already, not "+string(orNone(unit)), count)
	case sl.opts != opts:
		s.reject("metric", name, "it has other options in this document already", count)
	default:
		return sl
	}
	return nil
}

func orNone(u Unit) Unit {
	if u == "" {
		return emf.None
	}
	return u
}

// next cuts off what was expected and returns a slot behind those in use.
func (d *document) next() *slot {
	keyTo, defTo := 0, 0
	if d.n > 0 {
		keyTo, defTo = d.slots[d.n-1].keyTo, d.slots[d.n-1].defTo
	}
	d.keys, d.defs = d.keys[:keyTo], d.defs[:defTo]
	d.fixed = 0
	if d.n < cap(d.slots) {
		d.slots = d.slots[:d.n+1]
	} else {
		d.slots = append(d.slots[:d.n], slot{})
	}
	sl := &d.slots[d.n]
	sl.keyFrom = keyTo
	return sl
}

// use takes sl, the next slot, into use.
func (d *document) use(sl *slot) *slot {
	d.n++
	d.mask |= sl.bit
	sl.n = 0
	if sl.opts&Histogram != 0 {
		d.split = true
		if sl.hist == nil {
			sl.hist = &line.Histogram{}
		}
		sl.hist.Reset()
	}
	return sl
}

// first takes sl, the next slot and no histogram, into use with its first value:
// what use and add do, for the usual case.
func (d *document) first(sl *slot, v float64) {
	d.n++
	d.values++
	d.mask |= sl.bit
	sl.n, sl.v = 1, v
}

// another adds a value to sl, which has some and is no histogram.
func (d *document) another(sl *slot, v float64) {
	d.values++
	sl.more = append(sl.more[:sl.n-1], v)
	sl.n++
	d.split = d.split || sl.n > limits.Values
}

// add adds a value to sl.
func (d *document) add(sl *slot, v float64) {
	if sl.n > 0 && sl.opts&Histogram == 0 {
		d.another(sl, v)
		return
	}
	d.values++
	if sl.opts&Histogram != 0 {
		sl.hist.Add(v)
	} else {
		sl.v = v
	}
	sl.n++
}
