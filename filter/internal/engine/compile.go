package engine

import (
	"slices"
	"strings"
	"sync"

	"github.com/lambdatune/lambdatune/filter/internal/pattern"
)

// A Layout says how the records of an event source are read.
type Layout struct {
	Data   []Data   // keys whose text holds the data, at most 2
	Keep   bool     // data of another format than a rule's: ignore the rule, don't fail it
	Inner  string   // the record's member that holds the fields, else they are the record's own
	Hidden []string // keys that no filter sees
}

// Data is a key whose text is decoded: base64 first, and then JSON if it is an
// object or array.
type Data struct {
	Key    string
	Base64 bool
}

// format is what the data of a record is.
type format uint8

const (
	noData    format = iota
	plainData        // a string
	jsonData         // an object or array
	otherData        // not UTF-8
)

// A Program is compiled patterns. It is immutable and safe for concurrent use.
type Program struct {
	root   *node // of a record
	rules  []rule
	ids    int // of conditions, and of the presence of nodes
	layout Layout
	simple bool // all ids fit one word, and no rule looks at absence or data
	pool   sync.Pool
}

// A rule is met if all its conditions are.
type rule struct {
	conds []ruleCond // in the order of their paths
	mask  uint64     // of the ids, if the program is simple
}

type ruleCond struct {
	id       int32
	presence int32 // id of the node's presence if absence meets the condition, else -1
	data     int8  // 1 + index in Layout.Data, 0 if it isn't about data
	format   format

	// Two paths can only be in one array if their first segments are the same.
	before blame // earlier conditions whose arrays the path may be in, if absence meets this one
	seen   bool  // a later condition that absence meets may be in the same array
}

// A node is a path.
type node struct {
	names    []string // of its children, segments of paths
	children []*node
	index    map[string]*node // if there are many
	wanted   [32]uint64       // by the low bits of a key's first byte: bit n, a key of n bytes may lead to a child; bit 63: or more
	deep     bool             // a child has children: a key with dots may lead there
	odd      bool             // a name holds U+FFFD, which invalid UTF-8 decodes to

	conds    []cond
	presence int32 // id, or -1 if nobody asks
	data     int8
	oddText  bool // some condition holds U+FFFD
	address  bool // some condition wants an IP address
	number   bool // some condition wants a number's value
}

// many is how many names or strings are worth a map.
const many = 8

// Compile compiles patterns, any of which has to match. Without patterns
// everything matches.
func Compile(layout Layout, patterns []*pattern.Pattern) *Program {
	c := compiler{p: &Program{root: &node{presence: -1}, layout: layout}}
	for i, d := range layout.Data {
		c.at(d.Key).data = int8(i + 1)
	}
	for _, p := range patterns {
		c.add(p)
	}
	c.link()
	c.finish(c.p.root)
	c.masks()
	c.p.pool.New = func() any { return newState(c.p) }
	return c.p
}

type compiler struct {
	p *Program
}

// at returns the node of a path.
func (c *compiler) at(path string) *node {
	n := c.p.root
	for {
		name, rest, more := strings.Cut(path, ".")
		i := slices.Index(n.names, name)
		if i < 0 {
			i = len(n.names)
			n.names = append(n.names, name)
			n.children = append(n.children, &node{presence: -1})
		}
		n = n.children[i]
		if !more {
			return n
		}
		path = rest
	}
}

func (c *compiler) id() int32 {
	c.p.ids++
	return int32(c.p.ids - 1)
}

func (c *compiler) add(p *pattern.Pattern) {
	conds := make([]ruleCond, len(p.Leaves))
	for i := range conds {
		conds[i].id = -1
	}
	for _, r := range p.Rules {
		out := rule{conds: make([]ruleCond, len(r))}
		for k, l := range r {
			if conds[l].id < 0 { // a leaf that is overridden in all rules has no condition
				conds[l] = c.cond(&p.Leaves[l])
			}
			out.conds[k] = conds[l]
			if conds[l].presence < 0 {
				continue
			}
			for j, earlier := range r[:k] {
				if head(p.Leaves[earlier].Path) == head(p.Leaves[l].Path) {
					out.conds[k].before |= bit(j)
					out.conds[j].seen = true
				}
			}
		}
		c.p.rules = append(c.p.rules, out)
	}
}

func head(path string) string {
	name, _, _ := strings.Cut(path, ".")
	return name
}

// cond compiles a leaf at its node.
func (c *compiler) cond(l *pattern.Leaf) ruleCond {
	n := c.at(l.Path)
	out := ruleCond{id: c.id(), presence: -1}
	for i, d := range c.p.layout.Data {
		switch {
		case l.Path == d.Key:
			out.data, out.format = int8(i+1), plainData
		case strings.HasPrefix(l.Path, d.Key) && l.Path[len(d.Key)] == '.':
			out.data, out.format = int8(i+1), jsonData
		}
	}
	cond := newCond(out.id, l.Tests)
	if cond.absent {
		if n.presence < 0 {
			n.presence = c.id()
		}
		out.presence = n.presence
	}
	n.oddText = n.oddText || cond.odd
	n.address = n.address || cond.address
	n.number = n.number || cond.number
	n.conds = append(n.conds, cond)
	return out
}

// link leaves out the keys that no filter sees, and makes the record's inner
// member another way to the same fields.
func (c *compiler) link() {
	root, l := c.p.root, &c.p.layout
	if len(l.Hidden) == 0 && l.Inner == "" {
		return
	}
	visible := &node{presence: -1}
	for i, name := range root.names {
		inner := name == l.Inner && l.Inner != ""
		if !inner && !slices.Contains(l.Hidden, name) {
			visible.names = append(visible.names, name)
			visible.children = append(visible.children, root.children[i])
		}
	}
	if l.Inner != "" {
		visible.names = append(visible.names, l.Inner)
		visible.children = append(visible.children, visible)
	}
	c.p.root = visible
}

// finish computes what lookups need.
func (c *compiler) finish(n *node) {
	for i, name := range n.names {
		child := n.children[i]
		if name == "" {
			n.wanted['"'&31] |= 1 // what follows the opening quote is the closing one
		} else {
			n.wanted[name[0]&31] |= 1 << min(len(name), 63)
		}
		n.odd = n.odd || strings.ContainsRune(name, '\uFFFD')
		if len(child.names) > 0 {
			n.deep = true
			first := byte('.') // of the key if the name is empty
			if name != "" {
				first = name[0]
			}
			n.wanted[first&31] |= ^uint64(0) << min(len(name)+1, 63) // a dot follows the name
		}
		if child != n {
			c.finish(child)
		}
	}
	if len(n.names) > many {
		n.index = make(map[string]*node, len(n.names))
		for i, name := range n.names {
			n.index[name] = n.children[i]
		}
	}
}

// masks computes the rules' masks, if one word holds them.
func (c *compiler) masks() {
	c.p.simple = c.p.ids <= 64
	for i := range c.p.rules {
		r := &c.p.rules[i]
		for _, k := range r.conds {
			c.p.simple = c.p.simple && k.presence < 0 && k.data == 0
			r.mask |= 1 << (k.id & 63)
		}
	}
}
