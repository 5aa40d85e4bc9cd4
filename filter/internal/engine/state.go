package engine

// A state is one match.
type state struct {
	p      *Program
	record bool // data is to be decoded
	err    error

	bits    []uint64 // ids that hold outside of arrays of objects
	formats [3]format

	frame   int32   // the innermost element around, -1 outside of arrays
	frames  []frame // elements that hold entries
	arrays  []span  // that hold entries
	entries []entry // in the order of the text

	key, scratch, inner []byte // decoded
	data, decoded       []byte

	search search
}

// An entry says that an id holds in an element.
type entry struct {
	id    int32
	frame int32
}

// A span is a range of entries.
type span struct{ first, end int32 }

// A frame is an element of an array.
type frame struct {
	span
	outer int32 // the frame around the array
	array int32
}

func newState(p *Program) *state {
	return &state{p: p, bits: make([]uint64, (p.ids+63)/64)}
}

func (s *state) reset(record bool) {
	s.record, s.err, s.frame = record, nil, -1
	clear(s.bits)
	s.formats = [3]format{}
	s.frames, s.arrays, s.entries = s.frames[:0], s.arrays[:0], s.entries[:0]
}

// A state that grew beyond this, in bytes or entries, is not kept.
const maxKept = 1 << 20

func (s *state) release() {
	if cap(s.data) > maxKept || cap(s.decoded) > maxKept || cap(s.scratch) > maxKept || cap(s.key) > maxKept || cap(s.inner) > maxKept ||
		cap(s.entries) > maxKept/16 || cap(s.frames) > maxKept/16 || cap(s.arrays) > maxKept/16 {
		return
	}
	s.p.pool.Put(s)
}

// mark says that the id holds here.
func (s *state) mark(id int32) {
	if s.frame < 0 {
		s.bits[id>>6] |= 1 << (id & 63)
		return
	}
	s.entries = append(s.entries, entry{id, s.frame})
}

func (s *state) unmark(id int32) { s.bits[id>>6] &^= 1 << (id & 63) }

func (s *state) holds(id int32) bool { return s.bits[id>>6]>>(id&63)&1 != 0 }

// enterArray and leaveArray are around an array, enterElement and leaveElement
// around an array or object in it. What held no entries is forgotten.
func (s *state) enterArray() (id int32) {
	s.arrays = append(s.arrays, span{first: int32(len(s.entries))})
	return int32(len(s.arrays) - 1)
}

func (s *state) leaveArray(id int32) {
	a := &s.arrays[id]
	if a.end = int32(len(s.entries)); a.end == a.first {
		s.arrays = s.arrays[:id]
	}
}

func (s *state) enterElement(array int32) (outer int32) {
	outer, s.frame = s.frame, int32(len(s.frames))
	first := int32(len(s.entries))
	s.frames = append(s.frames, frame{span{first, first}, outer, array})
	return outer
}

func (s *state) leaveElement(outer int32) {
	f := &s.frames[s.frame]
	if f.end = int32(len(s.entries)); f.end == f.first {
		s.frames = s.frames[:s.frame]
	}
	s.frame = outer
}
