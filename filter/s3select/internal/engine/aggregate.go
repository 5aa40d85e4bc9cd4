package engine

import (
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// An aggregate is one aggregate function of the SELECT list. NULL and MISSING
// do not count.
type aggregate struct {
	name string
	in   evaluator // nil: COUNT(*)
	pos  int
}

// A tally is an aggregate's state in a run.
type tally struct {
	n int64
	v value.Value // sum, or extreme
}

func (c *compiler) aggregate(x *sql.Aggregate) evaluator {
	a := &aggregate{name: x.Func, pos: x.Pos()}
	if x.X != nil {
		a.in = c.expr(x.X)
	}
	n := len(c.p.aggs)
	c.p.aggs = append(c.p.aggs, a)
	return func(r *Run) value.Value { return a.result(r, &r.tallies[n]) }
}

// add counts the run's current row.
func (a *aggregate) add(r *Run, t *tally) {
	if a.in == nil {
		t.n++
		return
	}
	v := a.in(r)
	if v.Unknown() || r.err != nil {
		return
	}
	t.n++
	if a.name == "COUNT" {
		return
	}
	// S3 documents numbers only for MIN and MAX, too. A string would hide that the
	// numbers of CSV must be CAST: the greatest of '9' and '10' is '9'.
	sums, need := a.name == "SUM" || a.name == "AVG", "numbers or timestamps"
	if sums {
		need = "numbers"
	}
	switch {
	case !v.Number() && (sums || v.Kind != value.Timestamp):
		r.failAt(fault.New("IncorrectSqlFunctionArgumentType", "%s needs %s, not %s: CAST it", a.name, need, v.Kind), a.pos)
		return
	case t.n == 1:
	case sums:
		sum, err := value.Arith('+', &t.v, &v)
		if err != nil && a.name == "AVG" && v.Kind == value.Int {
			// An average need not fit 64 bits on its way.
			sum, err = value.OfDec(t.v.AsDec().Add(v.AsDec())), nil
		}
		if err != nil {
			r.failAt(err, a.pos)
		}
		t.v = sum
		return
	default:
		c, ok := value.Compare(&v, &t.v)
		if !ok {
			r.failAt(fault.New("IncorrectSqlFunctionArgumentType", "%s cannot compare %s with %s", a.name, v.Kind, t.v.Kind), a.pos)
		}
		if !ok || c == 0 || c < 0 != (a.name == "MIN") {
			return
		}
	}
	t.v = keep(v)
}

// keep makes v outlive the row.
func keep(v value.Value) value.Value {
	if v.Text != nil {
		if v.Kind == value.Decimal {
			v.Dec() // parsed once
		}
		v.Text = append([]byte{}, v.Text...)
	}
	return v
}

func (a *aggregate) result(r *Run, t *tally) value.Value {
	switch {
	case a.name == "COUNT":
		return value.OfInt(t.n)
	case t.n == 0:
		return value.NullValue
	case a.name != "AVG":
		return t.v
	}
	sum := t.v
	if sum.Kind == value.Int {
		sum = value.OfDec(sum.AsDec())
	}
	n := value.OfInt(t.n)
	avg, err := value.Arith('/', &sum, &n)
	if err != nil {
		r.failAt(err, a.pos)
	}
	return avg
}
