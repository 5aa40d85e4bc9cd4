package handler

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A plan decodes into one type, made once per adapter: structs, slices and
// pointers of strings, numbers and booleans by itself, whatever else there is
// by encoding/json.
//
// It only says yes. Where it meets anything out of the ordinary (a value of
// another type, a name in another case, a name twice, an unknown member where
// none is allowed) it gives up, and encoding/json decodes the whole text from
// the start and has the word. So it need not know what encoding/json thinks of
// such a text, only be right about the ones that it accepts.
type plan struct {
	typ    reflect.Type
	kind   planKind
	elem   *plan // of a pointer or slice
	fields []planField
	// mayHide: a planOther in which encoding/json may meet members that the
	// type does not have.
	mayHide bool
}

type planKind uint8

const (
	planOther planKind = iota // by encoding/json
	planBool
	planString
	planInt
	planUint
	planFloat
	planPointer
	planSlice
	planStruct
)

type planField struct {
	name  string
	index int
	plan  *plan
}

const (
	maxPlanFields = 64 // bits of the set of members that were seen
	// maxPlanDepth and maxPlanBrackets keep the whole text well within the
	// depth that encoding/json allows.
	maxPlanDepth    = 100
	maxPlanBrackets = jsonscan.MaxDepth - maxPlanDepth
)

// giveUp is the index that means that encoding/json has the word.
const giveUp = -1

// planFor returns the plan of a type, nil if encoding/json would do all the
// work.
func planFor(t reflect.Type) *plan {
	p := makePlan(t, make(map[reflect.Type]*plan))
	if p.kind == planOther {
		return nil
	}
	return p
}

// makePlan finds types that contain themselves in made.
func makePlan(t reflect.Type, made map[reflect.Type]*plan) *plan {
	if p := made[t]; p != nil {
		return p
	}
	p := &plan{typ: t}
	made[t] = p
	if ptr := reflect.PointerTo(t); t == reflect.TypeFor[json.Number]() || ptr.Implements(reflect.TypeFor[json.Unmarshaler]()) || ptr.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return p
	}
	switch t.Kind() {
	case reflect.Interface:
	case reflect.Bool:
		p.kind = planBool
	case reflect.String:
		p.kind = planString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.kind = planInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		p.kind = planUint
	case reflect.Float32, reflect.Float64:
		p.kind = planFloat
	case reflect.Pointer:
		p.kind, p.elem = planPointer, makePlan(t.Elem(), made)
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 { // base64
			p.kind, p.elem = planSlice, makePlan(t.Elem(), made)
		}
	case reflect.Struct:
		if fields, ok := planFields(t, made); ok {
			p.kind, p.fields = planStruct, fields
			break
		}
		p.mayHide = true
	default:
		p.mayHide = true
	}
	return p
}

// planFields are the fields of a struct, if their names follow from their tags
// alone.
func planFields(t reflect.Type, made map[reflect.Type]*plan) ([]planField, bool) {
	var fields []planField
	names := make(map[string]bool)
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		switch {
		case f.Anonymous:
			return nil, false
		case !f.IsExported() || tag == "-":
			continue
		}
		name, opts, _ := strings.Cut(tag, ",")
		for opt := range strings.SplitSeq(opts, ",") {
			if opt != "" && opt != "omitempty" && opt != "omitzero" {
				return nil, false
			}
		}
		if name == "" {
			name = f.Name
		}
		if !isPlainName(name) || names[name] || len(fields) == maxPlanFields {
			return nil, false
		}
		names[name] = true
		fields = append(fields, planField{name, i, makePlan(f.Type, made)})
	}
	return fields, true
}

// isPlainName reports whether a name cannot be spelled in any other way, but
// for escapes and letters' case.
func isPlainName(name string) bool {
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.' || c == '$' || c == ':') {
			return false
		}
	}
	return name != ""
}

