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
	leaves  int  // slots at and below this node
	leaf    bool // one slot, and nothing below
}

type member struct {
	name  string
	fold  bool // without regard to case; two that match are an error
	ascii bool
	child *node
	named string // as the query has it
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
	n.child(&steps[0]).add(steps[1:], slot)
}

// child is the node that a step leads to.
func (n *node) child(s *sql.Step) *node {
	if s.Kind == sql.Index {
		for i := range n.elems {
			if n.elems[i].index == s.Index {
				return n.elems[i].child
			}
		}
		e := elem{s.Index, new(node)}
		n.elems = append(n.elems, e)
		return e.child
	}
	name, fold := s.Name.Text, !s.Name.Quoted
	if fold {
		name = strings.ToLower(name)
	}
	for i := range n.members {
		if m := &n.members[i]; m.fold == fold && m.name == name {
			return m.child
		}
	}
	m := member{name: name, fold: fold, ascii: true, child: new(node), named: s.Name.Text}
	for i := range len(name) {
		m.ascii = m.ascii && name[i] < 0x80
	}
	n.members = append(n.members, m)
	return m.child
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
	list  int      // 1 for the plan of the SELECT list, 0 for that of WHERE
}

func (p *plan) finish() {
	p.quick = true
	seen := map[string]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		n.leaf = len(n.slots) == 1 && n.leaves == 1
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
