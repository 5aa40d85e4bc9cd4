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
	err := eachMatch(record[jsonscan.Space(record, 0):], steps, true, func(v []byte) error {
		if r.Done() {
			return ErrStop
		}
		if r.raw = v; v != nil {
			end, _ := jsonscan.Skip(v, 0)
			r.raw = v[:end]
		}
		return r.jsonRow()
	})
	if err == ErrStop {
		return nil
	}
	return err
}

// eachMatch calls f for what the steps lead to in the valid value v and, where
// missing says so, with nil for every step that leads to nothing.
func eachMatch(v []byte, steps []sql.Step, missing bool, f func(v []byte) error) error {
	if len(steps) == 0 {
		return f(v)
	}
	s, rest, some := &steps[0], steps[1:], false
	switch kind := jsonscan.KindAt(v, 0); {
	case kind == jsonscan.Object && s.Kind == sql.Member:
		m, err := lookup(v, s.Name)
		if err != nil {
			return err
		}
		if m != nil {
			return eachMatch(m, rest, missing, f)
		}
	case kind == jsonscan.Object && s.Kind == sql.AnyMember:
		o := jsonscan.WalkObject(v, 0)
		for o.Next() {
			some = true
			if err := eachMatch(o.Value(), rest, missing, f); err != nil {
				return err
			}
		}
	case kind == jsonscan.Array && (s.Kind == sql.AnyIndex || s.Kind == sql.Index):
		a := jsonscan.WalkArray(v, 0)
		for at := 0; a.Next(); at++ {
			if s.Kind == sql.Index && at != s.Index {
				continue
			}
			some = true
			if err := eachMatch(a.Value(), rest, missing, f); err != nil {
				return err
			}
		}
	}
	if some || !missing {
		return nil
	}
	return f(nil)
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
