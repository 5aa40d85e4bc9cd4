package attribute

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// maxDepth is how deep attributes may nest here. DynamoDB allows 32 levels.
const maxDepth = 64

var (
	errNoStream = errors.New("the record has no object dynamodb")
	errDepth    = errors.New("attributes nest too deep")
	errValue    = errors.New("an attribute value must be an object with one member, its type")
)

// Append appends what the plan's type wants of a record, in plain JSON. record
// is the record, change its object dynamodb; both are valid JSON.
func (p *Plan) Append(dst, record, change []byte) ([]byte, error) {
	if change == nil {
		return dst, errNoStream
	}
	dst = append(dst, '{')
	start := len(dst)
	for i := range p.members {
		m := &p.members[i]
		from := change
		if m.name == "eventName" {
			from = record
		}
		v := find(from, m.name)
		if v == nil {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(dst, m.out...)
		if m.name == "eventName" {
			dst = append(dst, v...)
			continue
		}
		w := writer{b: v}
		out, end := w.attributes(dst, 0, m.node, 0)
		if w.err == nil && end != len(v) {
			w.err = errValue
		}
		if w.err != nil {
			return dst, fmt.Errorf("%s: %w", m.name, w.err)
		}
		dst = out
	}
	return append(dst, '}'), nil
}

func find(object []byte, name string) []byte {
	for o := jsonscan.WalkObject(object, 0); o.Next(); {
		if string(o.Name(nil)) == name {
			return o.Value()
		}
	}
	return nil
}

type writer struct {
	b   []byte
	err error
}

func (w *writer) fail(err error) {
	if w.err == nil && err != nil {
		w.err = err
	}
}

// attributes appends the map of attributes at b[i] and returns its end.
func (w *writer) attributes(dst []byte, i int, n *node, depth int) ([]byte, int) {
	o := jsonscan.WalkObject(w.b, i)
	dst = append(dst, '{')
	start := len(dst)
	for w.err == nil && o.Next() {
		name, child := o.NameToken(), (*field)(nil)
		if n != nil && n.fields != nil {
			var scratch [64]byte
			plain := o.Name(scratch[:0])
			if child = n.fields[string(plain)]; child != nil {
				name = child.out
			} else if n.hides(string(plain)) {
				o.Value()
				continue
			}
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(append(dst, name...), ':')
		elem := (*node)(nil)
		if child != nil {
			elem = child.node
		} else if n != nil {
			elem = n.elem
		}
		var end int
		dst, end = w.value(dst, o.Pos(), elem, child, depth+1)
		o.Resume(end)
	}
	w.fail(o.Err())
	return append(dst, '}'), o.End()
}

// value appends the attribute value at b[i]. f is the struct field that it is
// for, if it is for one.
func (w *writer) value(dst []byte, i int, n *node, f *field, depth int) ([]byte, int) {
	if depth > maxDepth {
		w.fail(errDepth)
		return dst, i
	}
	o := jsonscan.WalkObject(w.b, i)
	if !o.Next() {
		w.fail(errValue)
		return dst, o.End()
	}
	kind := o.NameToken()
	pos := o.Pos()
	k := jsonscan.KindAt(w.b, pos)
	end := -1
	switch string(kind[1 : len(kind)-1]) {
	case "S":
		dst, end = w.text(dst, &o, k, f)
	case "B":
		dst, end = w.text(dst, &o, k, nil)
	case "N":
		dst = w.number(dst, o.Value(), f)
	case "BOOL":
		if k != jsonscan.True && k != jsonscan.False {
			w.fail(errors.New("a BOOL must be true or false"))
		}
		dst = append(dst, o.Value()...)
	case "NULL":
		o.Value()
		dst = append(dst, "null"...)
	case "M":
		dst, end = w.attributes(dst, pos, n, depth)
	case "L":
		elem := (*node)(nil)
		if n != nil {
			elem = n.elem
		}
		dst, end = w.list(dst, pos, func(dst []byte, i int) ([]byte, int) { return w.value(dst, i, elem, nil, depth+1) })
	case "SS", "BS":
		dst, end = w.list(dst, pos, func(dst []byte, i int) ([]byte, int) {
			end, err := jsonscan.SkipString(w.b, i)
			w.fail(err)
			return append(dst, w.b[i:end]...), end
		})
	case "NS":
		dst, end = w.list(dst, pos, func(dst []byte, i int) ([]byte, int) {
			end, err := jsonscan.SkipString(w.b, i)
			if w.fail(err); err != nil {
				return dst, end
			}
			return w.number(dst, w.b[i:end], nil), end
		})
	default:
		w.fail(fmt.Errorf("an attribute of the unknown type %.16s", kind))
		return dst, i
	}
	if end >= 0 {
		o.Resume(end)
	}
	if w.err == nil && o.Next() {
		w.fail(errValue)
	}
	w.fail(o.Err())
	return dst, o.End()
}

func (w *writer) text(dst []byte, o *jsonscan.ObjectWalk, k jsonscan.Kind, f *field) ([]byte, int) {
	if k != jsonscan.String {
		w.fail(errors.New("an S or B must be a string"))
		return dst, -1
	}
	v := o.Value()
	if f != nil && f.text {
		inner := v[1 : len(v)-1]
		if jsonscan.Valid(inner) == nil && jsonscan.KindAt(inner, 0) != jsonscan.String {
			return append(dst, inner...), -1
		}
	}
	return append(dst, v...), -1
}

// number appends the number that the string token t holds.
func (w *writer) number(dst, t []byte, f *field) []byte {
	if len(t) < 2 || t[0] != '"' {
		w.fail(errors.New("an N must be a string"))
		return dst
	}
	n := t[1 : len(t)-1]
	if end, err := jsonscan.SkipNumber(n, 0); err != nil || end != len(n) {
		w.fail(errors.New("an N must hold a number"))
		return dst
	}
	if f == nil || !f.unixtime {
		return append(dst, n...)
	}
	seconds, err := strconv.ParseInt(string(n), 10, 64)
	at := time.Unix(seconds, 0).UTC()
	if err != nil || at.Year() < 0 || at.Year() > 9999 {
		w.fail(errors.New("a unixtime must be a whole number of seconds in the years 0 to 9999"))
		return dst
	}
	return append(at.AppendFormat(append(dst, '"'), time.RFC3339), '"')
}

func (w *writer) list(dst []byte, i int, element func([]byte, int) ([]byte, int)) ([]byte, int) {
	a := jsonscan.WalkArray(w.b, i)
	dst = append(dst, '[')
	start := len(dst)
	for w.err == nil && a.Next() {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		var end int
		dst, end = element(dst, a.Pos())
		a.Resume(end)
	}
	w.fail(a.Err())
	return append(dst, ']'), a.End()
}
