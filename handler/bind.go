package handler

import (
	"encoding"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// parameters is where tagged fields come from: an event, or an http.Request.
// A []byte is valid until the next call.
type parameters interface {
	PathParameter(name string) (value []byte, ok bool)
	QueryValue(name string) (value []byte, err error) // nil if there is none
	Query(name string) iter.Seq2[[]byte, error]
	Header(name string) []byte // nil if there is none
	Headers(name string) iter.Seq[[]byte]
	Cookie(name string) (value []byte, ok bool)
}

// source is a kind of tag.
type source uint8

const (
	fromPath source = iota
	fromQuery
	fromHeader
	fromCookie
)

var sources = [...]struct{ tag, noun string }{
	{"path", "path parameter"}, {"query", "query parameter"}, {"header", "header"}, {"cookie", "cookie"},
}

// A binding is the plan for the tagged fields of one type, made once.
type binding struct {
	fields []boundField
	// hasBody: the type has something that a body can set.
	hasBody bool
	// hidden are the paths of the members by which encoding/json would reach
	// tagged fields; see hide.go.
	hidden [][]string
	plain  [][]string
	// cutFirst: a body could leave a trace even where the field is set to zero.
	cutFirst bool
}

type boundField struct {
	index    []int
	from     source
	name     string
	set      setter
	list     bool // a slice, of which set sets one element
	optional bool // a pointer or a slice, nil where the request has no value
}

// A setter sets v to the text s, which it does not retain.
type setter func(v reflect.Value, s []byte) error

// bindingOf makes the plan for a t. The plan is usable even where there is an
// error, which joins all that is wrong.
func bindingOf(t reflect.Type) (*binding, error) {
	b := new(binding)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		b.hasBody = true
		return b, checkUntagged(t, nil)
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ UnmarshalJSON([]byte) error }]()) {
		b.hasBody = true
	}
	err := b.addStruct(t, nil, []reflect.Type{t}, []string{})
	b.hidden = withoutPlain(b.hidden, b.plain)
	return b, err
}

// addStruct plans the fields of t, a struct found at index within the In. path
// is the types on the way, against endless recursion; names is the path of its
// members in JSON, nil if a body cannot reach it.
func (b *binding) addStruct(t reflect.Type, index []int, path []reflect.Type, names []string) error {
	var errs []error
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		from, name, err := tagOf(f)
		if err != nil {
			errs = append(errs, fmt.Errorf("handler: field %s of %s: %w", f.Name, t, err))
			continue
		}
		if name == "" {
			errs = append(errs, b.addPlain(f, at, path, names))
			continue
		}
		field := boundField{index: at, from: from, name: name}
		ft := f.Type
		if ft.Kind() == reflect.Slice && ft.Elem().Kind() != reflect.Uint8 && !textual(ft) && (from == fromQuery || from == fromHeader) {
			field.list, field.optional = true, true
			ft = ft.Elem()
		}
		if field.set, err = setterOf(ft); err != nil {
			errs = append(errs, fmt.Errorf("handler: field %s of %s, tag %s: %w", f.Name, t, sources[from].tag, err))
			continue
		}
		field.optional = field.optional || ft.Kind() == reflect.Pointer
		b.fields = append(b.fields, field)
		if name := jsonName(f); names != nil && name != "" && name != "-" {
			b.hidden = append(b.hidden, append(names[:len(names):len(names)], name))
		}
	}
	return errors.Join(errs...)
}

