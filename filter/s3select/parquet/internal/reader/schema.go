package reader

import (
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Repetition of a field.
const (
	required = iota
	optional
	repeated
)

// shape is what a group is in JSON.
type shape uint8

const (
	object shape = iota
	list         // of the values of its only field, which is repeated
	dict         // from the keys of its only field to its values
)

// A node is a field of the schema. A value is there if its definition level is at
// least def.
type node struct {
	name       string
	key        []byte // ,"name": of JSON
	repetition int32
	rep, def   int // levels of the node itself
	shape      shape
	children   []*node
	leaf       *leaf // nil for a group
	first, end int   // the leaves under it
}

// A leaf is a column.
type leaf struct {
	*node
	element element
	at      int // among all leaves
	convert converter
}

const (
	maxDepth = 32
	maxLevel = 255
)

// A schema is the tree of a file's fields.
type schema struct {
	root   *node
	leaves []*leaf
}

// newSchema builds the tree from the elements, which list it depth first.
func newSchema(elements []element) (*schema, error) {
	s := &schema{}
	next := 0
	var build func(depth, rep, def int, in string) (*node, error)
	build = func(depth, rep, def int, in string) (*node, error) {
		if next >= len(elements) || depth > maxDepth {
			return nil, damaged("the schema has more levels or fields than it says, below %q", in)
		}
		e := elements[next]
		next++
		if e.logical == 0 && e.converted >= 0 {
			e.logical = legacy(&e)
		}
		n := &node{name: e.name, repetition: e.repetition, rep: rep, def: def, first: len(s.leaves)}
		if depth > 0 {
			switch e.repetition {
			case required:
			case repeated:
				n.rep++
				n.def++
			case optional:
				n.def++
			default:
				return nil, damaged("the field %q is neither required nor optional nor repeated", e.name)
			}
		}
		n.key = append(jsonscan.AppendQuote([]byte{','}, n.name), ':')
		if e.children == 0 && e.physical >= 0 {
			n.leaf = &leaf{node: n, element: e, at: len(s.leaves)}
			n.leaf.convert = converterOf(&e)
			s.leaves = append(s.leaves, n.leaf)
		} else if e.physical >= 0 || e.children < 0 || int(e.children) > len(elements)-next {
			return nil, damaged("the field %q has %d fields", e.name, e.children)
		}
		for range e.children {
			c, err := build(depth+1, n.rep, n.def, e.name)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, c)
		}
		if n.end = len(s.leaves); n.end == n.first && depth > 0 {
			return nil, damaged("the field %q has no columns", e.name)
		}
		n.shape = shapeOf(&e, n)
		return n, nil
	}
	var err error
	if s.root, err = build(0, 0, 0, ""); err != nil {
		return nil, err
	}
	if next != len(elements) || s.root.leaf != nil {
		return nil, damaged("the schema has %d fields, of which %d are in its tree", len(elements), next)
	}
	return s, nil
}

// shapeOf follows the rules for LIST and MAP
// (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#nested-types).
func shapeOf(e *element, n *node) shape {
	if len(n.children) != 1 || n.children[0].repetition != repeated {
		return object
	}
	entry := n.children[0]
	switch {
	case e.logical == logicalList || e.converted == convertedList:
		return list
	case e.logical == logicalMap || e.converted == convertedMap || e.converted == convertedMapKeyValue:
		if len(entry.children) == 2 && entry.children[0].leaf != nil && entry.children[0].repetition != repeated {
			return dict
		}
		return list
	}
	return object
}

// item is what a list's repeated field has for each element: the field itself, or
// what the three levels of today's lists wrap.
func (n *node) item() *node {
	entry := n.children[0]
	if len(entry.children) != 1 || entry.name == "array" || entry.name == n.name+"_tuple" || entry.children[0].repetition == repeated {
		return entry
	}
	return entry.children[0]
}

// child is the field that a name means.
func (n *node) child(name sql.Name) (*node, error) {
	var found *node
	for _, c := range n.children {
		if name.Quoted && c.name == name.Text {
			return c, nil
		}
		if !name.Quoted && strings.EqualFold(c.name, name.Text) {
			if found != nil {
				return nil, fault.New("AmbiguousFieldName", "%s matches more than one column; put the exact name in double quotes", name.Text)
			}
			found = c
		}
	}
	if found == nil {
		names := make([]string, len(n.children))
		for i, c := range n.children {
			names[i] = c.name
		}
		have := strings.Join(names, ", ")
		if len(have) > 200 {
			have = have[:200] + "…"
		}
		return nil, fault.New("MissingHeaderName", "there is no column %s; there are %s", name.Text, have)
	}
	return found, nil
}

// find follows a path as far as the schema does: to a leaf, a list, a map or a
// struct, and the steps that go on from there.
func (s *schema) find(steps []sql.Step) (*node, []sql.Step, error) {
	n := s.root
	for len(steps) > 0 && n.leaf == nil && n.shape == object && n.repetition != repeated && steps[0].Kind == sql.Member {
		c, err := n.child(steps[0].Name)
		if err != nil {
			return nil, nil, err
		}
		n, steps = c, steps[1:]
	}
	return n, steps, nil
}

// flat reports that a row has exactly one value of the node, or NULL.
func (n *node) flat() bool { return n.leaf != nil && n.rep == 0 }
