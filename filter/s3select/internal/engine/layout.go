package engine

import (
	"bytes"
	"encoding/binary"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Records of one writer differ in their values; what stands between these, names
// and punctuation, is mostly the same in each. A layouts is that text, as records
// had it that a finder has walked. Where a record has it again, byte for byte, its
// structure is known: what is left is to find the end of each value, and so to
// validate it.
//
// The layouts are a tree of steps: records share these until they differ. A walk
// is learned from only if it ended well, and if nothing but the text between the
// values decided what it did.
type layouts struct {
	steps  []step  // the first one is the root
	text   []byte  // of the steps
	walk   []visit // the walk under way
	learns bool    // the walk under way is learned from
	flat   bool    // objects that no path goes into are not looked into
	credit int     // less where records are not as those before
	pause  int     // so many records are not tried
}

// A step is the text before a value, and that value.
type step struct {
	head, tail, mask uint64 // of the text: its first and its last eight bytes
	last             int    // where tail is in the text
	text             []byte
	slot             int // which the value fills, -1 for none
	end              ending
	next, other      int // the first step behind it, and the next in its place; 0 if there is none
}

// An ending makes a step the last one: there is no value behind its text.
type ending uint8

const (
	noEnd   ending = iota
	stopped        // nothing was left to be found
	closed         // the record ends there
)

// A visit is a value that a walk has passed, and the slot that it fills, -1 for none.
type visit struct{ start, end, slot int }

const (
	maxSteps  = 1024
	maxText   = 32 << 10 // bytes
	maxValues = 256      // of a record that is learned from
	maxCredit = 256
)

func newLayouts() *layouts {
	return &layouts{steps: make([]step, 1, 32), credit: maxCredit}
}

// follow fills the slots of a record whose layout is known. Otherwise it says no
// and prepares for the walk, which finds again what steps have found before they
// ended.
func (f *finder) follow(l *layouts, i int) bool {
	if l.learns = l.pause == 0; !l.learns {
		l.pause--
		return false
	}
	if f.steps(l, i) {
		l.credit = min(l.credit+1, maxCredit)
		return true
	}
	// Where layouts do not help, those with all values are given up first, for
	// records whose unneeded objects differ, and then, for a while, all.
	if l.credit -= 3; l.credit < 0 {
		if l.flat {
			l.pause = 16 * maxCredit
		}
		l.flat = !l.flat
		l.forget()
		l.credit = maxCredit
	}
	l.walk = l.walk[:0]
	return false
}

func (l *layouts) forget() {
	l.steps, l.text = append(l.steps[:0], step{}), l.text[:0]
}

// steps goes through the record's steps as far as they are known.
func (f *finder) steps(l *layouts, i int) bool {
	b := f.b
	for at := l.steps[0].next; at != 0; {
		s := &l.steps[at]
		if !s.matches(b[i:]) {
			at = s.other
			continue
		}
		start := i + len(s.text)
		switch s.end {
		case stopped:
			if f.quiet(start) {
				return true
			}
			at = s.other
			continue
		case closed:
			return jsonscan.End(b, start) == nil
		}
		end, err := skip(b, start)
		if err != nil {
			return false
		}
		if s.slot >= 0 {
			f.slots[s.slot] = b[start:end]
		}
		i, at = end, s.next
	}
	return false
}

// matches reports that b starts with the step's text.
func (s *step) matches(b []byte) bool {
	if len(b) < 8 || len(b) < len(s.text) {
		return bytes.HasPrefix(b, s.text)
	}
	if binary.LittleEndian.Uint64(b)&s.mask != s.head {
		return false
	}
	if s.last == 0 {
		return true
	}
	return binary.LittleEndian.Uint64(b[s.last:]) == s.tail && (s.last <= 8 || string(b[8:s.last]) == string(s.text[8:s.last]))
}

// note remembers a value that the walk has passed.
func (l *layouts) note(b []byte, start, end, slot, depth int) {
	switch {
	case !l.learns:
	case len(l.walk) == maxValues:
		l.learns = false
	case slot < 0 && b[start] == '{' && !l.flat && depth < 8:
		for o := jsonscan.WalkObject(b, start); l.learns && o.Next(); {
			at := o.Pos()
			l.note(b, at, at+len(o.Value()), -1, depth+1)
		}
	default:
		l.walk = append(l.walk, visit{start, end, slot})
	}
}

// learn adds the walk of the record at b[i], which ended at end.
func (l *layouts) learn(b []byte, i, end int, how ending) {
	text := end - i
	for _, v := range l.walk {
		text -= v.end - v.start
	}
	if !l.learns || text > maxText {
		return
	}
	if len(l.steps)+len(l.walk) >= maxSteps || len(l.text)+text > maxText {
		l.forget()
	}
	at := 0
	for _, v := range l.walk {
		at = l.step(at, b[i:v.start], v.slot, noEnd)
		i = v.end
	}
	l.step(at, b[i:end], -1, how)
}

// step is the one behind the step at parent, which is added if it is new.
func (l *layouts) step(parent int, text []byte, slot int, end ending) int {
	before := 0
	at := l.steps[parent].next
	for ; at != 0; at = l.steps[at].other {
		s := &l.steps[at]
		if bytes.Equal(s.text, text) && s.end == end {
			return at
		}
		// Ends come first, then the longer texts: one may start with another.
		if s.end == noEnd && (end != noEnd || len(s.text) < len(text)) {
			break
		}
		before = at
	}
	n, from := len(l.steps), len(l.text)
	l.text = append(l.text, text...)
	s := step{text: l.text[from:], mask: ^uint64(0), slot: slot, end: end, other: at}
	var word [8]byte
	copy(word[:], text)
	s.head = binary.LittleEndian.Uint64(word[:])
	if len(text) < 8 {
		s.mask = 1<<(8*len(text)) - 1
	} else if s.last = len(text) - 8; s.last > 0 {
		s.tail = binary.LittleEndian.Uint64(text[s.last:])
	}
	l.steps = append(l.steps, s)
	if before == 0 {
		l.steps[parent].next = n
	} else {
		l.steps[before].other = n
	}
	return n
}
