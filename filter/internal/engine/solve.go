package engine

import "slices"

// verdict reports whether any rule is met by what the scan found.
func (s *state) verdict() bool {
	if len(s.entries) == 0 {
		if s.p.simple {
			found := s.bits[0]
			for i := range s.p.rules {
				if m := s.p.rules[i].mask; found&m == m {
					return true
				}
			}
			return false
		}
		for i := range s.p.rules {
			if s.plainly(&s.p.rules[i]) {
				return true
			}
		}
		return false
	}
	s.index()
	for i := range s.p.rules {
		if r := &s.p.rules[i]; s.possible(r) {
			if ok, _ := s.choose(r, 0); ok {
				return true
			}
		}
	}
	return false
}

// plainly is the verdict where nothing was in an array of objects.
func (s *state) plainly(r *rule) bool {
	for i := range r.conds {
		c := &r.conds[i]
		if c.data != 0 && s.formats[c.data] != c.format {
			if s.p.layout.Keep {
				continue
			}
			return false
		}
		if !s.holds(c.id) && (c.presence < 0 || s.holds(c.presence)) {
			return false
		}
	}
	return true
}

// A search finds, for the conditions of a rule in their order, candidates that
// agree on one element of each array.
type search struct {
	first  []int32 // by id: where its entries begin in order
	order  []int32 // entries, by id and then by position
	chosen []int32 // by array: the frame that a condition has settled on, or -1
	owner  []int32 // by array: which condition
}

// index sorts the entries by id.
func (s *state) index() {
	f := &s.search
	f.first = zeroed(f.first, s.p.ids+1)
	for _, e := range s.entries {
		f.first[e.id+1]++
	}
	for i := range s.p.ids {
		f.first[i+1] += f.first[i]
	}
	f.order = zeroed(f.order, len(s.entries))
	for i, e := range s.entries {
		f.order[f.first[e.id]] = int32(i)
		f.first[e.id]++
	}
	copy(f.first[1:], f.first)
	f.first[0] = 0
	f.chosen, f.owner = zeroed(f.chosen, len(s.arrays)), zeroed(f.owner, len(s.arrays))
	for i := range f.chosen {
		f.chosen[i] = -1
	}
}

func zeroed(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	s = s[:n]
	clear(s)
	return s
}

func (f *search) list(id int32) []int32 { return f.order[f.first[id]:f.first[id+1]] }

// possible is a look at each condition alone.
func (s *state) possible(r *rule) bool {
	for i := range r.conds {
		c := &r.conds[i]
		if c.data != 0 && s.formats[c.data] != c.format {
			if s.p.layout.Keep {
				continue
			}
			return false
		}
		if c.presence < 0 && !s.holds(c.id) && len(s.search.list(c.id)) == 0 {
			return false
		}
	}
	return true
}

// blame is the set of conditions whose choice made a search fail. Conditions
// from the 64th on share a bit.
type blame uint64

func bit(k int) blame { return 1 << min(k, 63) }

// choose settles the conditions from the k-th on. If it fails, a choice of one
// of the conditions that it blames has to change first.
func (s *state) choose(r *rule, k int) (bool, blame) {
	if k == len(r.conds) {
		return true, 0
	}
	c := &r.conds[k]
	if c.data != 0 && s.formats[c.data] != c.format {
		return s.choose(r, k+1) // kept, else it was not possible
	}
	var failed blame
	present := false
	if s.holds(c.id) {
		// A value outside of arrays settles on nothing, which is the best
		// choice unless a later condition wants others to be far away.
		ok, b := s.choose(r, k+1)
		if ok || !c.seen || b&bit(k) == 0 {
			return ok, b
		}
		failed, present = b, true
	}
	list := s.search.list(c.id)
	for i := 0; i < len(list); {
		at := list[i]
		f := s.entries[at].frame
		if array := s.against(f); array >= 0 {
			failed |= bit(int(s.search.owner[array]))
			i = s.next(list, i, array)
			continue
		}
		present = true
		s.settle(f, k)
		ok, b := s.choose(r, k+1)
		s.unsettle(f, k)
		if ok || b&bit(k) == 0 {
			return ok, b // found, or no choice here can help
		}
		failed |= b
		i++
	}
	if c.presence >= 0 {
		failed |= c.before
		if !present && !s.present(c.presence) {
			ok, b := s.choose(r, k+1)
			if ok || b&bit(k) == 0 {
				return ok, b
			}
			failed |= b
		}
	}
	if k < 63 {
		failed &^= bit(k)
	}
	return false, failed
}

// present reports whether a path is, as far as the settled elements let it see.
func (s *state) present(id int32) bool {
	if s.holds(id) {
		return true
	}
	list := s.search.list(id)
	for i := 0; i < len(list); {
		array := s.against(s.entries[list[i]].frame)
		if array < 0 {
			return true
		}
		i = s.next(list, i, array)
	}
	return false
}

// next returns where in the list to go on after list[i] that is against the
// array: at the element it has settled on, or past the array.
func (s *state) next(list []int32, i int, array int32) int {
	goal := s.arrays[array].end
	if chosen := s.frames[s.search.chosen[array]]; list[i] < chosen.first {
		goal = chosen.first
	}
	n, _ := slices.BinarySearch(list[i:], goal)
	return i + n
}

// against returns the outermost array in which the frame is in another element
// than the settled one, or -1.
func (s *state) against(f int32) int32 {
	array := int32(-1)
	for ; f >= 0; f = s.frames[f].outer {
		a := s.frames[f].array
		if c := s.search.chosen[a]; c >= 0 && c != f {
			array = a
		}
	}
	return array
}

func (s *state) settle(f int32, k int) {
	for ; f >= 0; f = s.frames[f].outer {
		if a := s.frames[f].array; s.search.chosen[a] < 0 {
			s.search.chosen[a], s.search.owner[a] = f, int32(k)
		}
	}
}

func (s *state) unsettle(f int32, k int) {
	for ; f >= 0; f = s.frames[f].outer {
		if a := s.frames[f].array; s.search.chosen[a] >= 0 && s.search.owner[a] == int32(k) {
			s.search.chosen[a] = -1
		}
	}
}
