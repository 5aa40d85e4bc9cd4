package engine

import (
	"bytes"
	"slices"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// An evaluator computes an expression for the run's current row, a predicate
// one that is a boolean. Errors are kept in the run.
type (
	evaluator func(r *Run) value.Value
	predicate func(r *Run) tri
)

// tri is a truth value of SQL.
type tri int8

const (
	no tri = iota
	yes
	unknown
)

func truth(b bool) tri {
	if b {
		return yes
	}
	return no
}

func (t tri) not() tri {
	switch t {
	case no:
		return yes
	case yes:
		return no
	}
	return unknown
}

func (t tri) value() value.Value {
	if t == unknown {
		return value.NullValue
	}
	return value.OfBool(t == yes)
}

type compiler struct {
	p       *Program
	bySteps map[string]int
	err     error
}

func (c *compiler) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// expr compiles x for its value.
func (c *compiler) expr(x sql.Expr) evaluator {
	switch x := x.(type) {
	case *sql.Literal:
		v := x.Value
		return func(*Run) value.Value { return v }
	case *sql.Path:
		return c.path(x)
	case *sql.List:
		return c.list(x)
	case *sql.Unary:
		if x.Op != "NOT" {
			return c.sign(x)
		}
	case *sql.Binary:
		switch x.Op {
		case "+", "-", "*", "/", "%":
			op, l, r := x.Op[0], c.expr(x.X), c.expr(x.Y)
			return func(run *Run) value.Value {
				a, b := l(run), r(run)
				v, err := value.Arith(op, &a, &b)
				if err != nil {
					run.failAt(err, x.Pos())
				}
				return v
			}
		}
	case *sql.Case:
		return c.caseExpr(x)
	case *sql.Cast:
		in, k := c.expr(x.X), x.Type
		return func(run *Run) value.Value {
			a := in(run)
			v, err := value.Cast(&a, k)
			if err != nil {
				run.failAt(err, x.Pos())
			}
			return v
		}
	case *sql.Call:
		return c.call(x)
	case *sql.Aggregate:
		return c.aggregate(x)
	}
	p := c.predicate(x)
	return func(r *Run) value.Value { return p(r).value() }
}

func (c *compiler) path(x *sql.Path) evaluator { return c.steps(x, c.p.resolve(x)) }

// steps compiles the path x, which leads to steps below the row.
func (c *compiler) steps(x *sql.Path, steps []sql.Step) evaluator {
	if i := slices.IndexFunc(steps, wildcard); i >= 0 {
		return everyMatch(c.steps(x, steps[:i]), steps[i:])
	}
	if len(steps) == 0 {
		return (*Run).row
	}
	n := c.slot(x, steps)
	switch {
	case c.p.cfg.Columns:
		return func(r *Run) value.Value { return r.values[n] }
	case !c.p.cfg.JSON:
		return func(r *Run) value.Value { return r.column(n) }
	}
	return func(r *Run) value.Value { return r.slot(n) }
}

func wildcard(s sql.Step) bool { return s.Kind >= sql.AnyMember }

// everyMatch is the list of all that a path with wildcards leads to, as in
// WHERE 'a' IN s.tags[*]. It is MISSING if the value before the first one is not
// there.
func everyMatch(from evaluator, steps []sql.Step) evaluator {
	return func(r *Run) value.Value {
		v := from(r)
		if v.Unknown() {
			return value.Value{}
		}
		list := []byte{'['}
		if v.Kind >= value.List {
			if err := eachMatch(v.Text, steps, false, func(raw []byte) error {
				if len(list) > 1 {
					list = append(list, ',')
				}
				list = append(list, raw...)
				return nil
			}); err != nil {
				r.failAt(err, -1)
			}
		}
		return value.OfJSON(value.List, append(list, ']'))
	}
}

func (c *compiler) sign(x *sql.Unary) evaluator {
	in, neg := c.expr(x.X), x.Op == "-"
	return func(r *Run) value.Value {
		a := in(r)
		v, err := value.Neg(&a)
		switch {
		case err != nil:
			r.failAt(err, x.Pos())
		case !neg && a.Number():
			return a
		}
		return v
	}
}

// list makes JSON of its elements, as nested values are in rows.
func (c *compiler) list(x *sql.List) evaluator {
	elems := make([]evaluator, len(x.Elems))
	for i, e := range x.Elems {
		elems[i] = c.expr(e)
	}
	return func(r *Run) value.Value {
		b := []byte{'['}
		for _, e := range elems {
			v := e(r)
			if v.Kind == value.Missing {
				continue
			}
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = v.AppendJSON(b)
		}
		return value.OfJSON(value.List, append(b, ']'))
	}
}

func (c *compiler) caseExpr(x *sql.Case) evaluator {
	type branch struct {
		when predicate
		then evaluator
	}
	var branches []branch
	for _, w := range x.Whens {
		cond := w.Cond
		if x.Operand != nil {
			cond = sql.Equality(x.Operand, cond)
		}
		branches = append(branches, branch{c.predicate(cond), c.expr(w.Then)})
	}
	otherwise := func(*Run) value.Value { return value.NullValue }
	if x.Else != nil {
		otherwise = c.expr(x.Else)
	}
	return func(r *Run) value.Value {
		for _, b := range branches {
			if b.when(r) == yes {
				return b.then(r)
			}
		}
		return otherwise(r)
	}
}

// predicate compiles x for whether it is true.
func (c *compiler) predicate(x sql.Expr) predicate {
	switch x := x.(type) {
	case *sql.Unary:
		if x.Op == "NOT" {
			p := c.predicate(x.X)
			return func(r *Run) tri { return p(r).not() }
		}
	case *sql.Binary:
		switch x.Op {
		case "AND", "OR":
			return c.logical(x)
		case "=", "<>", "<", "<=", ">", ">=":
			return c.comparison(x)
		}
	case *sql.In:
		return c.in(x)
	case *sql.Between:
		return c.between(x)
	case *sql.Like:
		return c.like(x)
	case *sql.Is:
		in, missing, want := c.expr(x.X), x.Missing, !x.Not
		return func(r *Run) tri {
			v := in(r)
			is := v.Kind == value.Missing || !missing && v.Kind == value.Null
			return truth(is == want)
		}
	}
	if l, ok := x.(*sql.Literal); ok && l.Value.Kind > value.Bool {
		c.fail(fault.At(x.Pos(), "IncorrectSqlFunctionArgumentType", "a condition is needed here, not %s", l.Value.Kind))
	}
	in := c.expr(x)
	return func(r *Run) tri {
		v := in(r)
		if v.Kind != value.Bool {
			return unknown
		}
		return truth(v.True())
	}
}

func (c *compiler) logical(x *sql.Binary) predicate {
	l, r := c.predicate(x.X), c.predicate(x.Y)
	decides := truth(x.Op == "OR")
	return func(run *Run) tri {
		a := l(run)
		if a == decides {
			return a
		}
		b := r(run)
		if b == decides || a != unknown {
			return b
		}
		return unknown
	}
}

// An outcome is what x op y is where x is less, equal, greater, and of another type.
type outcome struct{ less, equal, greater, other tri }

// outcomes are those of the operator.
func outcomes(op string) outcome {
	switch op {
	case "=":
		return outcome{no, yes, no, no}
	case "<>":
		return outcome{yes, no, yes, yes}
	case "<":
		return outcome{yes, no, no, unknown}
	case "<=":
		return outcome{yes, yes, no, unknown}
	case ">":
		return outcome{no, no, yes, unknown}
	}
	return outcome{no, yes, yes, unknown} // >=
}

func (o *outcome) of(x, y *value.Value) tri {
	if x.Unknown() || y.Unknown() {
		return unknown
	}
	if x.Kind >= value.List && x.Kind == y.Kind {
		if o.other == unknown {
			return unknown
		}
		if value.Equal(x, y) {
			return o.equal
		}
		return o.less
	}
	c, ok := value.Compare(x, y)
	if !ok {
		return o.other // different types are not equal, and have no order
	}
	return o.at(c)
}

func (o *outcome) at(c int) tri {
	switch {
	case c < 0:
		return o.less
	case c == 0:
		return o.equal
	}
	return o.greater
}

func (c *compiler) comparison(x *sql.Binary) predicate {
	o := outcomes(x.Op)
	path, ok := x.X.(*sql.Path)
	lit, isLit := x.Y.(*sql.Literal)
	if !ok {
		path, ok = x.Y.(*sql.Path)
		lit, isLit = x.X.(*sql.Literal)
		o.less, o.greater = o.greater, o.less
	}
	if ok && isLit {
		if p := c.constant(path, lit, o); p != nil {
			return p
		}
	}
	l, r := c.expr(x.X), c.expr(x.Y)
	o = outcomes(x.Op)
	return func(run *Run) tri {
		a, b := l(run), r(run)
		return o.of(&a, &b)
	}
}

// constant compares a path with a constant, without making a value of it.
func (c *compiler) constant(path *sql.Path, lit *sql.Literal, o outcome) predicate {
	steps := c.p.resolve(path)
	if len(steps) == 0 || slices.ContainsFunc(steps, wildcard) {
		return nil
	}
	if c.p.cfg.Columns {
		return constantColumn(c.slot(path, steps), lit.Value, o)
	}
	if !c.p.cfg.JSON {
		return c.constantText(path, steps, lit, o)
	}
	n := c.slot(path, steps)
	switch lit.Value.Kind {
	case value.String:
		want := lit.Value.Text
		if !plain(want) {
			return nil
		}
		return func(r *Run) tri {
			t := r.find.slots[n]
			if len(t) == 0 || t[0] == 'n' {
				return unknown
			}
			if t[0] != '"' {
				return o.other
			}
			text := t[1 : len(t)-1]
			if bytes.IndexByte(text, '\\') >= 0 {
				text = r.decode(t)
			}
			if o.less == o.greater { // = and <>
				if bytes.Equal(text, want) {
					return o.equal
				}
				return o.less
			}
			return o.at(bytes.Compare(text, want))
		}
	case value.Int:
		want := lit.Value.Int()
		wantV := lit.Value
		return func(r *Run) tri {
			t := r.find.slots[n]
			if len(t) == 0 || t[0] == 'n' {
				return unknown
			}
			if have, ok := jsonscan.ParseInt(t); ok {
				switch {
				case have < want:
					return o.less
				case have > want:
					return o.greater
				}
				return o.equal
			}
			v := r.slot(n)
			return o.of(&v, &wantV)
		}
	}
	return nil
}

// constantText compares a column of CSV with a constant string.
func (c *compiler) constantText(path *sql.Path, steps []sql.Step, lit *sql.Literal, o outcome) predicate {
	if lit.Value.Kind != value.String {
		return nil
	}
	n, want := c.slot(path, steps), lit.Value.Text
	same := o.less == o.greater // = and <>
	return func(r *Run) tri {
		i := r.csv.columns[n]
		if uint(i) >= uint(len(r.csv.fields)) {
			return unknown
		}
		text := r.csv.text(i)
		switch {
		case !same:
			return o.at(bytes.Compare(text, want))
		case bytes.Equal(text, want):
			return o.equal
		}
		return o.less
	}
}

// plain reports valid UTF-8 without U+FFFD, which decoding could make.
func plain(b []byte) bool { return !bytes.ContainsRune(b, '\uFFFD') }

func (c *compiler) in(x *sql.In) predicate {
	in, not := c.expr(x.X), x.Not
	equal := outcomes("=")
	l, ok := x.Y.(*sql.List)
	if !ok {
		return c.inValue(x)
	}
	elems := make([]evaluator, len(l.Elems))
	for i, e := range l.Elems {
		elems[i] = c.expr(e)
	}
	return func(r *Run) tri {
		v := in(r)
		found := no
		for _, e := range elems {
			w := e(r)
			t := equal.of(&v, &w)
			if t == yes {
				found = yes
				break
			}
			if t == unknown {
				found = unknown
			}
		}
		if not {
			return found.not()
		}
		return found
	}
}

// inValue is IN with a list that the row holds.
func (c *compiler) inValue(x *sql.In) predicate {
	in, list, not := c.expr(x.X), c.expr(x.Y), x.Not
	equal := outcomes("=")
	return func(r *Run) tri {
		v, l := in(r), list(r)
		if l.Unknown() {
			return unknown
		}
		if l.Kind != value.List {
			r.failAt(fault.New("IncorrectSqlFunctionArgumentType", "IN needs a list, not %s", l.Kind), x.Pos())
			return unknown
		}
		found := no
		a := jsonscan.WalkArray(l.Text, 0)
		for found != yes && a.Next() {
			w := value.OfToken(a.Value())
			if t := equal.of(&v, &w); t != no {
				found = t
			}
		}
		if not {
			return found.not()
		}
		return found
	}
}

func (c *compiler) between(x *sql.Between) predicate {
	in, low, high, not := c.expr(x.X), c.expr(x.Low), c.expr(x.High), x.Not
	ge, le := outcomes(">="), outcomes("<=")
	return func(r *Run) tri {
		v, l, h := in(r), low(r), high(r)
		t := ge.of(&v, &l)
		if t != no {
			if u := le.of(&v, &h); u == no || t == yes {
				t = u
			}
		}
		if not {
			return t.not()
		}
		return t
	}
}

func (c *compiler) like(x *sql.Like) predicate {
	in, not := c.expr(x.X), x.Not
	pattern := c.likePattern(x)
	return func(r *Run) tri {
		v := in(r)
		p, err := pattern(r)
		switch {
		case v.Unknown() || p == nil && err == nil:
			return unknown
		case err != nil:
			r.failAt(err, x.Pattern.Pos())
			return unknown
		case v.Kind != value.String:
			r.failAt(fault.New("LikeInvalidInputs", "LIKE needs a string, not %s: CAST it", v.Kind), x.Pos())
			return unknown
		}
		return truth(p.Match(v.Text) != not)
	}
}

// likePattern is the pattern's compiled form, made once where it is constant; nil
// if the pattern or the escape character is NULL. What is neither that nor a string
// is an error only beside a value, as every unknown makes LIKE unknown.
func (c *compiler) likePattern(x *sql.Like) func(r *Run) (*value.Pattern, error) {
	text := func(e sql.Expr) bool {
		l, ok := e.(*sql.Literal)
		return e == nil || ok && (l.Value.Kind == value.String || l.Value.Unknown())
	}
	pattern, escape := c.expr(x.Pattern), evaluator(nil)
	if x.Escape != nil {
		escape = c.expr(x.Escape)
	}
	compile := func(r *Run) (*value.Pattern, error) {
		p, e := pattern(r), value.Value{}
		if escape != nil {
			if e = escape(r); e.Unknown() {
				return nil, nil
			}
		}
		switch {
		case p.Unknown():
			return nil, nil
		case p.Kind != value.String || escape != nil && e.Kind != value.String:
			return nil, fault.New("LikeInvalidInputs", "the pattern and the escape character of LIKE must be strings")
		}
		return value.ParseLike(p.Text, e.Text, escape != nil)
	}
	if text(x.Pattern) && text(x.Escape) {
		p, err := compile(nil)
		if err != nil {
			c.fail(fault.Placed(err, x.Pattern.Pos()))
		}
		return func(*Run) (*value.Pattern, error) { return p, nil }
	}
	return compile
}
