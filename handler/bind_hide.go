package handler

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A body never sets a tagged field: bind sets each of them after the body was
// decoded. What is here makes the members that would have reached one truly
// unknown: they are ignored, of whatever type they are, or refused where
// unknown members are.

// jsonName returns the name by which encoding/json knows the field: "-" if it
// does not, "" for an embedded struct whose fields it promotes.
func jsonName(f reflect.StructField) string {
	tag := f.Tag.Get("json")
	name, _, _ := strings.Cut(tag, ",")
	switch {
	case tag == "-" || (!f.IsExported() && !f.Anonymous):
		return "-"
	case name != "":
		return name
	case f.Anonymous:
		t := f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() == reflect.Struct {
			return ""
		}
	}
	return f.Name
}

// withoutPlain leaves out the paths that a body can mean for a field without a
// tag as well.
func withoutPlain(hidden, plain [][]string) [][]string {
	return slices.DeleteFunc(hidden, func(h []string) bool {
		return slices.ContainsFunc(plain, func(p []string) bool { return slices.EqualFunc(h, p, strings.EqualFold) })
	})
}

var errUnknown = errors.New("a member of this name is not known")

// A cut is a member that a body must not have.
type cut struct {
	path     string
	at       int // of the value
	from, to int // of the bytes to leave out
}

// findHidden returns the members of the object at i that reach tagged fields.
func (b *binding) findHidden(body []byte, i int, hidden [][]string, path string) (cuts []cut, end int) {
	if jsonscan.KindAt(body, i) != jsonscan.Object {
		end, _ = jsonscan.Skip(body, i)
		return nil, end
	}
	var scratch [64]byte
	first := true   // no member before stays
	before := i + 1 // where the previous member ended, or the object began
	o := jsonscan.WalkObject(body, i)
	for o.Next() {
		name := o.Name(scratch[:0])
		var deeper [][]string
		found := false
		for _, h := range hidden {
			if bytes.EqualFold(name, []byte(h[0])) {
				if found = found || len(h) == 1; len(h) > 1 {
					deeper = append(deeper, h[1:])
				}
			}
		}
		at := o.Pos()
		switch {
		case found:
			v := o.Value()
			c := cut{path: memberStep(path, clip(string(name))), at: at, from: before, to: at + len(v)}
			if first { // its comma goes too, if it has one
				if c.to = jsonscan.Space(body, c.to); c.to < len(body) && body[c.to] == ',' {
					c.to++
				}
			}
			before = c.to
			cuts = append(cuts, c)
			continue
		case deeper != nil:
			inner, end := b.findHidden(body, at, deeper, memberStep(path, clip(string(name))))
			cuts = append(cuts, inner...)
			o.Resume(end)
			before = end
		default:
			before = at + len(o.Value())
		}
		first = false
	}
	if o.Err() != nil {
		return nil, o.End()
	}
	return cuts, o.End()
}

// withoutHidden returns the body without the members that reach tagged fields,
// or the body itself and false if there are none, or it is not valid JSON.
func (b *binding) withoutHidden(body []byte) ([]byte, bool) {
	cuts := b.cuts(body)
	if len(cuts) == 0 {
		return body, false
	}
	out := make([]byte, 0, len(body))
	at := 0
	for _, c := range cuts {
		out = append(out, body[at:c.from]...)
		at = c.to
	}
	return append(out, body[at:]...), true
}

func (b *binding) cuts(body []byte) []cut {
	if len(b.hidden) == 0 || jsonscan.Valid(body) != nil {
		return nil
	}
	cuts, _ := b.findHidden(body, jsonscan.Space(body, 0), b.hidden, "")
	return cuts
}

// decodeBody decodes an HTTP body into in, a pointer to an In, which bind
// completes.
func (b *binding) decodeBody(d decoder, body []byte, in any) error {
	if d.disallowUnknown {
		if cuts := b.cuts(body); len(cuts) > 0 {
			return &DecodeError{Member: cuts[0].path, Offset: cuts[0].at, Err: errUnknown}
		}
	} else if b.cutFirst {
		body, _ = b.withoutHidden(body)
	}
	err := d.decode(body, in)
	if err == nil || d.disallowUnknown || b.cutFirst {
		return err
	}
	// A member that is not for the body may be what did not fit.
	if rest, ok := b.withoutHidden(body); ok {
		reflect.ValueOf(in).Elem().SetZero()
		return d.decode(rest, in)
	}
	return err
}
