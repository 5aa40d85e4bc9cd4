package reader

import (
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// An assembler writes values of the current row as JSON, from the entries of the
// columns (the record assembly of Dremel,
// https://research.google/pubs/dremel-interactive-analysis-of-web-scale-datasets-2/).
type assembler struct {
	columns []*column // of each leaf
	err     error
}

// row appends a node of the current row. Everything that is there of it must be
// of use: entries that are left do not fit the schema.
func (a *assembler) row(dst []byte, n *node) ([]byte, error) {
	for i := n.first; i < n.end; i++ {
		a.columns[i].at = 0
	}
	a.err = nil
	dst = a.field(dst, n)
	for i := n.first; i < n.end && a.err == nil; i++ {
		if c := a.columns[i]; c.at != len(c.entries) {
			a.err = c.damaged("its levels do not fit those of other columns")
		}
	}
	return dst, a.err
}

// next is the entry of the leaf i that is to be taken.
func (a *assembler) next(i int) *entry {
	c := a.columns[i]
	if c.at >= len(c.entries) {
		if a.err == nil {
			a.err = c.damaged("its levels do not fit those of other columns")
		}
		return new(entry)
	}
	return &c.entries[c.at]
}

// absent takes what stands for a node that is not there.
func (a *assembler) absent(n *node) {
	for i := n.first; i < n.end; i++ {
		a.next(i)
		a.columns[i].at++
	}
}

// field appends a field, all of its elements where it is repeated.
func (a *assembler) field(dst []byte, n *node) []byte {
	if a.err != nil {
		return dst
	}
	if n.repetition == repeated {
		return a.elements(dst, n, n)
	}
	if int(a.next(n.first).def) < n.def {
		a.absent(n)
		return append(dst, "null"...)
	}
	return a.present(dst, n)
}

// elements appends a list: of what item is in each of the repeated node n.
func (a *assembler) elements(dst []byte, n, item *node) []byte {
	dst = append(dst, '[')
	start := len(dst)
	a.each(n, func() {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		if item == n {
			dst = a.present(dst, n)
		} else {
			dst = a.field(dst, item)
		}
	})
	return append(dst, ']')
}

// each calls f for every element of the repeated node n.
func (a *assembler) each(n *node, f func()) {
	if int(a.next(n.first).def) < n.def {
		a.absent(n)
		return
	}
	c := a.columns[n.first]
	for a.err == nil {
		before := c.at
		f()
		if c.at == before || c.at >= len(c.entries) || int(c.entries[c.at].rep) != n.rep {
			return
		}
	}
}

// present appends a node that is there.
func (a *assembler) present(dst []byte, n *node) []byte {
	switch {
	case n.leaf != nil:
		e := a.next(n.first)
		a.columns[n.first].at++
		return e.value.AppendJSON(dst)
	case n.shape == list:
		return a.elements(dst, n.children[0], n.item())
	case n.shape == dict:
		return a.members(dst, n.children[0])
	}
	start := len(dst)
	for _, c := range n.children {
		dst = append(dst, c.key...)
		dst = a.field(dst, c)
	}
	if len(dst) == start {
		return append(dst, "{}"...)
	}
	dst[start] = '{' // in the place of the first comma
	return append(dst, '}')
}

// members appends a map, whose keys are spelled as CAST to STRING does.
func (a *assembler) members(dst []byte, entries *node) []byte {
	key, val := entries.children[0], entries.children[1]
	dst = append(dst, '{')
	start := len(dst)
	var text []byte
	a.each(entries, func() {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		e := a.next(key.first)
		a.columns[key.first].at++
		text = e.value.AppendText(text[:0])
		dst = append(jsonscan.AppendQuoteBytes(dst, text), ':')
		dst = a.field(dst, val)
	})
	return append(dst, '}')
}