// decode decodes the text b into the zero value v. It reports whether it did;
// if not, v may be half-filled.
func (p *plan) decode(b []byte, v reflect.Value, disallowUnknown bool) bool {
	return p.decodeWith(b, v, disallowUnknown, nil)
}

// decodeWith is decode; where small is not nil, short strings share allocations
// in it.
func (p *plan) decodeWith(b []byte, v reflect.Value, disallowUnknown bool, small *strings.Builder) bool {
	d := planDecoder{b, disallowUnknown, small}
	i := d.value(p, jsonscan.Space(b, 0), v, 0)
	return i >= 0 && jsonscan.Space(b, i) == len(b)
}

type planDecoder struct {
	b               []byte
	disallowUnknown bool
	small           *strings.Builder
}

// value decodes the value at b[i] into the zero value v and returns the index
// just past it, or giveUp.
func (d *planDecoder) value(p *plan, i int, v reflect.Value, depth int) int {
	b := d.b
	if i >= len(b) || depth > maxPlanDepth {
		return giveUp
	}
	if p.kind == planOther {
		return d.other(p, i, v)
	}
	if b[i] == 'n' { // null leaves every kind at zero
		return d.literal(i, "null")
	}
	switch p.kind {
	case planString:
		end, err := jsonscan.SkipString(b, i)
		if err != nil {
			return giveUp
		}
		v.SetString(d.text(b[i:end]))
		return end
	case planBool:
		if b[i] == 't' {
			v.SetBool(true)
			return d.literal(i, "true")
		}
		return d.literal(i, "false")
	case planInt, planUint, planFloat:
		end, err := jsonscan.SkipNumber(b, i)
		if err != nil || !setNumber(p.kind, v, b[i:end]) {
			return giveUp
		}
		return end
	case planPointer:
		e := reflect.New(p.elem.typ)
		end := d.value(p.elem, i, e.Elem(), depth)
		v.Set(e)
		return end
	case planSlice:
		return d.slice(p, i, v, depth)
	}
	return d.object(p, i, v, depth)
}

func (d *planDecoder) literal(i int, want string) int {
	if end := i + len(want); end <= len(d.b) && string(d.b[i:end]) == want {
		return end
	}
	return giveUp
}

// other has encoding/json decode the value.
func (d *planDecoder) other(p *plan, i int, v reflect.Value) int {
	if d.disallowUnknown && p.mayHide {
		return giveUp
	}
	end := d.skip(i)
	if end < 0 || json.Unmarshal(d.b[i:end], v.Addr().Interface()) != nil {
		return giveUp
	}
	return end
}

// skip validates the value.
func (d *planDecoder) skip(i int) int {
	end, err := jsonscan.Skip(d.b, i)
	if err != nil {
		return giveUp
	}
	// Its depth counts from here, encoding/json's from the outermost value.
	if v := d.b[i:end]; len(v) > 2*maxPlanBrackets && bytes.Count(v, []byte("["))+bytes.Count(v, []byte("{")) > maxPlanBrackets {
		return giveUp
	}
	return end
}

func (d *planDecoder) slice(p *plan, i int, v reflect.Value, depth int) int {
	b := d.b
	if b[i] != '[' {
		return giveUp
	}
	i = jsonscan.Space(b, i+1)
	if i < len(b) && b[i] == ']' {
		v.Set(reflect.MakeSlice(p.typ, 0, 0))
		return i + 1
	}
	for n := 0; ; n++ {
		if n == v.Cap() {
			v.Grow(max(1, 4-n)) // encoding/json begins with 4, too
		}
		v.SetLen(n + 1)
		if i = d.value(p.elem, i, v.Index(n), depth+1); i < 0 {
			return giveUp
		}
		i = jsonscan.Space(b, i)
		if i >= len(b) || b[i] != ',' {
			break
		}
		i = jsonscan.Space(b, i+1)
	}
	return d.literal(i, "]")
}

