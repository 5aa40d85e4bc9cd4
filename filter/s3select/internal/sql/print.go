package sql

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// String prints the statement so that Parse reads the same one back: in one
// line, with every operation in parentheses.
func (s *Select) String() string {
	var p printer
	p.WriteString("SELECT ")
	if s.Star {
		p.WriteByte('*')
	}
	for i, it := range s.Items {
		if i > 0 {
			p.WriteString(", ")
		}
		p.expr(it.Expr)
		if it.Star {
			p.WriteString(".*")
		}
		if it.Alias != "" {
			p.WriteString(" AS ")
			p.name(Name{it.Alias, true})
		}
	}
	p.WriteString(" FROM S3Object")
	if s.From.Wild {
		p.WriteString("[*]")
		p.steps(s.From.Path)
	}
	if s.From.Alias != nil {
		p.WriteString(" AS ")
		p.name(*s.From.Alias)
	}
	if s.Where != nil {
		p.WriteString(" WHERE ")
		p.expr(s.Where)
	}
	if s.Limit != nil {
		p.WriteString(" LIMIT ")
		p.expr(s.Limit)
	}
	return p.String()
}

type printer struct{ strings.Builder }

func (p *printer) name(n Name) {
	if n.Quoted {
		p.WriteString(`"` + strings.ReplaceAll(n.Text, `"`, `""`) + `"`)
	} else {
		p.WriteString(n.Text)
	}
}

func (p *printer) steps(steps []Step) {
	for _, s := range steps {
		switch s.Kind {
		case Member:
			p.WriteByte('.')
			p.name(s.Name)
		case Index:
			p.WriteString("[" + strconv.Itoa(s.Index) + "]")
		case AnyMember:
			p.WriteString(".*")
		case AnyIndex:
			p.WriteString("[*]")
		}
	}
}

func (p *printer) list(elems []Expr) {
	for i, x := range elems {
		if i > 0 {
			p.WriteString(", ")
		}
		p.expr(x)
	}
}

func not(b bool) string {
	if b {
		return " NOT"
	}
	return ""
}

func (p *printer) expr(x Expr) {
	switch x := x.(type) {
	case *Literal:
		p.literal(&x.Value)
	case *Param:
		p.WriteByte('?')
	case *Path:
		p.name(x.Root)
		p.steps(x.Steps)
	case *List:
		p.WriteByte('[')
		p.list(x.Elems)
		p.WriteByte(']')
	case *Call:
		p.call(x)
	case *Aggregate:
		p.WriteString(x.Func + "(")
		if x.X == nil {
			p.WriteByte('*')
		} else {
			p.expr(x.X)
		}
		p.WriteByte(')')
	case *Cast:
		p.WriteString("CAST(")
		p.expr(x.X)
		p.WriteString(" AS " + x.Type.String() + ")")
	case *Case:
		p.WriteString("CASE")
		if x.Operand != nil {
			p.WriteByte(' ')
			p.expr(x.Operand)
		}
		for _, w := range x.Whens {
			p.WriteString(" WHEN ")
			p.expr(w.Cond)
			p.WriteString(" THEN ")
			p.expr(w.Then)
		}
		if x.Else != nil {
			p.WriteString(" ELSE ")
			p.expr(x.Else)
		}
		p.WriteString(" END")
	default:
		p.WriteByte('(')
		p.operation(x)
		p.WriteByte(')')
	}
}

func (p *printer) operation(x Expr) {
	switch x := x.(type) {
	case *Unary:
		p.WriteString(x.Op + " ")
		if l, ok := x.X.(*Literal); ok && x.Op == "-" && l.Value.Number() {
			// Kept apart from a negative literal.
			p.WriteByte('(')
			p.literal(&l.Value)
			p.WriteByte(')')
			return
		}
		p.expr(x.X)
	case *Binary:
		p.expr(x.X)
		p.WriteString(" " + x.Op + " ")
		p.expr(x.Y)
	case *In:
		p.expr(x.X)
		p.WriteString(not(x.Not) + " IN ")
		if l, ok := x.Y.(*List); ok {
			p.WriteByte('(')
			p.list(l.Elems)
			p.WriteByte(')')
		} else {
			p.expr(x.Y)
		}
	case *Between:
		p.expr(x.X)
		p.WriteString(not(x.Not) + " BETWEEN ")
		p.expr(x.Low)
		p.WriteString(" AND ")
		p.expr(x.High)
	case *Like:
		p.expr(x.X)
		p.WriteString(not(x.Not) + " LIKE ")
		p.expr(x.Pattern)
		if x.Escape != nil {
			p.WriteString(" ESCAPE ")
			p.expr(x.Escape)
		}
	case *Is:
		p.expr(x.X)
		p.WriteString(" IS" + not(x.Not))
		if x.Missing {
			p.WriteString(" MISSING")
		} else {
			p.WriteString(" NULL")
		}
	}
}

func (p *printer) call(c *Call) {
	p.WriteString(c.Func + "(")
	switch c.Func {
	case "TRIM":
		p.WriteString(c.Word + " ")
		if len(c.Args) > 1 {
			p.expr(c.Args[1])
			p.WriteByte(' ')
		}
		p.WriteString("FROM ")
		p.expr(c.Args[0])
	case "EXTRACT":
		p.WriteString(c.Word + " FROM ")
		p.expr(c.Args[0])
	default:
		if c.Word != "" {
			p.WriteString(c.Word + ", ")
		}
		p.list(c.Args)
	}
	p.WriteByte(')')
}

func (p *printer) literal(v *value.Value) {
	text := v.AppendText(nil)
	switch v.Kind {
	case value.Missing, value.Null:
		p.WriteString(v.Kind.String())
	case value.Bool:
		p.WriteString(strings.ToUpper(string(text)))
	case value.String:
		p.WriteString("'" + strings.ReplaceAll(string(text), "'", "''") + "'")
	case value.Timestamp:
		p.WriteString("`" + string(text) + "`")
	case value.Float:
		p.Write(text)
		if !bytes.ContainsAny(text, "eE") {
			p.WriteString("e0")
		}
	case value.Decimal:
		if bytes.ContainsAny(text, "E") {
			p.WriteString("`" + strings.Replace(string(text), "E", "d", 1) + "`")
			return
		}
		p.Write(text)
		if !bytes.ContainsAny(text, ".") {
			p.WriteByte('.')
		}
	default:
		p.Write(text)
	}
}
