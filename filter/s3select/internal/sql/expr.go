package sql

import (
	"slices"
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// Operators bind as S3's documentation lists them, loosest first: OR, AND, NOT,
// = (and <>, !=, IS), < > <= >=, LIKE, BETWEEN, IN, + -, * / %, unary minus.

func (p *parser) expr() (Expr, error) { return p.nested((*parser).or) }

// nested reads what stands one level deeper.
func (p *parser) nested(read func(*parser) (Expr, error)) (Expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.unexpected("MaxOperatorsExceeded", "at most 400 levels of nesting")
	}
	x, err := read(p)
	p.depth--
	return x, err
}

// binary makes a node and counts it.
func (p *parser) binary(op string, x, y Expr) (Expr, error) {
	if p.operators++; p.operators > maxOperators {
		return nil, fault.At(x.Pos(), "MaxOperatorsExceeded", "the expression has more than %d operators", maxOperators)
	}
	return &Binary{pos(x.Pos()), op, x, y}, nil
}

// left reads a chain of left-associative operators: words, or symbols.
func (p *parser) left(operand func(*parser) (Expr, error), kind tokenKind, ops ...string) (Expr, error) {
	x, err := operand(p)
	for err == nil {
		t := p.peek()
		if t.kind != kind || !slices.Contains(ops, t.text) {
			break
		}
		p.i++
		var y Expr
		if y, err = operand(p); err == nil {
			x, err = p.binary(strings.ToUpper(t.text), x, y)
		}
	}
	return x, err
}

func (p *parser) or() (Expr, error) { return p.left((*parser).and, tokWord, "or") }

func (p *parser) and() (Expr, error) { return p.left((*parser).not, tokWord, "and") }

func (p *parser) not() (Expr, error) {
	t := p.peek()
	if !p.acceptWord("not") {
		return p.equality()
	}
	x, err := p.nested((*parser).not)
	if err != nil {
		return nil, err
	}
	return &Unary{pos(t.pos), "NOT", x}, nil
}

// equality is right-associative, but for IS.
func (p *parser) equality() (Expr, error) {
	x, err := p.relation()
	if err != nil {
		return nil, err
	}
	for p.acceptWord("is") {
		is := &Is{pos: pos(x.Pos()), X: x, Not: p.acceptWord("not")}
		switch {
		case p.acceptWord("null"):
		case p.acceptWord("missing"):
			is.Missing = true
		default:
			return nil, p.unexpected("ParseExpectedTypeName", "NULL or MISSING")
		}
		x = is
	}
	op := ""
	switch t := p.peek(); {
	case t.op("="):
		op = "="
	case t.op("<>"), t.op("!="):
		op = "<>"
	default:
		return x, nil
	}
	p.i++
	y, err := p.nested((*parser).equalityOperand)
	if err != nil {
		return nil, err
	}
	return p.binary(op, x, y)
}

// equalityOperand lets NOT stand to the right of =.
func (p *parser) equalityOperand() (Expr, error) {
	if p.peek().word("not") {
		return p.not()
	}
	return p.equality()
}

func (p *parser) relation() (Expr, error) {
	return p.left((*parser).like, tokOp, "<", ">", "<=", ">=")
}

// negated reports whether w, or NOT and w, come next, and takes them.
func (p *parser) negated(w string) (not, ok bool) {
	if p.acceptWord(w) {
		return false, true
	}
	if p.peek().word("not") && p.toks[p.i+1].word(w) {
		p.i += 2
		return true, true
	}
	return false, false
}

func (p *parser) like() (Expr, error) {
	x, err := p.between()
	for err == nil {
		not, ok := p.negated("like")
		if !ok {
			break
		}
		l := &Like{pos: pos(x.Pos()), Not: not, X: x}
		if l.Pattern, err = p.between(); err != nil {
			return nil, err
		}
		if p.acceptWord("escape") {
			if l.Escape, err = p.between(); err != nil {
				return nil, err
			}
		}
		x = l
	}
	return x, err
}

func (p *parser) between() (Expr, error) {
	x, err := p.in()
	for err == nil {
		not, ok := p.negated("between")
		if !ok {
			break
		}
		b := &Between{pos: pos(x.Pos()), Not: not, X: x}
		if b.Low, err = p.in(); err != nil {
			return nil, err
		}
		if !p.acceptWord("and") {
			return nil, p.unexpected("ParseExpectedKeyword", "AND, which BETWEEN needs")
		}
		if b.High, err = p.in(); err != nil {
			return nil, err
		}
		x = b
	}
	return x, err
}

func (p *parser) in() (Expr, error) {
	x, err := p.sum()
	for err == nil {
		not, ok := p.negated("in")
		if !ok {
			break
		}
		in := &In{pos: pos(x.Pos()), Not: not, X: x}
		if t := p.peek(); t.op("(") {
			p.i++
			if p.peek().word("select") {
				return nil, p.unexpected("UnsupportedSqlStructure", "a list of values: there are no subqueries")
			}
			elems, err := p.list(")", "ParseExpectedTokenType")
			if err != nil {
				return nil, err
			}
			in.Y = &List{pos(t.pos), elems}
		} else if in.Y, err = p.primary(); err != nil {
			return nil, err
		}
		x = in
	}
	return x, err
}

