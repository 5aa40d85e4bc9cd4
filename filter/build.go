package filter

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A Pattern is a condition on a record of S, as its fields make it:
//
//	paid := filter.SQS.Body("status").Is("paid", "settled")
//	large := filter.SQS.Body("amount").AtLeast(100)
//	criteria, err := filter.SQS.Criteria(paid.And(large))
//
// Patterns are immutable. A mistake in making one, such as a number that is not
// finite, is reported by Criteria. The zero value matches nothing and cannot be
// rendered.
type Pattern[S Source] struct {
	e *expr
}

// expr is a field with its alternatives, or a conjunction, or a disjunction.
type expr struct {
	path  []string
	items []string // JSON
	all   []*expr
	any   []*expr
	err   error
}

// And is a pattern that matches where this and all others do. A path may be in
// one of them only: of an array of alternatives any has to match, and a pattern
// has one per path.
func (p Pattern[S]) And(others ...Pattern[S]) Pattern[S] {
	e := &expr{}
	for _, o := range append([]Pattern[S]{p}, others...) {
		if o.e != nil && o.e.all != nil {
			e.all = append(e.all, o.e.all...)
			continue
		}
		e.all = append(e.all, o.e)
	}
	return Pattern[S]{e}
}

// Or is a pattern that matches where this or any other does.
func (p Pattern[S]) Or(others ...Pattern[S]) Pattern[S] {
	e := &expr{}
	for _, o := range append([]Pattern[S]{p}, others...) {
		switch {
		case o.e != nil && o.e.any != nil:
			e.any = append(e.any, o.e.any...)
		default:
			e.any = append(e.any, o.e)
		}
	}
	// Alternatives of one field are one array, which every source takes.
	if first := e.any[0]; first != nil && first.items != nil {
		one := &expr{path: first.path}
		for _, b := range e.any {
			if b == nil || b.items == nil || !slices.Equal(b.path, first.path) {
				return Pattern[S]{e}
			}
			one.items = append(one.items, b.items...)
		}
		e = one
	}
	return Pattern[S]{e}
}

// String is the pattern's JSON. A pattern that is not well made says so instead.
func (p Pattern[S]) String() string {
	s, err := render(p.e)
	if err != nil {
		return "invalid pattern: " + err.Error()
	}
	return s
}

func criteria[S Source](src S, patterns []Pattern[S]) (*Criteria, error) {
	texts := make([]string, len(patterns))
	for i, p := range patterns {
		var err error
		if texts[i], err = render(p.e); err != nil {
			return nil, &Problem{Code: "invalid-pattern", Filter: i, Path: "$", Severity: Error, Message: err.Error()}
		}
	}
	return Parse(src, texts...)
}

func render(e *expr) (string, error) {
	t := &tree{}
	if err := t.add(e); err != nil {
		return "", err
	}
	if err := t.overridden(); err != nil {
		return "", err
	}
	return string(t.append(nil)), nil
}

// A tree is an object under construction.
type tree struct {
	names    []string
	children []*tree
	items    []string // of a leaf
	or       []*tree
}

