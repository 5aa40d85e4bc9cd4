package engine

import (
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

func itoa(i int) string { return strconv.Itoa(i) }

// unnest takes the rows that a path of FROM makes of one record. Every step
// makes at least one: MISSING where there is nothing.
func (r *Run) unnest(record []byte, steps []sql.Step) error {
	if err := jsonscan.Valid(record); err != nil {
		return err
	}
	return r.unnestValue(record[jsonscan.Space(record, 0):], steps)
}

// unnestValue goes on at the valid value v, nil for MISSING.
func (r *Run) unnestValue(v []byte, steps []sql.Step) error {
	if r.Done() {
		return nil
	}
	if len(steps) == 0 {
		r.raw = v
		if v != nil {
			end, _ := jsonscan.Skip(v, 0)
			r.raw = v[:end]
		}
		return r.jsonRow()
	}
	s, rest := steps[0], steps[1:]
	switch kind := jsonscan.KindAt(v, 0); {
	case s.Kind == sql.Member && kind == jsonscan.Object:
		m, err := lookup(v, s.Name)
		if err != nil {
			return err
		}
		return r.unnestValue(m, rest)
	case s.Kind == sql.AnyMember && kind == jsonscan.Object:
		some := false
		o := jsonscan.WalkObject(v, 0)
		for o.Next() {
			some = true
			if err := r.unnestValue(o.Value(), rest); err != nil {
				return err
			}
		}
		if some {
			return nil
		}
	case kind == jsonscan.Array && (s.Kind == sql.AnyIndex || s.Kind == sql.Index):
		some := false
		a := jsonscan.WalkArray(v, 0)
		for at := 0; a.Next(); at++ {
			if s.Kind == sql.Index && at != s.Index {
				continue
			}
			some = true
			if err := r.unnestValue(a.Value(), rest); err != nil {
				return err
			}
		}
		if some {
			return nil
		}
	}
	return r.unnestValue(nil, rest)
}

// lookup is the member of a valid object, nil if there is none.
func lookup(v []byte, name sql.Name) (found []byte, err error) {
	o := jsonscan.WalkObject(v, 0)
	for o.Next() {
		have := string(o.Name(nil))
		if name.Quoted && have == name.Text {
			return o.Value(), nil
		}
		if !name.Quoted && strings.EqualFold(have, name.Text) {
			if found != nil {
				return nil, fault.New("AmbiguousFieldName", "%s matches more than one member; put the exact name in double quotes", name.Text)
			}
			found = o.Value()
		}
	}
	return found, nil
}
