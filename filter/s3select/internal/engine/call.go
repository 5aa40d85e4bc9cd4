package engine

import (
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// call compiles a scalar function. But for COALESCE and NULLIF, an unknown
// argument makes NULL.
func (c *compiler) call(x *sql.Call) evaluator {
	args := make([]evaluator, len(x.Args))
	for i, a := range x.Args {
		args[i] = c.expr(a)
	}
	switch x.Func {
	case "COALESCE":
		return func(r *Run) value.Value {
			for _, a := range args {
				if v := a(r); !v.Unknown() {
					return v
				}
			}
			return value.NullValue
		}
	case "NULLIF":
		equal := outcomes("=")
		return func(r *Run) value.Value {
			a, b := args[0](r), args[1](r)
			if a.Unknown() || equal.of(&a, &b) == yes {
				return value.NullValue
			}
			return a
		}
	case "UTCNOW":
		return func(r *Run) value.Value { return value.OfTime(r.now) }
	}
	kinds, f := c.function(x)
	site := c.p.calls
	c.p.calls++
	return func(r *Run) value.Value {
		in := &r.args[site] // kept in the run: f would make it escape
		for i, a := range args {
			in[i] = a(r)
		}
		for i := range args {
			switch {
			case in[i].Unknown():
				return value.NullValue
			case in[i].Kind != kinds[i]:
				r.failAt(fault.New("IncorrectSqlFunctionArgumentType", "argument %d of %s must be %s, not %s", i+1, x.Func, kinds[i], in[i].Kind), x.Pos())
				return value.NullValue
			}
		}
		v, err := f(in[:len(args)])
		if err != nil {
			r.failAt(err, x.Pos())
		}
		return v
	}
}

// function is what a function's arguments must be, and what it does with them.
func (c *compiler) function(x *sql.Call) ([]value.Kind, func([]value.Value) (value.Value, error)) {
	const str, integer, ts = value.String, value.Int, value.Timestamp
	part, _ := sql.DatePart(x.Word)
	text := func(f func([]byte) []byte) func([]value.Value) (value.Value, error) {
		return func(a []value.Value) (value.Value, error) { return value.OfString(f(a[0].Text)), nil }
	}
	switch x.Func {
	case "CHAR_LENGTH", "CHARACTER_LENGTH":
		return []value.Kind{str}, func(a []value.Value) (value.Value, error) {
			return value.OfInt(int64(utf8.RuneCount(a[0].Text))), nil
		}
	case "LOWER":
		return []value.Kind{str}, text(value.Lower)
	case "UPPER":
		return []value.Kind{str}, text(value.Upper)
	case "SUBSTRING":
		return []value.Kind{str, integer, integer}, func(a []value.Value) (value.Value, error) {
			length := int64(-1)
			if len(a) == 3 {
				if length = a[2].Int(); length < 0 {
					return value.NullValue, fault.New("IllegalSqlFunctionArgument", "the length of SUBSTRING is %d, it cannot be negative", length)
				}
			}
			return value.OfString(value.Substring(a[0].Text, a[1].Int(), length)), nil
		}
	case "TRIM":
		leading, trailing := x.Word != "TRAILING", x.Word != "LEADING"
		return []value.Kind{str, str}, func(a []value.Value) (value.Value, error) {
			set := " "
			if len(a) == 2 {
				set = string(a[1].Text)
			}
			return value.OfString(value.Trim(a[0].Text, set, leading, trailing)), nil
		}
	case "EXTRACT":
		return []value.Kind{ts}, func(a []value.Value) (value.Value, error) {
			return value.OfInt(a[0].Time().Part(part)), nil
		}
	case "DATE_ADD":
		return []value.Kind{integer, ts}, func(a []value.Value) (value.Value, error) {
			t := a[1].Time().Add(part, a[0].Int())
			if t == nil {
				return value.NullValue, fault.New("IllegalSqlFunctionArgument", "DATE_ADD leaves the years 1 to 9999")
			}
			return value.OfTime(t), nil
		}
	case "DATE_DIFF":
		return []value.Kind{ts, ts}, func(a []value.Value) (value.Value, error) {
			return value.OfInt(value.Diff(part, a[0].Time(), a[1].Time())), nil
		}
	case "TO_STRING":
		format := c.format(x)
		return []value.Kind{ts, str}, func(a []value.Value) (value.Value, error) {
			f, err := format(a[1].Text)
			if err != nil {
				return value.NullValue, err
			}
			return value.OfString(f.Append(nil, a[0].Time())), nil
		}
	case "TO_TIMESTAMP":
		return c.toTimestamp(x)
	}
	c.fail(fault.At(x.Pos(), "UnsupportedFunction", "there is no function %s", x.Func))
	return nil, nil
}

func (c *compiler) toTimestamp(x *sql.Call) ([]value.Kind, func([]value.Value) (value.Value, error)) {
	if len(x.Args) == 1 {
		return []value.Kind{value.String}, func(a []value.Value) (value.Value, error) {
			t, ok := value.ParseTime(a[0].Text, false)
			if !ok {
				return value.NullValue, fault.New("ValueParseFailure", "%q is no timestamp", a[0].Text)
			}
			return value.OfTime(t), nil
		}
	}
	format := c.format(x)
	return []value.Kind{value.String, value.String}, func(a []value.Value) (value.Value, error) {
		f, err := format(a[1].Text)
		if err != nil {
			return value.NullValue, err
		}
		t, err := f.Parse(string(a[0].Text))
		if err != nil {
			return value.NullValue, err
		}
		return value.OfTime(t), nil
	}
}

// format compiles the format pattern, the second argument, once where it is
// constant.
func (c *compiler) format(x *sql.Call) func([]byte) (value.Format, error) {
	l, ok := x.Args[1].(*sql.Literal)
	if !ok || l.Value.Kind != value.String {
		return func(b []byte) (value.Format, error) { return value.ParseFormat(string(b)) }
	}
	f, err := value.ParseFormat(string(l.Value.Text))
	if err != nil {
		c.fail(fault.Placed(err, l.Pos()))
	}
	return func([]byte) (value.Format, error) { return f, nil }
}
