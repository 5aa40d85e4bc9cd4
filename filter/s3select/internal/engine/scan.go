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

	noSlash bool // there is no backslash in the record

	shapes [][]key    // of the plan's nodes: the members of the last such object
	memo   [2][][]key // the same for both plans
}

// A key is what stands before a member's value: its name in quotes and a colon,
// up to 16 bytes as two words. Records of one writer have the same members in
// the same order: where the next key is the one that stood there in the last
// record, its end is known before it has been looked for.
type key struct {
	w0, w1, m0, m1 uint64
	size           int // 0: the key is not known
	member         int // of the node that it is the name of, -1 for none
}

const maxKeys = 64 // of an object are remembered

// learn remembers the key b[i:end], which is for the member.
func learn(keys []key, at int, b []byte, i, end, member int) []key {
	if at >= maxKeys {
		return keys
	}
	for len(keys) <= at {
		keys = append(keys, key{})
	}
	k := key{size: end - i, member: member}
	if k.size > 16 || i+16 > len(b) {
		keys[at] = key{}
		return keys
	}
	k.m0, k.m1 = ^uint64(0), ^uint64(0)
	if k.size < 8 {
		k.m0 = 1<<(8*k.size) - 1
	}
	if k.size < 16 {
		k.m1 = 1<<(8*max(k.size-8, 0)) - 1
	}
	k.w0 = binary.LittleEndian.Uint64(b[i:]) & k.m0
	k.w1 = binary.LittleEndian.Uint64(b[i+8:]) & k.m1
	keys[at] = k
	return keys
}

// find fills the slots from the value at b[i]. It stops behind the last one,
// once nothing that follows can make a name ambiguous.
func (f *finder) find(p *plan, b []byte, i int) error {
	f.b, f.plan, f.left, f.full = b, p, p.root.leaves, false
	if f.left == 0 {
		return nil
	}
	if len(f.memo[p.list]) < p.nodes {
		f.memo[p.list] = make([][]key, p.nodes)
	}
	f.shapes = f.memo[p.list]
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
	if err != nil {
		return 0, err
	}
	if end == 0 {
		return 0, nil
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
	b, keys := f.b, f.shapes[n.id]
	var few [1]uint64
	seen := few[:] // bits of the members that came
	if len(n.members) > 64 {
		seen = make([]uint64, len(n.members)/64+1)
	}
	i := jsonscan.Space(b, start+1)
	if i < len(b) && b[i] == '}' {
		return f.close(n, seen, i+1)
	}
	for at := 0; ; at++ {
		k, known, stop := -1, false, 0
		if at < len(keys) && i+16 <= len(b) {
			if m := &keys[at]; m.size > 0 && binary.LittleEndian.Uint64(b[i:])&m.m0 == m.w0 && binary.LittleEndian.Uint64(b[i+8:])&m.m1 == m.w1 {
				k, known = m.member, true
				i = jsonscan.Space(b, i+m.size)
			}
		}
		if !known {
			name, end, err := f.key(start, i)
			if err != nil {
				return 0, err
			}
			value := jsonscan.Space(b, end)
			k = n.match(name, 0)
			if next := n.match(name, k+1); k < 0 || next < 0 {
				keys = learn(keys, at, b, i, end, k)
				f.shapes[n.id] = keys
			} else {
				// A name that the query has both with and without quotes.
				if keys = keys[:min(at, len(keys))]; at == 0 {
					keys = nil
				}
				f.shapes[n.id] = keys
				for ; next >= 0; next = n.match(name, next+1) {
					if stop, err = f.take(n, next, value, seen); stop == 0 {
						return 0, err
					}
				}
			}
			i = value
		}
		var err error
		if k < 0 {
			if stop, err = skip(b, i); err != nil {
				return 0, err
			}
		} else if stop, err = f.take(n, k, i, seen); stop == 0 {
			return 0, err
		} else if f.left <= 0 && f.done(stop) {
			return 0, nil
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
	return end, nil
}

// syntax is the error of a value that is not well-formed.
func (f *finder) syntax(start int) error {
	if _, err := jsonscan.Skip(f.b, start); err != nil {
		return err
	}
	return &jsonscan.SyntaxError{Offset: start, Msg: "not a JSON value"}
}

// skip is jsonscan.Skip, with one look for what ends within eight bytes.
func skip(b []byte, i int) (int, error) {
	if uint(i)+9 > uint(len(b)) {
		return jsonscan.Skip(b, i)
	}
	c := b[i]
	if c == '"' {
		w := binary.LittleEndian.Uint64(b[i+1:])
		if k := bits.TrailingZeros64(special(w)) >> 3; k < 8 && b[i+1+k] == '"' {
			return i + 2 + k, nil
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
