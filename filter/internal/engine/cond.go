package engine

import (
	"bytes"
	"slices"
	"strings"

	"github.com/lambdatune/lambdatune/filter/internal/pattern"
)

// A cond is the array of alternatives of one field.
type cond struct {
	id       int32
	absent   bool // exists: false is among them
	any      bool // exists: true is
	literals uint8
	exact    []string
	set      map[string]struct{} // exact, if there are many
	numbers  []float64
	spelled  []string // numbers that only match the same text
	tests    []test   // all others

	odd, address, number bool // see node
}

const (
	null uint8 = 1 << iota
	yes
	no
)

func literal(text string) uint8 {
	switch text {
	case "null":
		return null
	case "true":
		return yes
	}
	return no
}

// A test is an alternative that is more than equality.
type test struct {
	op       pattern.Op
	not      bool // anything-but
	texts    []text
	set      map[string]struct{} // of equal strings, if there are many
	numbers  []float64
	interval pattern.Range
	block    pattern.Block
	address  pattern.Address
}

// A text is a string that an operator wants.
type text struct {
	s     string
	folds []pattern.Folding
	parts []string // of a wildcard, between the asterisks
}

func newCond(id int32, tests []pattern.Test) cond {
	c := cond{id: id}
	for i := range tests {
		c.add(&tests[i])
	}
	if len(c.exact) > many {
		c.set = setOf(c.exact)
	}
	return c
}

func setOf(list []string) map[string]struct{} {
	m := make(map[string]struct{}, len(list))
	for _, s := range list {
		m[s] = struct{}{}
	}
	return m
}

func (c *cond) add(t *pattern.Test) {
	c.odd = c.odd || strings.ContainsRune(t.Text, '\uFFFD')
	if t.Not {
		c.addNot(t)
		return
	}
	out := test{op: t.Op, interval: t.Range}
	switch t.Op {
	case pattern.Exists:
		c.any = true
		return
	case pattern.Absent:
		c.absent = true
		return
	case pattern.Literal:
		c.literals |= literal(t.Text)
		return
	case pattern.Number:
		c.number = true
		if len(t.Nums) > 0 {
			c.numbers = append(c.numbers, t.Nums[0])
		} else {
			c.spelled = append(c.spelled, t.Text)
		}
		return
	case pattern.Equals:
		a, ok := pattern.ParseAddress(t.Text)
		if !ok {
			c.exact = append(c.exact, t.Text)
			return
		}
		c.address = true
		out.address = a
	case pattern.Exactly:
		c.exact = append(c.exact, t.Text)
		return
	case pattern.CIDR:
		c.address = true
		out.block, _ = pattern.ParseBlock(t.Text)
	case pattern.Numeric:
		c.number = true
	default:
		out.texts = []text{newText(t.Op, t.Text)}
	}
	c.tests = append(c.tests, out)
}

func (c *cond) addNot(t *pattern.Test) {
	out := test{op: t.Op, not: true, numbers: t.Nums}
	c.number = c.number || t.Op == pattern.Number
	if t.Op == pattern.Equals && len(t.Texts) > many {
		out.set = setOf(t.Texts)
	}
	for _, s := range t.Texts {
		c.odd = c.odd || strings.ContainsRune(s, '\uFFFD')
		if out.set == nil {
			out.texts = append(out.texts, newText(t.Op, s))
		}
	}
	c.tests = append(c.tests, out)
}

func newText(op pattern.Op, s string) text {
	t := text{s: s}
	switch op {
	case pattern.EqualsIgnoreCase, pattern.PrefixIgnoreCase, pattern.SuffixIgnoreCase:
		t.folds = pattern.Fold(s)
		if op == pattern.SuffixIgnoreCase {
			slices.Reverse(t.folds)
		}
	case pattern.Wildcard:
		t.parts = wildcardParts(s)
	}
	return t
}

// wildcardParts splits a wildcard at its asterisks and resolves its escapes.
func wildcardParts(s string) []string {
	var parts []string
	var part []byte
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '*':
			parts = append(parts, string(part))
			part = part[:0]
			continue
		case '\\':
			i++
		}
		part = append(part, s[i])
	}
	return append(parts, string(part))
}

// number is a number of the event, and an address its string.
type number struct {
	text  []byte
	value float64
	ok    bool // the value can be compared
}

type address struct {
	pattern.Address
	ok bool
}

// matchText reports whether a string meets the condition.
func (c *cond) matchText(v []byte, a *address) bool {
	if c.any {
		return true
	}
	if c.set != nil {
		if _, ok := c.set[string(v)]; ok {
			return true
		}
	} else {
		for _, s := range c.exact {
			if string(v) == s {
				return true
			}
		}
	}
	for i := range c.tests {
		if c.tests[i].matchText(v, a) {
			return true
		}
	}
	return false
}

