package sql

import "github.com/lambdatune/lambdatune/filter/s3select/internal/value"

// Walk calls f for x and, where f says so, for what is in it.
func Walk(x Expr, f func(Expr) bool) {
	if x == nil || !f(x) {
		return
	}
	operands(x, func(y *Expr) { Walk(*y, f) })
}

// operands calls f for each operand of x. An optional one may be nil.
func operands(x Expr, f func(*Expr)) {
	list := func(elems []Expr) {
		for i := range elems {
			f(&elems[i])
		}
	}
	switch x := x.(type) {
	case *List:
		list(x.Elems)
	case *Call:
		list(x.Args)
	case *Unary:
		f(&x.X)
	case *Binary:
		f(&x.X)
		f(&x.Y)
	case *In:
		f(&x.X)
		f(&x.Y)
	case *Between:
		f(&x.X)
		f(&x.Low)
		f(&x.High)
	case *Like:
		f(&x.X)
		f(&x.Pattern)
		f(&x.Escape)
	case *Is:
		f(&x.X)
	case *Case:
		f(&x.Operand)
		for i := range x.Whens {
			f(&x.Whens[i].Cond)
			f(&x.Whens[i].Then)
		}
		f(&x.Else)
	case *Cast:
		f(&x.X)
	case *Aggregate:
		f(&x.X)
	}
}

// Exprs points to every expression of the statement. One that it does not have is
// nil.
func (s *Select) Exprs() []*Expr {
	var out []*Expr
	for i := range s.Items {
		out = append(out, &s.Items[i].Expr)
	}
	return append(out, &s.Where, &s.Limit)
}

// An Arg is what a parameter stands for: a value or, where List is not nil, a
// list of them.
type Arg struct {
	Value value.Value
	List  []value.Value
}

// Bind puts arguments in the place of the parameters. IN (?) searches a list as
// IN ? does.
func (s *Select) Bind(args []Arg) {
	var bind func(x *Expr)
	bind = func(x *Expr) {
		p, ok := (*x).(*Param)
		if !ok {
			if in, ok := (*x).(*In); ok {
				in.unwrap(args)
			}
			operands(*x, bind)
			return
		}
		arg := args[p.N]
		if arg.List == nil {
			*x = &Literal{p.pos, arg.Value}
			return
		}
		l := &List{pos: p.pos}
		for _, v := range arg.List {
			l.Elems = append(l.Elems, &Literal{p.pos, v})
		}
		*x = l
	}
	for _, x := range s.Exprs() {
		bind(x)
	}
}

// unwrap takes the parentheses from around a parameter that is a list.
func (in *In) unwrap(args []Arg) {
	l, ok := in.Y.(*List)
	if !ok || len(l.Elems) != 1 {
		return
	}
	if p, ok := l.Elems[0].(*Param); ok && args[p.N].List != nil {
		in.Y = p
	}
}

// Aggregated reports whether the SELECT list has aggregate functions.
func (s *Select) Aggregated() bool {
	found := false
	for _, it := range s.Items {
		Walk(it.Expr, func(x Expr) bool {
			_, ok := x.(*Aggregate)
			found = found || ok
			return !found
		})
	}
	return found
}

// Equality is x = y, as CASE x WHEN y compares.
func Equality(x, y Expr) Expr { return &Binary{pos(y.Pos()), "=", x, y} }
