// Package reference evaluates event patterns in the plainest way that is right:
// flatten the event, try every choice. The matcher is tested against it; nothing
// else may import it.
package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"sort"
	"strings"
	"unicode/utf16"
)

// ErrEvent is what Match returns for an event that is not a JSON object.
var ErrEvent = errors.New("the event is not a valid JSON object")

// A Value is a scalar of an event: its kind ('s' string, 'n' number, 'l' null,
// true or false) and its decoded text, a number's as it is spelled.
type Value struct {
	Kind byte
	Text string
}

// A test is one alternative of a field's array.
type test struct {
	absent bool // exists: false
	match  func(Value) bool
}

// A Pattern is the disjunctive form: any rule, all of whose paths match.
type Pattern struct {
	Rules []map[string][]test
}

// A Field is one scalar of an event, and the element it is in of each array
// around it.
type Field struct {
	Path  string
	Value Value
	in    map[int]int // array → element
	item  bool        // an element of an array itself
}

// Match reports whether the pattern matches the event.
func (p *Pattern) Match(event []byte) (bool, error) {
	fields, err := Flatten(event)
	if err != nil {
		return false, err
	}
	return p.MatchFields(fields), nil
}

// MatchFields is Match for an event that is flattened.
func (p *Pattern) MatchFields(fields []Field) bool {
	for _, rule := range p.Rules {
		if matchRule(rule, fields) {
			return true
		}
	}
	return false
}

// Paths lists the paths of the rule in the order in which they are tried: that
// of their UTF-16 code units.
func Paths(rule map[string][]test) []string {
	paths := make([]string, 0, len(rule))
	for p := range rule {
		paths = append(paths, p)
	}
	sort.Slice(paths, func(i, j int) bool { return less16(paths[i], paths[j]) })
	return paths
}

func less16(a, b string) bool {
	x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return len(x) < len(y)
}

func matchRule(rule map[string][]test, fields []Field) bool {
	return choose(Paths(rule), rule, fields, map[int]int{})
}

// choose finds a field for the first path that agrees with the elements chosen
// so far, and goes on with the rest.
func choose(paths []string, rule map[string][]test, fields []Field, chosen map[int]int) bool {
	if len(paths) == 0 {
		return true
	}
	path, present := paths[0], false
	for _, f := range fields {
		if f.Path != path {
			continue
		}
		merged := merge(chosen, f.in)
		if merged == nil {
			continue
		}
		present = true
		for _, t := range rule[path] {
			if !t.absent && t.match(f.Value) && choose(paths[1:], rule, fields, merged) {
				return true
			}
		}
	}
	if present {
		return false
	}
	for _, t := range rule[path] {
		if t.absent {
			return choose(paths[1:], rule, fields, chosen)
		}
	}
	return false
}

// merge is nil where a and b are in different elements of one array.
func merge(a, b map[int]int) map[int]int {
	m := make(map[int]int, len(a)+len(b))
	for k, v := range a {
		m[k] = v
	}
	for k, v := range b {
		if old, ok := m[k]; ok && old != v {
			return nil
		}
		m[k] = v
	}
	return m
}

// Flatten lists the scalars of an event.
func Flatten(event []byte) ([]Field, error) {
	if !json.Valid(event) || bytes.TrimLeft(event, " \t\r\n")[0] != '{' {
		return nil, ErrEvent
	}
	f := flattener{d: json.NewDecoder(bytes.NewReader(event))}
	f.d.UseNumber()
	f.value(nil, map[int]int{}, map[int]int{}, false)
	return f.fields, nil
}

type flattener struct {
	d      *json.Decoder
	arrays int
	fields []Field
}

// value flattens the next value. A scalar that is an element of an array carries
// only the arrays around that one, in; what an object or array there holds
// carries that one too, inside.
func (f *flattener) value(path []string, in, inside map[int]int, item bool) {
	tok, err := f.d.Token()
	if err != nil {
		panic(err) // the text is valid
	}
	switch tok {
	case json.Delim('{'):
		for f.d.More() {
			name, _ := f.d.Token()
			f.value(append(path[:len(path):len(path)], name.(string)), inside, inside, false)
		}
		f.d.Token()
	case json.Delim('['):
		id := f.arrays
		f.arrays++
		for i := 0; f.d.More(); i++ {
			f.value(path, inside, merge(inside, map[int]int{id: i}), true)
		}
		f.d.Token()
	default:
		f.fields = append(f.fields, Field{strings.Join(path, "."), scalar(tok), in, item})
	}
}

func scalar(tok json.Token) Value {
	switch v := tok.(type) {
	case string:
		return Value{'s', v}
	case json.Number:
		return Value{'n', v.String()}
	case bool:
		if v {
			return Value{'l', "true"}
		}
		return Value{'l', "false"}
	}
	return Value{'l', "null"}
}
