package line

import (
	"strconv"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
)

// Packer spreads metrics over as few lines as the limits allow: 100 definitions
// and each name once per line, 100 values per name, and Max bytes.
type Packer struct {
	Head []byte            // up to the definitions
	Tail []byte            // from their end: HeadEnd, dimensions and properties
	Max  int               // bytes of a line
	Emit func(line []byte) // which may change but not keep it

	defs    []byte
	members []byte
	n       int
	line    []byte
	a, b    []byte // scratch: values and counts
	last    int    // which line it is
}

// Item is one metric to pack. Its values are those of Hist, of Raw, or First and
// More, whichever comes first.
type Item struct {
	Name  string // for the caller
	Def   []byte // {"Name":…}
	Key   []byte // ,"…":
	Hist  []Bucket
	Raw   [][]byte // JSON numbers
	First float64
	More  []float64

	line int // the last line that has a part of it
}

// Len returns how many values the item has in a document.
func (it *Item) Len() int {
	switch {
	case it.Hist != nil:
		return len(it.Hist)
	case it.Raw != nil:
		return len(it.Raw)
	}
	return 1 + len(it.More)
}

// OneValue is the most that one value takes, in any of the three forms.
const OneValue = len(`{"Values":[],"Counts":[]}`) + 2*NumberLen

// Pack emits the items.
func (p *Packer) Pack(items []Item) {
	p.last = 1
	// In rounds of 100 values of each metric, so that metrics with many values
	// share their lines.
	for from, more := 0, true; more; from += limits.Values {
		more = false
		for i := range items {
			it := &items[i]
			if to := min(it.Len(), from+limits.Values); from < to {
				p.add(it, from, to)
				more = more || to < it.Len()
			}
		}
	}
	p.finish()
}

// add packs the values from..to, at most 100.
func (p *Packer) add(it *Item, from, to int) {
	for from < to {
		if p.n == limits.Metrics || it.line == p.last {
			p.finish()
		}
		used := len(p.Head) + len(p.Tail) + len(End) + len(p.defs) + len(p.members)
		room := p.Max - used - len(it.Def) - 1 - len(it.Key)
		n := p.values(it, from, to, room)
		if n == 0 {
			if p.n > 0 {
				p.finish()
				continue
			}
			n = p.values(it, from, from+1, 1<<30) // the limits of names leave room for one
		}
		if p.n > 0 {
			p.defs = append(p.defs, ',')
		}
		p.defs = append(p.defs, it.Def...)
		p.members = append(p.members, it.Key...)
		switch {
		case it.Hist != nil:
			p.members = append(p.members, `{"Values":[`...)
			p.members = append(p.members, p.a...)
			p.members = append(p.members, `],"Counts":[`...)
			p.members = append(p.members, p.b...)
			p.members = append(p.members, "]}"...)
		case n == 1:
			p.members = append(p.members, p.a...)
		default:
			p.members = append(p.members, '[')
			p.members = append(p.members, p.a...)
			p.members = append(p.members, ']')
		}
		p.n++
		it.line = p.last
		from += n
	}
}

// values encodes as many of the values from..to as fit in room, and returns how
// many.
func (p *Packer) values(it *Item, from, to, room int) int {
	p.a, p.b = p.a[:0], p.b[:0]
	room -= OneValue - 2*NumberLen
	for i := from; i < to; i++ {
		a, b := len(p.a), len(p.b)
		if i > from {
			p.a = append(p.a, ',')
		}
		switch {
		case it.Hist != nil:
			if i > from {
				p.b = append(p.b, ',')
			}
			p.a = AppendNumber(p.a, it.Hist[i].Value)
			p.b = strconv.AppendUint(p.b, it.Hist[i].Count, 10)
		case it.Raw != nil:
			p.a = append(p.a, it.Raw[i]...)
		case i == 0:
			p.a = AppendNumber(p.a, it.First)
		default:
			p.a = AppendNumber(p.a, it.More[i-1])
		}
		if len(p.a)+len(p.b) > room {
			p.a, p.b = p.a[:a], p.b[:b]
			return i - from
		}
	}
	return to - from
}

// finish emits the line, if it has a metric.
func (p *Packer) finish() {
	if p.n == 0 {
		return
	}
	b := append(p.line[:0], p.Head...)
	b = append(b, p.defs...)
	b = append(b, p.Tail...)
	b = append(b, p.members...)
	p.line = append(b, End...)
	p.Emit(p.line)
	p.n, p.defs, p.members = 0, p.defs[:0], p.members[:0]
	p.last++
}