func (d *planDecoder) object(p *plan, i int, v reflect.Value, depth int) int {
	b := d.b
	if b[i] != '{' {
		return giveUp
	}
	i = jsonscan.Space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	var seen uint64
	next := 0 // members mostly come in the order of the fields
	for {
		end, err := jsonscan.SkipString(b, i)
		if err != nil {
			return giveUp
		}
		field, ok := p.field(b[i+1:end-1], next)
		if !ok {
			return giveUp
		}
		i = jsonscan.Space(b, end)
		if i >= len(b) || b[i] != ':' {
			return giveUp
		}
		i = jsonscan.Space(b, i+1)
		switch bit := uint64(1) << (field & 63); {
		case field < 0 && d.disallowUnknown:
			return giveUp
		case field < 0:
			i = d.skip(i)
		case seen&bit != 0: // encoding/json merges the two
			return giveUp
		default:
			seen |= bit
			next = field + 1
			f := &p.fields[field]
			i = d.value(f.plan, i, v.Field(f.index), depth+1)
		}
		if i < 0 {
			return giveUp
		}
		i = jsonscan.Space(b, i)
		if i >= len(b) || b[i] != ',' {
			break
		}
		i = jsonscan.Space(b, i+1)
	}
	return d.literal(i, "}")
}

// field returns the index of the field with that name, -1 if there is none. It
// is not ok where encoding/json has to say which one it is.
func (p *plan) field(name []byte, next int) (field int, ok bool) {
	if next < len(p.fields) && string(name) == p.fields[next].name {
		return next, true
	}
	for i := range p.fields {
		if string(name) == p.fields[i].name {
			return i, true
		}
	}
	for _, c := range name {
		if c == '\\' || c >= utf8.RuneSelf {
			return 0, false // it may be another spelling of a field's name
		}
	}
	for i := range p.fields {
		if f := p.fields[i].name; len(f) == len(name) && strings.EqualFold(f, string(name)) {
			return 0, false
		}
	}
	return -1, true
}

const (
	// maxSmall is the longest string that shares its allocation with others, and
	// smallChunk what one of them can keep from being freed.
	maxSmall   = 32
	smallChunk = 512
)

// text is what a valid string token stands for.
func (d *planDecoder) text(token []byte) string {
	n := len(token) - 2
	if d.small == nil || n > maxSmall || n == 0 {
		return stringOf(token)
	}
	for _, c := range token[1 : n+1] {
		if c == '\\' || c >= utf8.RuneSelf {
			return stringOf(token)
		}
	}
	if d.small.Cap()-d.small.Len() < n {
		d.small.Reset()
		d.small.Grow(smallChunk)
	}
	// A Builder never changes what it has handed out.
	start := d.small.Len()
	d.small.Write(token[1 : n+1])
	return d.small.String()[start:]
}

// stringOf is what a valid string token stands for.
func stringOf(token []byte) string {
	inner := token[1 : len(token)-1]
	ascii := true
	for _, c := range inner {
		if c == '\\' {
			return string(jsonscan.AppendString(make([]byte, 0, len(inner)), token))
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && !utf8.Valid(inner) {
		return string(jsonscan.AppendString(nil, token))
	}
	return string(inner)
}

// setNumber reports whether v can hold the valid number exactly as
// encoding/json would have it do.
func setNumber(kind planKind, v reflect.Value, token []byte) bool {
	switch kind {
	case planInt:
		n, ok := jsonscan.ParseInt(token)
		if !ok || v.OverflowInt(n) {
			return false
		}
		v.SetInt(n)
	case planUint:
		n, err := strconv.ParseUint(string(token), 10, 64)
		if err != nil || v.OverflowUint(n) {
			return false
		}
		v.SetUint(n)
	default:
		n, err := strconv.ParseFloat(string(token), v.Type().Bits())
		if err != nil || v.OverflowFloat(n) {
			return false
		}
		v.SetFloat(n)
	}
	return true
}
