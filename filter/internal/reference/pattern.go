package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ErrPattern says why a pattern is invalid.
type ErrPattern struct{ Msg string }

func (e *ErrPattern) Error() string { return "invalid pattern: " + e.Msg }

func fail(format string, args ...any) { panic(&ErrPattern{fmt.Sprintf(format, args...)}) }

// reserved names may not be fields inside $or.
var reserved = []string{
	"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
	"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after", "date-on-or-after",
	"date-before", "date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range",
}

// Compile parses a pattern. Text after its closing brace is ignored.
func Compile(pattern []byte) (p *Pattern, err error) {
	defer func() {
		if e, ok := recover().(*ErrPattern); ok {
			p, err = nil, e
		}
	}()
	var first json.RawMessage
	if e := json.NewDecoder(bytes.NewReader(pattern)).Decode(&first); e != nil {
		fail("%v", e)
	}
	d := json.NewDecoder(bytes.NewReader(first))
	d.UseNumber()
	root, ok := node(d).(object)
	if !ok {
		fail("not an object")
	}
	var rules []map[string][]test
	rules = root.rules(rules, nil, false)
	return &Pattern{rules}, nil
}

type member struct {
	name  string
	value any
}
type object []member

// node reads the next value: an object in its order, with its duplicates.
func node(d *json.Decoder) any {
	tok, _ := d.Token()
	switch tok {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			name, _ := d.Token()
			o = append(o, member{name.(string), node(d)})
		}
		d.Token()
		return o
	case json.Delim('['):
		a := []any{}
		for d.More() {
			a = append(a, node(d))
		}
		d.Token()
		return a
	}
	return tok
}

func (o object) rules(rules []map[string][]test, path []string, inOr bool) []map[string][]test {
	if len(o) == 0 {
		fail("empty object at %q", path)
	}
	for _, m := range o {
		if m.name == "$or" {
			rules = or(rules, path, m.value)
			continue
		}
		if inOr && slices.Contains(reserved, m.name) {
			fail("%q is reserved inside $or", m.name)
		}
		at := append(path[:len(path):len(path)], m.name)
		switch v := m.value.(type) {
		case object:
			rules = v.rules(rules, at, inOr)
		case []any:
			if len(v) == 0 {
				fail("empty array at %q", at)
			}
			var tests []test
			for _, e := range v {
				tests = append(tests, leaf(e))
			}
			if len(rules) == 0 {
				rules = append(rules, map[string][]test{})
			}
			for _, r := range rules {
				r[strings.Join(at, ".")] = tests
			}
		default:
			fail("%q must be an object or array", at)
		}
	}
	return rules
}

func or(rules []map[string][]test, path []string, v any) (all []map[string][]test) {
	branches, ok := v.([]any)
	if !ok || len(branches) < 2 {
		fail("$or must be an array of at least two objects")
	}
	for _, b := range branches {
		o, ok := b.(object)
		if !ok {
			fail("$or must hold objects")
		}
		copies := []map[string][]test{}
		for _, r := range rules {
			c := map[string][]test{}
			for k, v := range r {
				c[k] = v
			}
			copies = append(copies, c)
		}
		all = append(all, o.rules(copies, path, true)...)
	}
	return all
}