// add puts the expression into the tree.
func (t *tree) add(e *expr) error {
	switch {
	case e == nil || e.items == nil && e.all == nil && e.any == nil && e.err == nil:
		return errors.New("a pattern is the zero value: make it from a field of a source")
	case e.err != nil:
		return e.err
	case e.items != nil:
		return t.leaf(e)
	case e.any != nil:
		if t.or == nil {
			return t.either(e.any)
		}
		// Two disjunctions are alternatives of the first, each with the second.
		for _, branch := range t.or {
			if err := branch.add(e); err != nil {
				return err
			}
		}
		return nil
	}
	for _, part := range e.all {
		if err := t.add(part); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) either(branches []*expr) error {
	if len(branches) < 2 {
		return t.add(branches[0])
	}
	for _, b := range branches {
		branch := &tree{}
		if err := branch.add(b); err != nil {
			return err
		}
		t.or = append(t.or, branch)
	}
	return nil
}

func (t *tree) leaf(e *expr) error {
	for _, name := range strings.Split(strings.Join(e.path, "."), ".") {
		i := slices.Index(t.names, name)
		if i < 0 {
			i = len(t.names)
			t.names, t.children = append(t.names, name), append(t.children, &tree{})
		}
		if t.items != nil {
			break
		}
		t = t.children[i]
	}
	if t.items != nil || len(t.names) > 0 {
		return fmt.Errorf("the path %s is in the pattern twice, or above another: join alternatives with Or, and two bounds with Between",
			strings.Join(e.path, "."))
	}
	t.items = e.items
	return nil
}

// overridden finds a path that is both outside of the alternatives and in them:
// the one outside would take the other's place.
func (t *tree) overridden() error {
	outside := t.paths("", nil, false)
	for _, b := range t.or {
		if err := b.overridden(); err != nil {
			return err
		}
		for _, p := range b.paths("", nil, true) {
			if slices.Contains(outside, p) {
				return fmt.Errorf("the path %s is both in a disjunction and beside it, where it would replace the other: write it in each alternative", p)
			}
		}
	}
	return nil
}

func (t *tree) paths(prefix string, all []string, or bool) []string {
	if t.items != nil {
		return append(all, strings.TrimPrefix(prefix, "."))
	}
	for i, n := range t.names {
		all = t.children[i].paths(prefix+"."+n, all, or)
	}
	if or {
		for _, b := range t.or {
			all = b.paths(prefix, all, or)
		}
	}
	return all
}

func (t *tree) append(b []byte) []byte {
	if t.items != nil {
		return append(append(append(b, '['), strings.Join(t.items, ",")...), ']')
	}
	b = append(b, '{')
	for i, n := range t.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsonscan.AppendQuote(b, n), ':')
		b = t.children[i].append(b)
	}
	for i, o := range t.or {
		switch {
		case i > 0:
			b = append(b, ',')
		case len(t.names) > 0:
			b = append(b, `,"$or":[`...)
		default:
			b = append(b, `"$or":[`...)
		}
		b = o.append(b)
	}
	if t.or != nil {
		b = append(b, ']')
	}
	return append(b, '}')
}

func quote(s string) string { return string(jsonscan.AppendQuote(nil, s)) }

// leafOf makes a field's pattern from strings or numbers, one item each.
func leafOf[S Source, V any](path []string, values []V, item func(V) (string, error)) Pattern[S] {
	e := &expr{path: path}
	if len(values) == 0 {
		e.err = fmt.Errorf("no values for %s: give at least one", strings.Join(path, "."))
	}
	for _, v := range values {
		s, err := item(v)
		if err != nil {
			e.err = fmt.Errorf("%s: %w", strings.Join(path, "."), err)
		}
		e.items = append(e.items, s)
	}
	return Pattern[S]{e}
}

func operator(name string) func(string) (string, error) {
	return func(s string) (string, error) { return `{"` + name + `":` + quote(s) + `}`, nil }
}

func text(s string) (string, error) { return quote(s), nil }

func number(x float64) (string, error) {
	if x-x != 0 {
		return "", fmt.Errorf("the number %v is not finite", x)
	}
	return strconv.FormatFloat(x, 'g', -1, 64), nil
}

func verbatim(s string) (string, error) { return s, nil }

// list makes one item of all values.
func list[V any](values []V, item func(V) (string, error)) ([]string, error) {
	var all []string
	for _, v := range values {
		s, err := item(v)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return []string{`{"anything-but":[` + strings.Join(all, ",") + `]}`}, nil
}

func butOf[S Source, V any](path []string, values []V, item func(V) (string, error)) Pattern[S] {
	items, err := list(values, item)
	if err != nil {
		return Pattern[S]{&expr{err: fmt.Errorf("%s: %w", strings.Join(path, "."), err)}}
	}
	return leafOf[S](path, items, verbatim)
}
