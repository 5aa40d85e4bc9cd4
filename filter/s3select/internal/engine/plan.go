package engine

import (
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
)

// A node is one level of the paths that are to be found in a JSON value.
type node struct {
	slots   []int // that this value itself fills
	members []member
	elems   []elem
	leaves  int // slots at and below this node
}

type member struct {
	name  string
	fold  bool // without regard to case; two that match are an error
	ascii bool
	child *node
	named string // as the query has it

	// A short name as a word, and the bits that make its letters lower case.
	short        bool
	word, letter uint64
}

// compare prepares the comparison of a short name in one word.
func (m *member) compare() {
	m.short = m.ascii && len(m.name) < 8
	for i := 0; m.short && i < len(m.name); i++ {
		c := m.name[i]
		m.word |= uint64(c) << (8 * i)
		if m.fold && c >= 'a' && c <= 'z' {
			m.letter |= 0x20 << (8 * i)
		}
	}
}

type elem struct {
	index int
	child *node
}

// add puts a path into the tree.
func (n *node) add(steps []sql.Step, slot int) {
	n.leaves++
	if len(steps) == 0 {
		n.slots = append(n.slots, slot)
		return
	}
	s := steps[0]
	if s.Kind == sql.Index {
		for i := range n.elems {
			if n.elems[i].index == s.Index {
				n.elems[i].child.add(steps[1:], slot)
				return
			}
		}
		n.elems = append(n.elems, elem{s.Index, new(node)})
		n.elems[len(n.elems)-1].child.add(steps[1:], slot)
		return
	}
	name, fold := s.Name.Text, !s.Name.Quoted
	if fold {
		name = strings.ToLower(name)
	}
	for i := range n.members {
		if m := &n.members[i]; m.fold == fold && m.name == name {
			m.child.add(steps[1:], slot)
			return
		}
	}
	ascii := true
	for i := range len(name) {
		ascii = ascii && name[i] < 0x80
	}
	m := member{name: name, fold: fold, ascii: ascii, child: new(node), named: s.Name.Text}
	m.compare()
	m.child.add(steps[1:], slot)
	n.members = append(n.members, m)
}

// matches compares a member's decoded name.
func (m *member) matches(name []byte) bool {
	switch {
	case !m.fold:
		return string(name) == m.name
	case !m.ascii:
		return strings.EqualFold(string(name), m.named)
	}
	if len(name) != len(m.name) {
		return false
	}
	for i, c := range name {
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != m.name[i] {
			return false
		}
	}
	return true
}

// A plan is a tree and what ambiguity it must look for.
type plan struct {
	root  node
	folds []string // the distinct unquoted names, lower case
	quick bool     // all of them can be looked for without walking
}

func (p *plan) finish() {
	p.quick = true
	seen := map[string]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		for i := range n.members {
			m := &n.members[i]
			if m.fold && !seen[m.name] {
				seen[m.name] = true
				p.folds = append(p.folds, m.name)
				p.quick = p.quick && m.ascii && m.name != ""
			}
			visit(m.child)
		}
		for _, e := range n.elems {
			visit(e.child)
		}
	}
	visit(&p.root)
	p.quick = p.quick && len(p.folds) <= 2
}