// addPlain plans a field without a tag of ours: what is inside of it can have one.
func (b *binding) addPlain(f reflect.StructField, at []int, path []reflect.Type, names []string) error {
	ft := f.Type
	pointer := ft.Kind() == reflect.Pointer
	if pointer {
		ft = ft.Elem()
	}
	inner := ft.Kind() == reflect.Struct && (f.IsExported() || f.Anonymous)
	for _, seen := range path {
		inner = inner && seen != ft
	}
	if !inner {
		if name := jsonName(f); names != nil && name != "" && name != "-" {
			b.plain = append(b.plain, append(names[:len(names):len(names)], name))
		}
		if f.IsExported() && f.Tag.Get("json") != "-" {
			b.hasBody = true
		}
		return checkUntagged(ft, nil)
	}
	before := len(b.fields)
	hadBody := b.hasBody
	switch name := jsonName(f); {
	case names == nil || name == "-" || (!f.Anonymous && name == ""):
		names = nil
	case name != "":
		names = append(names[:len(names):len(names)], name)
	}
	if err := b.addStruct(ft, at, append(path[:len(path):len(path)], ft), names); err != nil {
		return err
	}
	b.cutFirst = b.cutFirst || (len(b.fields) > before && pointer && f.Anonymous)
	if len(b.fields) > before && pointer && !f.IsExported() {
		return fmt.Errorf("handler: field %s: an embedded pointer to an unexported struct with tagged fields cannot be set", f.Name)
	}
	if !hadBody && !f.Anonymous && f.IsExported() && f.Tag.Get("json") != "-" {
		b.hasBody = b.hasBody || len(b.fields) == before // a struct of tags alone is nothing for a body
	}
	return nil
}

// checkUntagged refuses tags where nothing can be bound: in the elements of
// slices, arrays and maps. A body must not set such a field either.
func checkUntagged(t reflect.Type, seen map[reflect.Type]bool) error {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return checkUntagged(t.Elem(), seen)
	case reflect.Struct:
	default:
		return nil
	}
	if seen[t] {
		return nil
	}
	if seen == nil {
		seen = make(map[reflect.Type]bool)
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if from, name, err := tagOf(f); name != "" || err != nil {
			return fmt.Errorf("handler: field %s of %s: the tag %s cannot be used inside of a slice, array, map or recursive type", f.Name, t, sources[from].tag)
		}
		if err := checkUntagged(f.Type, seen); err != nil {
			return err
		}
	}
	return nil
}

// tagOf returns what a field's tags say, an empty name if they are not ours.
func tagOf(f reflect.StructField) (from source, name string, err error) {
	for i, s := range sources {
		value, ok := f.Tag.Lookup(s.tag)
		if !ok || value == "-" {
			continue
		}
		switch {
		case name != "":
			return from, name, fmt.Errorf("it has both a %s and a %s tag", sources[from].tag, s.tag)
		case value == "" || strings.ContainsAny(value, ", \t"):
			return source(i), "", fmt.Errorf("the tag %s:%q must be a name alone", s.tag, value)
		case !f.IsExported():
			return source(i), "", fmt.Errorf("the field has a %s tag but is not exported", s.tag)
		}
		from, name = source(i), value
	}
	return from, name, nil
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func textual(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textUnmarshaler) }

// setterOf returns how a text becomes a t.
func setterOf(t reflect.Type) (setter, error) {
	if t.Kind() == reflect.Pointer {
		set, err := setterOf(t.Elem())
		if err != nil || t.Elem().Kind() == reflect.Pointer {
			return nil, errors.Join(err, unsupported(t))
		}
		return func(v reflect.Value, s []byte) error {
			p := reflect.New(t.Elem())
			if err := set(p.Elem(), s); err != nil {
				return err
			}
			v.Set(p)
			return nil
		}, nil
	}
	if textual(t) {
		return setText, nil
	}
	if t == reflect.TypeFor[time.Duration]() {
		return setDuration, nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value, s []byte) error { v.SetString(string(s)); return nil }, nil
	case reflect.Bool:
		return setBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint, nil
	case reflect.Float32, reflect.Float64:
		return setFloat, nil
	}
	return nil, unsupported(t)
}

func unsupported(t reflect.Type) error {
	return fmt.Errorf("a %s cannot be set from text: it must be a string, boolean, number, time.Duration or encoding.TextUnmarshaler, "+
		"a pointer to one, or for queries and headers a slice of them", t)
}

func setText(v reflect.Value, s []byte) error {
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(s); err != nil {
		return errors.New("a value in another form is expected") // err may hold the value
	}
	return nil
}

