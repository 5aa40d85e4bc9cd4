package pattern

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// MaxRules is how many alternatives the $or of one pattern may multiply to.
const MaxRules = 1000

// reserved names may not be fields inside $or (event-ruler's Constants).
const reserved = " exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex " +
	"not-wildcard not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before in-date-range " +
	"ip-address-in-range ip-address-not-in-range "

// Parse parses one pattern. Its error is an [*Error].
func Parse(text string) (*Pattern, error) {
	b := []byte(text)
	start := jsonscan.Space(b, 0)
	if jsonscan.KindAt(b, start) != jsonscan.Object {
		return nil, &Error{start, "$", "a pattern is a JSON object"}
	}
	end, err := jsonscan.Skip(b, start)
	if err != nil {
		e := &Error{0, "$", err.Error()}
		if syntax, ok := err.(*jsonscan.SyntaxError); ok {
			e.Offset = syntax.Offset
		}
		return nil, e
	}
	p := parser{b: b, p: &Pattern{Text: b[start:end]}}
	if err := p.object(start, &where{}, false); err != nil {
		return nil, err
	}
	if jsonscan.Space(b, end) < len(b) {
		p.note(TextAfterPattern, &where{}, text[end:])
	}
	p.sort()
	return p.p, nil
}

type parser struct {
	b     []byte
	p     *Pattern
	rules []Rule // so far, unsorted
	path  []byte // names joined by "."
	depth int    // of names in path
}

// where is a chain from a place to the root.
type where struct {
	up    *where
	name  string
	index int // of an array element, if name is ""
	elem  bool
}

func (w *where) String() string {
	if w.up == nil {
		return "$"
	}
	s := w.up.String()
	switch {
	case w.elem:
		return s + "[" + strconv.Itoa(w.index) + "]"
	case plainName(w.name):
		return s + "." + w.name
	}
	return s + "[" + strconv.Quote(w.name) + "]"
}

func plainName(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && s[i] != '_' && s[i] != '$' && s[i] != '-' && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}

func (p *parser) note(c Code, w *where, arg string) {
	p.p.Notes = append(p.p.Notes, Note{c, w.String(), arg})
}

func (p *parser) fail(i int, w *where, msg string) error {
	return &Error{i, w.String(), msg}
}