// list reads expressions up to the closing bracket; the code is that of one
// which is not there.
func (p *parser) list(closing, code string) ([]Expr, error) {
	if p.acceptOp(closing) {
		return nil, nil
	}
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	return p.listFrom(x, closing, code)
}

// listFrom goes on behind the first expression of a list.
func (p *parser) listFrom(x Expr, closing, code string) ([]Expr, error) {
	elems := []Expr{x}
	for !p.acceptOp(closing) {
		if !p.acceptOp(",") {
			if t := p.peek(); t.kind != tokOp && t.kind != tokWord && t.kind != tokEnd {
				code = "ParseExpectedArgumentDelimiter"
			}
			return nil, p.unexpected(code, "a comma or "+closing)
		}
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		elems = append(elems, x)
	}
	return elems, nil
}

func (p *parser) sum() (Expr, error) { return p.left((*parser).product, tokOp, "+", "-") }

func (p *parser) product() (Expr, error) { return p.left((*parser).unary, tokOp, "*", "/", "%") }

func (p *parser) unary() (Expr, error) {
	t := p.peek()
	if !t.op("-") && !t.op("+") {
		return p.primary()
	}
	p.i++
	if n := p.peek(); t.text == "-" && n.kind == tokNumber {
		p.i++
		return numberLiteral(t.pos, "-"+n.text)
	}
	x, err := p.nested((*parser).unary)
	if err != nil {
		return nil, err
	}
	return &Unary{pos(t.pos), t.text, x}, nil
}

func (p *parser) primary() (Expr, error) {
	t := p.peek()
	switch t.kind {
	case tokNumber:
		p.i++
		return numberLiteral(t.pos, t.text)
	case tokString:
		p.i++
		return &Literal{pos(t.pos), value.OfString([]byte(t.text))}, nil
	case tokIon:
		p.i++
		return ionLiteral(t)
	case tokIdent, tokQuoted:
		p.i++
		if t.kind == tokIdent && p.peek().op("(") {
			return p.function(t)
		}
		steps, err := p.steps()
		if err != nil {
			return nil, err
		}
		return &Path{pos(t.pos), Name{t.text, t.kind == tokQuoted}, steps}, nil
	case tokOp:
		switch t.text {
		case "(":
			p.i++
			if p.peek().word("select") {
				return nil, p.unexpected("UnsupportedSqlStructure", "an expression: there are no subqueries")
			}
			x, err := p.expr()
			if err != nil {
				return nil, err
			}
			if p.peek().op(",") { // (a, b) is [a, b]
				elems, err := p.listFrom(x, ")", "ParseExpectedTokenType")
				return &List{pos(t.pos), elems}, err
			}
			if !p.acceptOp(")") {
				return nil, p.unexpected("ParseExpectedTokenType", ")")
			}
			return x, nil
		case "[":
			p.i++
			elems, err := p.list("]", "ParseExpectedTokenType")
			return &List{pos(t.pos), elems}, err
		case "?":
			p.i++
			p.params++
			return &Param{pos(t.pos), p.params - 1}, nil
		case "=", "<>", "!=", "<", "<=", ">", ">=", "/", "%":
			return nil, p.unexpected("ParseUnexpectedOperator", "an expression")
		}
	case tokWord:
		return p.keyword(t)
	case tokEnd:
		return nil, p.unexpected("ParseExpectedExpression", "an expression")
	}
	return nil, p.unexpected("ParseUnexpectedTerm", "an expression")
}

func numberLiteral(at int, text string) (Expr, error) {
	k, code, why := value.Int, "IntegerOverflow", "does not fit 64 bits"
	switch {
	case strings.ContainsAny(text, "eE"):
		k, code, why = value.Float, "NumberFormatError", "is out of range"
	case strings.Contains(text, "."):
		k, code, why = value.Decimal, "NumberFormatError", "is out of range"
	}
	s := value.OfString([]byte(text))
	v, err := value.Cast(&s, k)
	if err != nil {
		return nil, fault.At(at, code, "%s %s", text, why)
	}
	return &Literal{pos(at), v}, nil
}

func ionLiteral(t token) (Expr, error) {
	v, err := ionValue(strings.TrimSpace(t.text))
	if err != nil {
		return nil, fault.At(t.pos, "LexerInvalidIONLiteral", "`%s` is no timestamp, number, string or boolean", t.text)
	}
	return &Literal{pos(t.pos), v}, nil
}

// ionValue reads the scalars of Ion that have no other spelling here:
// timestamps, and numbers whose type the spelling says.
func ionValue(text string) (value.Value, error) {
	b := []byte(text)
	if t, ok := value.ParseTime(b, true); ok {
		return value.OfTime(t), nil
	}
	s, k := value.OfString(b), value.Int
	switch n := len(text); {
	case text == "null":
		return value.NullValue, nil
	case text == "true", text == "false":
		k = value.Bool
	case n >= 2 && text[0] == '"' && text[n-1] == '"' && !strings.ContainsAny(text[1:n-1], `"\`):
		return value.OfString(b[1 : n-1]), nil
	case strings.ContainsAny(text, "eE"):
		k = value.Float
	case strings.ContainsAny(text, ".dD"):
		if d, ok := value.ParseDec(b); ok {
			return value.OfDec(d), nil
		}
	}
	return value.Cast(&s, k)
}