func setDuration(v reflect.Value, s []byte) error {
	d, err := time.ParseDuration(string(s))
	if err != nil {
		return errors.New("a duration such as 1m30s is expected")
	}
	v.SetInt(int64(d))
	return nil
}

func setBool(v reflect.Value, s []byte) error {
	b, err := strconv.ParseBool(string(s))
	if err != nil {
		return errors.New("true or false is expected")
	}
	v.SetBool(b)
	return nil
}

func setInt(v reflect.Value, s []byte) error {
	n, err := strconv.ParseInt(string(s), 10, v.Type().Bits())
	if err != nil {
		return errors.New(typeWord(v.Type()) + " is expected")
	}
	v.SetInt(n)
	return nil
}

func setUint(v reflect.Value, s []byte) error {
	n, err := strconv.ParseUint(string(s), 10, v.Type().Bits())
	if err != nil {
		return errors.New(typeWord(v.Type()) + " is expected")
	}
	v.SetUint(n)
	return nil
}

func setFloat(v reflect.Value, s []byte) error {
	n, err := strconv.ParseFloat(string(s), v.Type().Bits())
	if err != nil {
		return errors.New(typeWord(v.Type()) + " is expected")
	}
	v.SetFloat(n)
	return nil
}

// A parameterError is a part of the request outside of its body that does not
// fit its field. Its text holds no value.
type parameterError struct {
	from   source
	name   string
	reason string
}

func (e *parameterError) Error() string {
	return sources[e.from].noun + " " + strconv.Quote(e.name) + ": " + e.reason
}

// bind sets the tagged fields of in, a pointer to an In, to what the request
// says, and those that it says nothing of to zero: whatever a body has put
// there is gone.
func (b *binding) bind(p parameters, in reflect.Value) error {
	in = in.Elem()
	if in.Kind() == reflect.Pointer {
		if len(b.fields) == 0 {
			return nil
		}
		if in.IsNil() {
			in.Set(reflect.New(in.Type().Elem()))
		}
		in = in.Elem()
	}
	for i := range b.fields {
		f := &b.fields[i]
		if v := field(in, f.index, false); v.IsValid() {
			v.SetZero()
		}
		if err := f.bind(p, in); err != nil {
			return &parameterError{f.from, f.name, err.Error()}
		}
	}
	return nil
}

func (f *boundField) bind(p parameters, in reflect.Value) error {
	if f.list {
		return f.bindList(p, in)
	}
	var value []byte
	var err error
	switch f.from {
	case fromPath:
		var ok bool
		if value, ok = p.PathParameter(f.name); !ok {
			if f.optional {
				return nil
			}
			return errors.New("it is missing")
		}
	case fromQuery:
		if value, err = p.QueryValue(f.name); err != nil {
			return err
		}
		if value == nil {
			return nil
		}
	case fromHeader:
		if value = p.Header(f.name); value == nil {
			return nil
		}
	case fromCookie:
		var ok bool
		if value, ok = p.Cookie(f.name); !ok {
			return nil
		}
	}
	return f.set(field(in, f.index, true), value)
}

// bindList sets a slice: to one element for each query parameter of the name,
// or for each element of the headers of the name, which are lists separated by
// commas: fronts join several headers in that way.
func (f *boundField) bindList(p parameters, in reflect.Value) error {
	var list reflect.Value
	add := func(s []byte) error {
		if !list.IsValid() {
			list = field(in, f.index, true)
		}
		n := list.Len()
		list.Grow(1)
		list.SetLen(n + 1)
		return f.set(list.Index(n), s)
	}
	if f.from == fromQuery {
		for s, err := range p.Query(f.name) {
			if err != nil {
				return err
			}
			if err := add(s); err != nil {
				return err
			}
		}
		return nil
	}
	for line := range p.Headers(f.name) {
		for part := range strings.SplitSeq(string(line), ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			if err := add([]byte(part)); err != nil {
				return err
			}
		}
	}
	return nil
}

// field returns the field at index. Where a pointer on the way is nil it makes
// what is missing, or returns the zero Value.
func field(v reflect.Value, index []int, create bool) reflect.Value {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !create {
					return reflect.Value{}
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}