// text decodes the valid string token.
func text(token []byte) string {
	if jsonscan.Escaped(token) || !ascii(token) {
		return string(jsonscan.AppendString(nil, token))
	}
	return string(token[1 : len(token)-1])
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// object adds the fields of the object at i to all rules.
func (p *parser) object(i int, w *where, inOr bool) error {
	o := jsonscan.WalkObject(p.b, i)
	var seen []string
	for o.Next() {
		name := text(o.NameToken())
		at := &where{up: w, name: name}
		if slices.Contains(seen, name) {
			p.note(DuplicateKey, at, name)
		}
		seen = append(seen, name)
		if name == "$or" {
			if err := p.or(o.Pos(), at); err != nil {
				return err
			}
			continue
		}
		if inOr && strings.Contains(reserved, " "+name+" ") && !strings.Contains(name, " ") && name != "" {
			return p.fail(o.Pos(), at, strconv.Quote(name)+" is a reserved word and cannot be a field inside $or")
		}
		if err := p.field(o.Pos(), at, inOr); err != nil {
			return err
		}
	}
	if len(seen) == 0 {
		return p.fail(i, w, "an empty object is not allowed: name at least one field")
	}
	return nil
}

func (p *parser) field(i int, at *where, inOr bool) error {
	kind := jsonscan.KindAt(p.b, i)
	if kind != jsonscan.Object && kind != jsonscan.Array {
		return p.fail(i, at, "found "+kindName(kind)+" where an object of fields or an array of values is needed")
	}
	length := len(p.path)
	if p.depth > 0 {
		p.path = append(p.path, '.')
	}
	p.path = append(p.path, at.name...)
	p.depth++
	var err error
	if kind == jsonscan.Object {
		err = p.object(i, at, inOr)
	} else {
		err = p.leaf(i, at)
	}
	p.path = p.path[:length]
	p.depth--
	return err
}

// leaf adds one field to all rules, in place of one with the same path.
func (p *parser) leaf(i int, at *where) error {
	leaf := Leaf{Path: string(p.path), JSON: at.String()}
	a := jsonscan.WalkArray(p.b, i)
	for n := 0; a.Next(); n++ {
		t, err := p.test(a.Pos(), &where{up: at, index: n, elem: true})
		if err != nil {
			return err
		}
		leaf.Tests = append(leaf.Tests, t)
	}
	if len(leaf.Tests) == 0 {
		return p.fail(i, at, "an empty array is not allowed: give at least one value")
	}
	leaf.Text = string(p.b[i:a.End()])
	p.p.Leaves = append(p.p.Leaves, leaf)
	if len(p.rules) == 0 {
		p.rules = append(p.rules, nil)
	}
	overridden := false
	for n, r := range p.rules {
		old := slices.IndexFunc(r, func(l int) bool { return p.p.Leaves[l].Path == leaf.Path })
		if old >= 0 {
			r[old] = len(p.p.Leaves) - 1
			overridden = true
			continue
		}
		p.rules[n] = append(r, len(p.p.Leaves)-1)
	}
	if overridden {
		p.note(Overridden, at, leaf.Path)
	}
	return nil
}

// or multiplies the rules by the branches of the array at i.
func (p *parser) or(i int, at *where) error {
	if jsonscan.KindAt(p.b, i) != jsonscan.Array {
		return p.fail(i, at, "$or needs an array of at least two objects, not "+kindName(jsonscan.KindAt(p.b, i)))
	}
	before := p.rules
	var all []Rule
	a := jsonscan.WalkArray(p.b, i)
	n := 0
	for ; a.Next(); n++ {
		branch := &where{up: at, index: n, elem: true}
		if kind := jsonscan.KindAt(p.b, a.Pos()); kind != jsonscan.Object {
			return p.fail(a.Pos(), branch, "$or takes objects only, not "+kindName(kind))
		}
		p.rules = make([]Rule, max(1, len(before)))
		for k, r := range before {
			p.rules[k] = slices.Clone(r)
		}
		if err := p.object(a.Pos(), branch, true); err != nil {
			return err
		}
		if all = append(all, p.rules...); len(all) > MaxRules {
			return p.fail(i, at, "the alternatives of $or multiply to more than "+strconv.Itoa(MaxRules)+" combinations")
		}
	}
	if n < 2 {
		return p.fail(i, at, "$or needs at least two objects, not "+strconv.Itoa(n))
	}
	p.rules = all
	return nil
}

// sort brings each rule into the order in which its paths are tried.
func (p *parser) sort() {
	leaves := p.p.Leaves
	for _, r := range p.rules {
		slices.SortFunc(r, func(a, b int) int { return Compare16(leaves[a].Path, leaves[b].Path) })
	}
	p.p.Rules = p.rules
}

// Compare16 orders strings by their UTF-16 code units, which differs from the
// order of bytes only between U+E000…U+FFFF and what lies above.
func Compare16(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			if a[i] >= 0xEE && b[i] >= 0xEE {
				// A lead byte from 0xF0 is two surrogates, which are smaller.
				if x, y := a[i] >= 0xF0, b[i] >= 0xF0; x != y {
					if x {
						return -1
					}
					return 1
				}
			}
			return int(a[i]) - int(b[i])
		}
	}
	return len(a) - len(b)
}

func kindName(k jsonscan.Kind) string {
	switch k {
	case jsonscan.Null:
		return "null"
	case jsonscan.False:
		return "false"
	case jsonscan.True:
		return "true"
	case jsonscan.Number:
		return "a number"
	case jsonscan.String:
		return "a string"
	case jsonscan.Array:
		return "an array"
	}
	return "an object"
}
