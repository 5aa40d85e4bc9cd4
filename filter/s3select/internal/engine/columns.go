package engine

import (
	"bytes"
	"context"
	"io"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// A Source is an object that is read in pieces.
type Source interface {
	// Tail reads the last n bytes, or all if there are fewer, and says how large
	// the object is.
	Tail(ctx context.Context, n int64) (tail []byte, size int64, err error)
	// Open reads spans, in ascending order and apart, each with a reader of its
	// own; ahead says that they will be read whole, so that their bytes may be
	// fetched before they are asked for. The readers must be closed.
	Open(ctx context.Context, spans []Span, ahead bool) ([]io.ReadCloser, error)
}

// A Span is the bytes from Start on, up to End.
type Span struct{ Start, End int64 }

// A Table reads rows whose columns have types from a source, hands them to the
// run with Match and Hit, and says how many bytes it has decoded. It is for
// programs whose Config has Columns.
type Table func(ctx context.Context, src Source, run *Run) (decoded int64, err error)

// A Need is a path that a statement reads.
type Need struct {
	Steps []sql.Step
	Pos   int  // of the path in the SQL expression
	Where bool // WHERE needs it
}

// Columns reports that the rows are those of a Table.
func (p *Program) Columns() bool { return p.cfg.Columns }

// Limited reports that the run may end before the rows do.
func (r *Run) Limited() bool { return r.p.Limited() }

// Needs are the statement's paths, in the order of Values.
func (r *Run) Needs() []Need {
	needs := make([]Need, len(r.p.slots))
	for i, s := range r.p.slots {
		needs[i] = Need{s.steps, s.pos, i < r.p.inWhere()}
	}
	return needs
}

// Whole reports whether WHERE and the SELECT list need the row as a whole.
func (r *Run) Whole() (where, list bool) {
	is := func(x sql.Expr) (found bool) {
		sql.Walk(x, func(x sql.Expr) bool {
			if path, ok := x.(*sql.Path); ok {
				steps := r.p.resolve(path)
				found = found || len(steps) == 0 || wildcard(steps[0])
			}
			return !found
		})
		return found
	}
	list = r.p.sel.Star
	for _, it := range r.p.sel.Items {
		list = list || is(it.Expr)
	}
	return is(r.p.sel.Where), list
}

// Where is the condition, nil if there is none, and Steps what a path in it leads
// to, relative to the row.
func (r *Run) Where() sql.Expr { return r.p.sel.Where }

// Steps is a path relative to the row.
func (r *Run) Steps(x *sql.Path) []sql.Step { return r.p.resolve(x) }

// Values are the current row's, one for each of Needs. Those of WHERE are to be
// set before Match, the others before Hit.
func (r *Run) Values() []value.Value { return r.values }

// SetRow sets what appends the current row, as a JSON object.
func (r *Run) SetRow(row func(dst []byte) ([]byte, error)) { r.table = row }

// Match counts a row, and reports whether WHERE is true for it.
func (r *Run) Match() (bool, error) {
	r.Records++
	if r.p.where == nil {
		return true, nil
	}
	ok := r.p.where(r)
	if r.err != nil {
		return false, r.place(r.err)
	}
	return ok == yes, nil
}

// Hit takes the row that Match was asked about.
func (r *Run) Hit() error { return r.place(r.hit()) }

// Skip counts rows that cannot change the result.
func (r *Run) Skip(n int64) { r.Records += n }

// constantColumn compares a column with a constant.
func constantColumn(n int, want value.Value, o outcome) predicate {
	switch want.Kind {
	case value.Int:
		c := want.Int()
		return func(r *Run) tri {
			v := &r.values[n]
			if v.Kind != value.Int {
				return o.of(v, &want)
			}
			switch have := v.Int(); {
			case have < c:
				return o.less
			case have > c:
				return o.greater
			}
			return o.equal
		}
	case value.String:
		return func(r *Run) tri {
			v := &r.values[n]
			switch {
			case v.Kind != value.String:
				return o.of(v, &want)
			case o.less != o.greater:
				return o.at(bytes.Compare(v.Text, want.Text))
			case bytes.Equal(v.Text, want.Text):
				return o.equal
			}
			return o.less
		}
	}
	return func(r *Run) tri {
		w := want // comparing may keep what it has parsed
		return o.of(&r.values[n], &w)
	}
}

// wholeRow is the current row of a table.
func (r *Run) wholeRow() value.Value {
	if r.table == nil {
		return value.Value{}
	}
	b, err := r.table(r.tableRow[:0])
	if r.tableRow = b; err != nil {
		r.failAt(fault.InRecord(err, r.Records), -1)
		return value.Value{}
	}
	return value.OfJSON(value.Struct, b)
}

// Member is the member of a valid JSON object, nil if there is none.
func Member(v []byte, name sql.Name) ([]byte, error) { return lookup(v, name) }
