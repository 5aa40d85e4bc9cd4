package engine

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

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
	again int  // values being taken that another member has to take, too
	name  []byte

	noSlash bool // there is no backslash in the record

	stop  int         // where the walk was done
	known *layouts    // of the plan's records
	both  [2]*layouts // the same for both plans
}

// find fills the slots from the value at b[i]. It stops behind the last one,
// once nothing that follows can make a name ambiguous.
func (f *finder) find(p *plan, b []byte, i int) error {
	f.b, f.plan, f.left, f.full, f.again = b, p, p.root.leaves, false, 0
	if f.left == 0 {
		return nil
	}
	l := f.both[p.list]
	if l == nil {
		l = newLayouts()
		f.both[p.list] = l
	}
	f.known = l
	if f.follow(l, i) {
		return nil
	}
	end, err := f.value(&p.root, i)
	how := closed
	if end == 0 {
		end, how = f.stop, stopped
	} else if err == nil {
		err = jsonscan.End(b, end)
	}
	if err == nil {
		l.learn(b, i, end, how)
	}
	return err
}

// done reports whether the walk may stop at i.
func (f *finder) done(i int) bool {
	if f.left > 0 || f.full || f.again > 0 {
		return false
	}
	if f.plan.quick && f.quiet(i) {
		f.stop = i
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
		f.known.learns = f.known.learns && len(n.slots) == 0 // it is no visit
	case len(n.elems) > 0 && i < len(b) && b[i] == '[':
		end, err = f.array(n, i)
		f.known.learns = f.known.learns && len(n.slots) == 0
	default:
		if end, err = jsonscan.Skip(b, i); err != nil {
			return 0, err
		}
		switch {
		case n.leaf:
			f.known.note(b, i, end, n.slots[0], 0)
		case len(n.slots) > 0 || b[i] != 'n': // null is as good as text
			f.known.learns = false
		}
		// What the path goes on with is not there.
		f.left -= n.leaves - len(n.slots)
	}
	if err != nil || end == 0 {
		return 0, err
	}
	for _, s := range n.slots {
		f.slots[s] = b[i:end]
		f.left--
	}
	return end, nil
}

// object walks members. Whatever it does not expect is left to jsonscan, which
// says what is wrong.
func (f *finder) object(n *node, start int) (int, error) {
	b := f.b
	var few [1]uint64
	seen := few[:] // bits of the members that came
	if len(n.members) > 64 {
		seen = make([]uint64, len(n.members)/64+1)
	}
	i := jsonscan.Space(b, start+1)
	if i < len(b) && b[i] == '}' {
		return f.close(n, seen, i+1)
	}
	for {
		name, end, err := f.key(start, i)
		if err != nil {
			return 0, err
		}
		i = jsonscan.Space(b, end)
		k, stop := n.match(name, 0), 0
		if k < 0 {
			if stop, err = skip(b, i); err != nil {
				return 0, err
			}
			f.known.note(b, i, stop, -1, 0)
		}
		for k >= 0 {
			next := n.match(name, k+1)
			if next >= 0 { // the query has the name both with quotes and without
				f.known.learns = false
				f.again++
				name = bytes.Clone(name) // the value's own names take its place
			}
			if stop, err = f.take(n, k, i, seen); stop == 0 {
				return 0, err
			}
			if next >= 0 {
				f.again--
			}
			if k = next; k < 0 && f.done(stop) {
				return 0, nil
			}
		}
		if i = jsonscan.Space(b, stop); uint(i) >= uint(len(b)) {
			return 0, f.syntax(start)
		}
		if b[i] == '}' {
			return f.close(n, seen, i+1)
		}
		if b[i] != ',' {
			return 0, f.syntax(start)
		}
		i = jsonscan.Space(b, i+1)
	}
}

// close ends an object: members that did not come are MISSING, and so is any
// element.
func (f *finder) close(n *node, seen []uint64, end int) (int, error) {
	for k := range n.members {
		if seen[k>>6]>>(k&63)&1 == 0 {
			f.left -= n.members[k].child.leaves
		}
	}
	for _, e := range n.elems {
		f.left -= e.child.leaves
	}
	if f.left <= 0 && f.done(end) {
		return 0, nil
	}
	return end, nil
}

// key reads a name and its colon: the name decoded, and the index behind the
// colon.
func (f *finder) key(start, i int) (name []byte, end int, err error) {
	b := f.b
	if uint(i) >= uint(len(b)) || b[i] != '"' {
		return nil, 0, f.syntax(start)
	}
	if end, err = jsonscan.SkipString(b, i); err != nil {
		return nil, 0, err
	}
	if name = b[i+1 : end-1]; bytes.IndexByte(name, '\\') >= 0 {
		f.name = jsonscan.AppendString(f.name[:0], b[i:end])
		name = f.name
	}
	if end = jsonscan.Space(b, end); end >= len(b) || b[end] != ':' {
		return nil, 0, f.syntax(start)
	}
	return name, end + 1, nil
}

