package attribute

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A Plan is what one Go type wants of a stream record.
type Plan struct {
	members []member
}

// member is a field that takes an image, the keys or the event's name.
type member struct {
	name string // in the record
	out  []byte // in the plain JSON, quoted and with its colon
	node *node
}

// node is a Go type in which attributes have other names than JSON members, or
// another form. Where there is nothing of the kind it is nil.
type node struct {
	fields map[string]*field // of a struct, by attribute name
	hidden []string          // JSON names that an attribute must not reach by its own name
	elem   *node             // of an array, slice or map
}

type field struct {
	out      []byte // quoted JSON name
	node     *node
	unixtime bool // a time is a number of seconds
	text     bool // a number or boolean is held as a string
}

var errShape = errors.New("the input must be a struct with a field for NewImage, OldImage or Keys")

// For returns the plan of t, a struct (or a pointer to one) of which one field at
// least is called NewImage, OldImage or Keys in JSON; one called eventName takes
// INSERT, MODIFY or REMOVE.
func For(t reflect.Type) (*Plan, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, errShape
	}
	p := &Plan{}
	images := 0
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		for _, known := range [...]string{"eventName", "Keys", "NewImage", "OldImage"} {
			if !strings.EqualFold(name, known) {
				continue
			}
			m := member{name: known, out: append(jsonscan.AppendQuote(nil, name), ':')}
			if known != "eventName" {
				images++
				if tagged(f.Type, map[reflect.Type]bool{}) {
					m.node = nodeFor(f.Type, map[reflect.Type]*node{})
				}
			}
			p.members = append(p.members, m)
		}
	}
	if images == 0 {
		return nil, errShape
	}
	return p, nil
}

const tag = "dynamodbav"

// opaque reports whether a type decodes itself.
func opaque(t reflect.Type) bool {
	ptr := reflect.PointerTo(t)
	return ptr.Implements(reflect.TypeFor[json.Unmarshaler]()) || ptr.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// tagged reports whether a dynamodbav tag is anywhere within t.
func tagged(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] || opaque(t) {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return tagged(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if _, ok := f.Tag.Lookup(tag); ok || tagged(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

func nodeFor(t reflect.Type, made map[reflect.Type]*node) *node {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n, ok := made[t]; ok || opaque(t) {
		return n
	}
	n := &node{}
	made[t] = n
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		n.elem = nodeFor(t.Elem(), made)
	case reflect.Struct:
		n.fields = map[string]*field{}
		n.add(t, made)
	}
	return n
}

// add adds the fields of t, and those of structs embedded in it.
func (n *node) add(t reflect.Type, made map[reflect.Type]*node) {
	var embedded []reflect.Type
	for f := range t.Fields() {
		jsonName, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		name, opts, _ := strings.Cut(f.Tag.Get(tag), ",")
		if f.Anonymous && jsonName == "" && name == "" {
			e := f.Type
			if e.Kind() == reflect.Pointer {
				e = e.Elem()
			}
			if e.Kind() == reflect.Struct && !opaque(e) {
				embedded = append(embedded, e)
				continue
			}
		}
		if !f.IsExported() || jsonName == "-" {
			continue
		}
		if jsonName == "" {
			jsonName = f.Name
		}
		if name == "-" {
			n.hidden = append(n.hidden, jsonName)
			continue
		}
		if name == "" {
			name = jsonName
		} else if name != jsonName {
			n.hidden = append(n.hidden, jsonName)
		}
		if n.fields[name] != nil {
			continue // an outer one
		}
		out := &field{out: jsonscan.AppendQuote(nil, jsonName), node: nodeFor(f.Type, made)}
		for opt := range strings.SplitSeq(opts, ",") {
			switch opt {
			case "unixtime":
				e := f.Type
				if e.Kind() == reflect.Pointer {
					e = e.Elem()
				}
				out.unixtime = e.ConvertibleTo(reflect.TypeFor[time.Time]())
			case "string":
				out.text = true
			}
		}
		n.fields[name] = out
	}
	for _, e := range embedded {
		n.add(e, made)
	}
}

// hides reports whether a JSON name belongs to a field that has another
// attribute name: letters' case counts as little as in encoding/json.
func (n *node) hides(name string) bool {
	for _, h := range n.hidden {
		if strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}
