package engine

import (
	"errors"
	"time"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// ErrStop is what an emit function returns to end a run early and well.
var ErrStop = errors.New("stop")

// A Run is one execution of a Program. It is not safe for concurrent use.
type Run struct {
	Records int64 // of the input, so far
	Rows    int64 // of the result, so far
	Bytes   int64 // of the result, so far

	// Continued says that the input is not the start of the object.
	Continued bool

	p        *Program
	emit     func(record []byte) error
	now      *value.Time
	find     finder
	raw      []byte // the current row of JSON; nil is MISSING
	csv      csvRow
	values   []value.Value                    // of a Table's row
	table    func(dst []byte) ([]byte, error) // appends that row
	tableRow []byte                           // what it has appended
	scratch  []byte                           // what the current row's strings decode to
	out      []byte
	tallies  []tally
	args     [][3]value.Value
	err      error
	done     bool
}

// NewRun starts a run. emit gets every record of the result, delimiter
// included, and must not keep it.
func (p *Program) NewRun(now time.Time, emit func(record []byte) error) *Run {
	r := &Run{p: p, emit: emit, now: value.Now(now), tallies: make([]tally, len(p.aggs)), args: make([][3]value.Value, p.calls)}
	r.find.slots = make([][]byte, len(p.slots))
	r.csv.columns = make([]int, len(p.slots))
	if p.cfg.Columns {
		r.values = make([]value.Value, len(p.slots))
	}
	r.done = p.limit == 0
	return r
}

// Done reports that no further record can change the result.
func (r *Run) Done() bool { return r.done || r.err != nil }

// failAt keeps the first error of an expression. It is not inlined, as fault.New is
// not.
//
//go:noinline
func (r *Run) failAt(err error, pos int) {
	if r.err == nil {
		r.err = fault.Placed(err, pos)
	}
}

// json takes one JSON record.
func (r *Run) json(record []byte) error {
	r.Records++
	if r.p.cfg.Strict {
		err := encoded(record)
		if err == nil {
			err = jsonscan.Valid(record)
		}
		if err != nil {
			return r.place(err)
		}
	}
	if len(r.p.from) > 0 {
		return r.place(r.unnest(record, r.p.from))
	}
	r.raw = record
	return r.place(r.jsonRow())
}

// place gives an error the code of what it is about, and the record's number.
func (r *Run) place(err error) error {
	if err == nil {
		return nil
	}
	var syntax *jsonscan.SyntaxError
	if errors.As(err, &syntax) {
		err = &fault.Error{Code: "JSONParsingError", Msg: "byte " + itoa(syntax.Offset) + " of the record: " + syntax.Msg, Offset: -1, Err: syntax}
	}
	return fault.InRecord(err, r.Records)
}

// jsonRow takes the row r.raw.
func (r *Run) jsonRow() error {
	clear(r.find.slots)
	r.scratch = r.scratch[:0]
	if r.raw != nil {
		if err := r.find.find(&r.p.whereP, r.raw, 0); err != nil {
			return err
		}
	}
	if r.p.where != nil {
		ok := r.p.where(r)
		if r.err != nil {
			return r.err
		}
		if ok != yes {
			return nil
		}
	}
	if r.raw != nil && len(r.p.listP.root.slots)+len(r.p.listP.root.members)+len(r.p.listP.root.elems) > 0 {
		if err := r.find.find(&r.p.listP, r.raw, 0); err != nil {
			return err
		}
	}
	if len(r.p.whereP.root.members)+len(r.p.listP.root.members) == 0 && r.raw != nil {
		// Nothing has looked at the record yet.
		if err := jsonscan.Valid(r.raw); err != nil {
			return err
		}
	}
	return r.hit()
}

// hit takes a row that passed WHERE.
func (r *Run) hit() error {
	if len(r.p.aggs) > 0 {
		for i, a := range r.p.aggs {
			a.add(r, &r.tallies[i])
		}
		return r.err
	}
	return r.output()
}

// Finish ends the run: aggregates have their result now.
func (r *Run) Finish() error {
	if r.err != nil || len(r.p.aggs) == 0 || r.p.limit == 0 {
		return r.err
	}
	r.raw = nil
	clear(r.find.slots)
	clear(r.values)
	r.table = nil
	return r.output()
}

// slot is the value of a path in the current row of JSON.
func (r *Run) slot(n int) value.Value {
	t := r.find.slots[n]
	if len(t) == 0 {
		return value.Value{}
	}
	return r.token(t)
}

func (r *Run) token(t []byte) value.Value {
	if t[0] == '"' {
		if !jsonscan.Escaped(t) {
			return value.OfString(t[1 : len(t)-1])
		}
		return value.OfString(r.decode(t))
	}
	return value.OfToken(t)
}

// decode is a string with escapes; it lasts as long as the row.
func (r *Run) decode(t []byte) []byte {
	n := len(r.scratch)
	r.scratch = jsonscan.AppendString(r.scratch, t)
	return r.scratch[n:len(r.scratch):len(r.scratch)]
}

// row is the whole row as a value.
func (r *Run) row() value.Value {
	switch {
	case r.p.cfg.Columns:
		return r.wholeRow()
	case !r.p.cfg.JSON:
		return value.OfJSON(value.Struct, r.csv.appendJSON(nil))
	case r.raw == nil:
		return value.Value{}
	}
	if err := jsonscan.Valid(r.raw); err != nil {
		r.failAt(r.place(err), -1)
		return value.Value{}
	}
	i := jsonscan.Space(r.raw, 0)
	end, _ := jsonscan.Skip(r.raw, i)
	return r.token(r.raw[i:end])
}
