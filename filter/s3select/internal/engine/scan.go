package engine

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A finder walks one JSON value for the paths of a plan.
type finder struct {
	b     []byte
	slots [][]byte // what was found, nil for MISSING
	plan  *plan
	left  int  // slots still to be found
	full  bool // go on although nothing is left: a name may come twice
	name  []byte
}

// find fills the slots from the value at b[i]. It stops behind the last one,
// once nothing that follows can make a name ambiguous.
func (f *finder) find(p *plan, b []byte, i int) error {
	f.b, f.plan, f.left, f.full = b, p, p.root.leaves, false
	if f.left == 0 {
		return nil
	}
	end, err := f.value(&p.root, i)
	if err == nil && end > 0 {
		err = jsonscan.End(b, end)
	}
	return err
}

// done reports whether the walk may stop at i.
func (f *finder) done(i int) bool {
	if f.left > 0 || f.full {
		return false
	}
	if f.plan.quick && f.quiet(i) {
		return true
	}
	f.full = true
	return false
}

// value takes the value at i; the end is 0 if the walk is done.
func (f *finder) value(n *node, i int) (end int, err error) {
	b := f.b
	switch {
	case len(n.members) > 0 && i < len(b) && b[i] == '{':
		end, err = f.object(n, i)
	case len(n.elems) > 0 && i < len(b) && b[i] == '[':
		end, err = f.array(n, i)
	default:
		// What the path goes on with is not there.
		f.left -= n.leaves - len(n.slots)
		end, err = jsonscan.Skip(b, i)
	}
	if err != nil || end == 0 {
		return end, err
	}
	for _, s := range n.slots {
		f.slots[s] = b[i:end]
		f.left--
	}
	return end, nil
}

func (f *finder) object(n *node, i int) (int, error) {
	var seen uint64 // the first 64 members that came
	var more map[int]bool
	o := jsonscan.WalkObject(f.b, i)
	for o.Next() {
		t := o.NameToken()
		name := t[1 : len(t)-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			f.name = jsonscan.AppendString(f.name[:0], t)
			name = f.name
		}
		end := 0
		for k := range n.members {
			m := &n.members[k]
			if !m.matches(name) {
				continue
			}
			if came(seen, more, k) {
				if m.fold {
					return 0, fault.New("AmbiguousFieldName", "%s matches more than one member; put the exact name in double quotes", m.named)
				}
				continue
			}
			if k < 64 {
				seen |= 1 << k
			} else {
				if more == nil {
					more = map[int]bool{}
				}
				more[k] = true
			}
			var err error
			if end, err = f.value(m.child, o.Pos()); err != nil || end == 0 {
				return 0, err
			}
		}
		if end > 0 {
			if f.done(end) {
				return 0, nil
			}
			o.Resume(end)
		}
	}
	if err := o.Err(); err != nil {
		return 0, err
	}
	// Members that did not come are MISSING, and so is any element.
	for k := range n.members {
		if !came(seen, more, k) {
			f.left -= n.members[k].child.leaves
		}
	}
	for _, e := range n.elems {
		f.left -= e.child.leaves
	}
	if f.done(o.End()) {
		return 0, nil
	}
	return o.End(), nil
}

func came(seen uint64, more map[int]bool, k int) bool {
	if k < 64 {
		return seen>>k&1 != 0
	}
	return more[k]
}

func (f *finder) array(n *node, i int) (int, error) {
	a := jsonscan.WalkArray(f.b, i)
	found := 0
	for at := 0; a.Next(); at++ {
		for _, e := range n.elems {
			if e.index != at {
				continue
			}
			found += e.child.leaves
			end, err := f.value(e.child, a.Pos())
			if err != nil || end == 0 {
				return 0, err
			}
			if f.done(end) {
				return 0, nil
			}
			a.Resume(end)
		}
	}
	if err := a.Err(); err != nil {
		return 0, err
	}
	f.left -= n.leaves - len(n.slots) - found // no such element, or not an object
	if f.done(a.End()) {
		return 0, nil
	}
	return a.End(), nil
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// zeros has the high bit of each byte of w that is zero; bytes above the first
// zero may be marked too.
func zeros(w uint64) uint64 { return (w - ones) &^ w & highs }

// quiet reports that none of the plan's unquoted names can be a member's name
// after i: nothing that follows a quote looks like it, and there is no backslash
// that could hide it.
func (f *finder) quiet(i int) bool {
	tail := f.b[i:]
	if bytes.IndexByte(tail, '\\') >= 0 {
		return false
	}
	for _, name := range f.plan.folds {
		if mayName(tail, name) {
			return false
		}
	}
	return true
}

// mayName looks for a quote, the name in any case, and a quote.
func mayName(b []byte, name string) bool {
	first := uint64(name[0]) * ones
	caseBit := uint64(0)
	if c := name[0]; c >= 'a' && c <= 'z' {
		caseBit = 0x20 * ones
	}
	i := 0
	for ; i+9 <= len(b); i += 8 {
		quote := zeros(binary.LittleEndian.Uint64(b[i:]) ^ '"'*ones)
		m := quote & zeros((binary.LittleEndian.Uint64(b[i+1:])|caseBit)^first)
		for ; m != 0; m &= m - 1 {
			if nameAt(b, i+bits.TrailingZeros64(m)>>3, name) {
				return true
			}
		}
	}
	for ; i < len(b); i++ {
		if nameAt(b, i, name) {
			return true
		}
	}
	return false
}

func nameAt(b []byte, i int, name string) bool {
	end := i + 1 + len(name)
	if end >= len(b) || b[i] != '"' || b[end] != '"' {
		return false
	}
	for k := range len(name) {
		c := b[i+1+k]
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != name[k] {
			return false
		}
	}
	return true
}
