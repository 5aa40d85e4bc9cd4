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

// object walks members. Whatever it does not expect is left to jsonscan, which
// says what is wrong.
func (f *finder) object(n *node, start int) (int, error) {
	b, seen := f.b, uint64(0) // the first 64 members that came
	var more map[int]bool
	i := jsonscan.Space(b, start+1)
	if i < len(b) && b[i] == '}' {
		i++
		goto end
	}
	for {
		if uint(i) >= uint(len(b)) || b[i] != '"' {
			return 0, f.syntax(start)
		}
		var name []byte
		var word uint64
		stop := 0
		if i+9 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i+1:])
			if k := bits.TrailingZeros64(special(w)) >> 3; k < 8 && b[i+1+k] == '"' {
				stop = i + 2 + k
				word = w & (1<<(8*k) - 1)
			}
		}
		short := stop > 0
		if !short {
			var err error
			if stop, err = jsonscan.SkipString(b, i); err != nil {
				return 0, err
			}
		}
		if name = b[i+1 : stop-1]; !short && escaped(name) {
			f.name = jsonscan.AppendString(f.name[:0], b[i:stop])
			name = f.name
		}
		if i = stop; uint(i) >= uint(len(b)) || b[i] != ':' {
			if i = jsonscan.Space(b, i); i >= len(b) || b[i] != ':' {
				return 0, f.syntax(start)
			}
		}
		i = jsonscan.Space(b, i+1)

		stop = 0
		for k := range n.members {
			m := &n.members[k]
			if m.short && short {
				if len(m.name) != len(name) || word|m.letter != m.word {
					continue
				}
			} else if m.ascii && len(m.name) != len(name) || !m.matches(name) {
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
			if stop, err = f.value(m.child, i); err != nil || stop == 0 {
				return 0, err
			}
		}
		if stop > 0 {
			if f.done(stop) {
				return 0, nil
			}
		} else if uint(i) < uint(len(b)) {
			var err error
			switch c := b[i]; {
			case c == '"':
				stop, err = jsonscan.SkipString(b, i)
			case c == '-' || c-'0' < 10:
				stop, err = jsonscan.SkipNumber(b, i)
			default:
				stop, err = jsonscan.Skip(b, i)
			}
			if err != nil {
				return 0, err
			}
		}
		if i = jsonscan.Space(b, stop); uint(i) >= uint(len(b)) || stop == 0 {
			return 0, f.syntax(start)
		}
		if b[i] == '}' {
			i++
			break
		}
		if b[i] != ',' {
			return 0, f.syntax(start)
		}
		i = jsonscan.Space(b, i+1)
	}
end:
	// Members that did not come are MISSING, and so is any element.
	for k := range n.members {
		if !came(seen, more, k) {
			f.left -= n.members[k].child.leaves
		}
	}
	for _, e := range n.elems {
		f.left -= e.child.leaves
	}
	if f.done(i) {
		return 0, nil
	}
	return i, nil
}

// syntax is the error of a value that is not well-formed.
func (f *finder) syntax(start int) error {
	if _, err := jsonscan.Skip(f.b, start); err != nil {
		return err
	}
	return &jsonscan.SyntaxError{Offset: start, Msg: "not a JSON value"}
}

// special masks, in its lowest bit set, the first quote, backslash or control
// character of a word.
func special(w uint64) uint64 {
	return (((w ^ ones*2) - ones*0x21) | ((w ^ ones*'\\') - ones)) & (^w & highs)
}

// escaped reports a backslash in a name, most of which are short.
func escaped(name []byte) bool {
	if len(name) > 16 {
		return bytes.IndexByte(name, '\\') >= 0
	}
	for _, c := range name {
		if c == '\\' {
			return true
		}
	}
	return false
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