func (t *test) matchText(v []byte, a *address) bool {
	switch t.op {
	case pattern.Number:
		return t.not
	case pattern.Numeric:
		return false
	case pattern.CIDR:
		return a.ok && t.block.Contains(a.Address)
	}
	if !t.not {
		if t.op == pattern.Equals {
			return a.ok && a.Address == t.address
		}
		return t.texts[0].match(t.op, v)
	}
	if t.set != nil {
		_, ok := t.set[string(v)]
		return !ok
	}
	for i := range t.texts {
		if t.texts[i].match(t.op, v) {
			return false
		}
	}
	return true
}

func (t *text) match(op pattern.Op, v []byte) bool {
	switch op {
	case pattern.Equals:
		return string(v) == t.s
	case pattern.Prefix:
		return len(v) >= len(t.s) && string(v[:len(t.s)]) == t.s
	case pattern.Suffix:
		return len(v) >= len(t.s) && string(v[len(v)-len(t.s):]) == t.s
	case pattern.EqualsIgnoreCase:
		rest, ok := cutFolded(v, t.folds)
		return ok && len(rest) == 0
	case pattern.PrefixIgnoreCase:
		_, ok := cutFolded(v, t.folds)
		return ok
	case pattern.SuffixIgnoreCase:
		return hasFoldedSuffix(v, t.folds)
	}
	return matchWildcard(v, t.parts)
}

// cutFolded cuts the folded string off the beginning of v. No spelling of a
// character begins with its other one, so there is never a choice.
func cutFolded(v []byte, folds []pattern.Folding) ([]byte, bool) {
	for i := range folds {
		f := &folds[i]
		switch {
		case f.Lower == "":
			return nil, false
		case len(v) >= len(f.Lower) && string(v[:len(f.Lower)]) == f.Lower:
			v = v[len(f.Lower):]
		case len(v) >= len(f.Upper) && string(v[:len(f.Upper)]) == f.Upper:
			v = v[len(f.Upper):]
		default:
			return nil, false
		}
	}
	return v, true
}

// hasFoldedSuffix goes backwards: folds are from the last character on. No
// spelling ends with its other one either.
func hasFoldedSuffix(v []byte, folds []pattern.Folding) bool {
	for i := range folds {
		f := &folds[i]
		switch {
		case f.Lower == "":
			return false
		case len(v) >= len(f.Lower) && string(v[len(v)-len(f.Lower):]) == f.Lower:
			v = v[:len(v)-len(f.Lower)]
		case len(v) >= len(f.Upper) && string(v[len(v)-len(f.Upper):]) == f.Upper:
			v = v[:len(v)-len(f.Upper)]
		default:
			return false
		}
	}
	return true
}

func matchWildcard(v []byte, parts []string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return string(v) == first
	}
	if len(v) < len(first)+len(last) || string(v[:len(first)]) != first || string(v[len(v)-len(last):]) != last {
		return false
	}
	v = v[len(first) : len(v)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := indexString(v, part)
		if i < 0 {
			return false
		}
		v = v[i+len(part):]
	}
	return true
}

// indexString is bytes.Index for a string, without converting it.
func indexString(v []byte, s string) int {
	if s == "" {
		return 0
	}
	for start := 0; ; {
		i := bytes.IndexByte(v[start:], s[0])
		if i < 0 || len(v)-start-i < len(s) {
			return -1
		}
		if start += i; string(v[start:start+len(s)]) == s {
			return start
		}
		start++
	}
}

// matchNumber reports whether a number meets the condition.
func (c *cond) matchNumber(n *number) bool {
	if c.any {
		return true
	}
	if n.ok && slices.Contains(c.numbers, n.value) {
		return true
	}
	for _, s := range c.spelled {
		if string(n.text) == s {
			return true
		}
	}
	for i := range c.tests {
		if t := &c.tests[i]; t.matchNumber(n) {
			return true
		}
	}
	return false
}

func (t *test) matchNumber(n *number) bool {
	switch {
	case t.not:
		return t.op != pattern.Number || !n.ok || !slices.Contains(t.numbers, n.value)
	case t.op == pattern.Numeric:
		r := &t.interval
		return n.ok && (n.value > r.Low || n.value == r.Low && !r.LowOpen) && (n.value < r.High || n.value == r.High && !r.HighOpen)
	}
	return false
}

// matchLiteral reports whether null, true or false meets the condition.
func (c *cond) matchLiteral(l uint8) bool {
	if c.any || c.literals&l != 0 {
		return true
	}
	for i := range c.tests {
		if c.tests[i].not {
			return true
		}
	}
	return false
}