// match is the first member from k on that a name is the name of, -1 if there is
// none.
func (n *node) match(name []byte, k int) int {
	for ; k < len(n.members); k++ {
		if n.members[k].matches(name) {
			return k
		}
	}
	return -1
}

// take takes the value at i for a member. The end is 0 if the walk is done.
func (f *finder) take(n *node, k, i int, seen []uint64) (end int, err error) {
	m := &n.members[k]
	if bit := uint64(1) << (k & 63); seen[k>>6]&bit == 0 {
		seen[k>>6] |= bit
	} else if m.fold {
		return 0, fault.New("AmbiguousFieldName", "%s matches more than one member; put the exact name in double quotes", m.named)
	} else if end, err = jsonscan.Skip(f.b, i); err != nil {
		return 0, err
	} else {
		f.known.learns = false
		return end, nil // the first one counts
	}
	if !m.child.leaf {
		return f.value(m.child, i)
	}
	if end, err = skip(f.b, i); err != nil {
		return 0, err
	}
	f.slots[m.child.slots[0]] = f.b[i:end]
	f.left--
	f.known.note(f.b, i, end, m.child.slots[0], 0)
	return end, nil
}

// syntax is the error of a value that is not well-formed.
func (f *finder) syntax(start int) error {
	if _, err := jsonscan.Skip(f.b, start); err != nil {
		return err
	}
	return &jsonscan.SyntaxError{Offset: start, Msg: "not a JSON value"}
}

// skip is jsonscan.Skip, with the shortest way for what most values are.
func skip(b []byte, i int) (int, error) {
	if uint(i)+9 > uint(len(b)) {
		return jsonscan.Skip(b, i)
	}
	c := b[i]
	if c == '"' {
		for j := i + 1; j+8 <= len(b); j += 8 {
			if m := special(binary.LittleEndian.Uint64(b[j:])); m != 0 {
				if j += bits.TrailingZeros64(m) >> 3; b[j] == '"' {
					return j + 1, nil
				}
				break
			}
		}
		return jsonscan.SkipString(b, i)
	}
	if c-'1' < 9 {
		// A number without sign, fraction and exponent, if it ends as one.
		x := binary.LittleEndian.Uint64(b[i:]) ^ ones*'0'
		if k := bits.TrailingZeros64((x&^highs+ones*(0x80-10)|x)&highs) >> 3; k < 8 && (b[i+k] == ',' || b[i+k] == '}') {
			return i + k, nil
		}
		return jsonscan.SkipNumber(b, i)
	}
	if c == '-' {
		return jsonscan.SkipNumber(b, i)
	}
	return jsonscan.Skip(b, i)
}

// special masks, in its lowest bit set, the first quote, backslash or control
// character of a word.
func special(w uint64) uint64 {
	return (((w ^ ones*2) - ones*0x21) | ((w ^ ones*'\\') - ones)) & (^w & highs)
}

func (f *finder) array(n *node, i int) (int, error) {
	a := jsonscan.WalkArray(f.b, i)
	found := 0
	for at := 0; a.Next(); at++ {
		k := slices.IndexFunc(n.elems, func(e elem) bool { return e.index == at })
		if k < 0 {
			start := a.Pos()
			if v := a.Value(); v != nil { // else the array's error
				f.known.note(f.b, start, start+len(v), -1, 0)
			}
			continue
		}
		found += n.elems[k].child.leaves
		end, err := f.value(n.elems[k].child, a.Pos())
		if err != nil || end == 0 {
			return 0, err
		}
		if f.done(end) {
			return 0, nil
		}
		a.Resume(end)
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
// zero may be marked too. It is 0 exactly if no byte is zero.
func zeros(w uint64) uint64 { return (w - ones) &^ w & highs }

// quiet reports that none of the plan's unquoted names can be a member's name
// after i: nothing that follows a quote looks like it, and there is no backslash
// that could hide it.
func (f *finder) quiet(i int) bool {
	tail := f.b[i:]
	if !f.noSlash && bytes.IndexByte(tail, '\\') >= 0 {
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
	const quotes = '"' * ones
	first, letter := uint64(name[0])*ones, uint64(0)
	if c := name[0]; c >= 'a' && c <= 'z' {
		letter = 0x20 * ones
	}
	i := 0
	for ; i+17 <= len(b); i += 16 {
		t := b[i : i+17]
		// A byte is zero where a quote stands before the first letter.
		x := (binary.LittleEndian.Uint64(t) ^ quotes) | ((binary.LittleEndian.Uint64(t[1:]) | letter) ^ first)
		y := (binary.LittleEndian.Uint64(t[8:]) ^ quotes) | ((binary.LittleEndian.Uint64(t[9:]) | letter) ^ first)
		if (zeros(x) | zeros(y)) == 0 {
			continue
		}
		for k := i; k < i+16; k++ {
			if nameAt(b, k, name) {
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
