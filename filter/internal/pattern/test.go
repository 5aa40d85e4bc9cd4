package pattern

import (
	"math"
	"strconv"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// test parses one item of a leaf's array.
func (p *parser) test(i int, w *where) (Test, error) {
	switch kind := jsonscan.KindAt(p.b, i); kind {
	case jsonscan.String:
		s := text(p.token(i))
		if _, ok := ParseAddress(s); ok {
			p.note(AddressLiteral, w, s)
		}
		return Test{Op: Equals, Text: s}, nil
	case jsonscan.Null, jsonscan.True, jsonscan.False:
		return Test{Op: Literal, Text: string(p.token(i))}, nil
	case jsonscan.Number:
		tok := p.token(i)
		t := Test{Op: Number, Text: string(tok)}
		if f, ok := ParseNumber(tok); ok {
			t.Nums = []float64{f}
		} else {
			p.note(NumberAsText, w, t.Text)
		}
		return t, nil
	case jsonscan.Object:
		return p.expression(i, w)
	}
	return Test{}, p.fail(i, w, "an array inside an array is not allowed: a value is a string, number, true, false, null or one operator")
}

func (p *parser) token(i int) []byte {
	end, _ := jsonscan.Skip(p.b, i)
	return p.b[i:end]
}

// only returns the one member of the object at i.
func (p *parser) only(i int, w *where, what string) (name string, pos int, err error) {
	o := jsonscan.WalkObject(p.b, i)
	n := 0
	for o.Next() {
		if n == 0 {
			name, pos = text(o.NameToken()), o.Pos()
		}
		n++
	}
	if n != 1 {
		return "", i, p.fail(i, w, what+" has exactly one key, not "+strconv.Itoa(n))
	}
	return name, pos, nil
}

// expression parses an operator object.
func (p *parser) expression(i int, w *where) (Test, error) {
	name, pos, err := p.only(i, w, "an operator object")
	if err != nil {
		return Test{}, err
	}
	at := &where{up: w, name: name}
	kind := jsonscan.KindAt(p.b, pos)
	switch name {
	case "exactly":
		p.note(Undocumented, at, name)
		return p.text(Exactly, pos, at)
	case "prefix", "suffix":
		op := Prefix
		if name == "suffix" {
			op = Suffix
		}
		if kind != jsonscan.Object {
			return p.text(op, pos, at)
		}
		inner, innerPos, err := p.only(pos, at, name)
		if err != nil {
			return Test{}, err
		}
		at = &where{up: at, name: inner}
		if inner != "equals-ignore-case" {
			return Test{}, p.fail(pos, at, "unknown operator "+strconv.Quote(inner)+": inside "+name+" only equals-ignore-case is allowed")
		}
		p.note(UnlistedOperator, at, name+" with equals-ignore-case")
		return p.text(op+(PrefixIgnoreCase-Prefix), innerPos, at)
	case "equals-ignore-case":
		return p.text(EqualsIgnoreCase, pos, at)
	case "wildcard":
		p.note(UnlistedOperator, at, name)
		return p.text(Wildcard, pos, at)
	case "cidr":
		p.note(UnlistedOperator, at, name)
		return p.text(CIDR, pos, at)
	case "exists":
		switch kind {
		case jsonscan.True:
			return Test{Op: Exists}, nil
		case jsonscan.False:
			return Test{Op: Absent}, nil
		}
		return Test{}, p.fail(pos, at, "exists needs true or false, not "+kindName(kind))
	case "numeric":
		return p.numeric(pos, at)
	case "anything-but":
		return p.anythingBut(pos, at)
	}
	return Test{}, p.fail(pos, at, "unknown operator "+strconv.Quote(name)+
		": allowed are prefix, suffix, equals-ignore-case, anything-but, numeric, exists, wildcard and cidr, in lower case")
}

// text parses the string that op wants.
func (p *parser) text(op Op, i int, at *where) (Test, error) {
	if kind := jsonscan.KindAt(p.b, i); kind != jsonscan.String {
		return Test{}, p.fail(i, at, at.name+" needs a string, not "+kindName(kind))
	}
	s := text(p.token(i))
	return Test{Op: op, Text: s}, p.check(op, s, i, at)
}

// check validates the string that op wants.
func (p *parser) check(op Op, s string, i int, at *where) error {
	switch op {
	case Wildcard:
		for k := 0; k < len(s); k++ {
			switch {
			case s[k] == '*' && k+1 < len(s) && s[k+1] == '*':
				return p.fail(i, at, "two wildcards in a row at character "+strconv.Itoa(k)+": write one *, or \\* for an asterisk")
			case s[k] == '\\':
				if k++; k == len(s) || s[k] != '*' && s[k] != '\\' {
					return p.fail(i, at, `a backslash at character `+strconv.Itoa(k-1)+` escapes neither * nor \`)
				}
			}
		}
	case CIDR:
		if _, err := ParseBlock(s); err != "" {
			return p.fail(i, at, err)
		}
	}
	return nil
}

// number parses a number that is to be compared.
func (p *parser) number(i int, w *where, after string) (float64, error) {
	if kind := jsonscan.KindAt(p.b, i); kind != jsonscan.Number {
		return 0, p.fail(i, w, after+" needs a number, not "+kindName(kind))
	}
	tok := p.token(i)
	f, ok := ParseNumber(tok)
	if !ok {
		return 0, p.fail(i, w, string(tok)+" cannot be compared: a number must be exactly representable as a double "+
			"(up to 15 significant digits always are, magnitudes from 5e-324 to 1.7976931348623157e308)")
	}
	if math.Abs(f) > 5e9 || digits(tok) > 15 {
		p.note(NumberDomain, w, string(tok))
	}
	return f, nil
}

// numeric parses a comparison or range.
func (p *parser) numeric(i int, at *where) (t Test, err error) {
	if kind := jsonscan.KindAt(p.b, i); kind != jsonscan.Array {
		return t, p.fail(i, at, "numeric needs an array, not "+kindName(kind))
	}
	var pos [4]int
	n := 0
	for a := jsonscan.WalkArray(p.b, i); a.Next(); n++ {
		if n < 4 {
			pos[n] = a.Pos()
		}
	}
	if n != 2 && n != 4 {
		return t, p.fail(i, at, `numeric takes [operator, number] or [">" or ">=", number, "<" or "<=", number], not `+strconv.Itoa(n)+" items")
	}
	op, err := p.operator(pos[0], at)
	if err != nil {
		return t, err
	}
	x, err := p.number(pos[1], &where{up: at, index: 1, elem: true}, op)
	if err != nil {
		return t, err
	}
	r := Range{Low: math.Inf(-1), High: math.Inf(1)}
	switch op {
	case "=":
		r.Low, r.High = x, x
	case "<", "<=":
		r.High, r.HighOpen = x, op == "<"
	case ">", ">=":
		r.Low, r.LowOpen = x, op == ">"
	default:
		return t, p.fail(pos[0], at, "unknown comparison "+strconv.Quote(op)+": allowed are =, <, <=, > and >=")
	}
	if n == 2 {
		if x == math.MaxFloat64 && op == ">" || x == -math.MaxFloat64 && op == "<" {
			p.note(EmptyRange, at, "")
		}
		return Test{Op: Numeric, Range: r}, nil
	}
	top, err := p.operator(pos[2], at)
	if err != nil {
		return t, err
	}
	y, err := p.number(pos[3], &where{up: at, index: 3, elem: true}, top)
	switch {
	case err != nil:
		return t, err
	case op != ">" && op != ">=":
		return t, p.fail(pos[0], at, "a range begins with > or >=, not "+op)
	case top != "<" && top != "<=":
		return t, p.fail(pos[2], at, "a range ends with < or <=, not "+top)
	case x >= y:
		return t, p.fail(i, at, `the lower end of a range must be less than the upper (for one value use ["=", number])`)
	}
	r.High, r.HighOpen = y, top == "<"
	return Test{Op: Numeric, Range: r}, nil
}

func (p *parser) operator(i int, at *where) (string, error) {
	if kind := jsonscan.KindAt(p.b, i); kind != jsonscan.String {
		return "", p.fail(i, at, "numeric needs a comparison (=, <, <=, >, >=) before each number, not "+kindName(kind))
	}
	return text(p.token(i)), nil
}

// anythingBut parses a value or list, or an operator with one, that must not match.
func (p *parser) anythingBut(i int, at *where) (t Test, err error) {
	t = Test{Op: Equals, Not: true}
	kind := jsonscan.KindAt(p.b, i)
	nested := kind == jsonscan.Object
	if nested {
		name, pos, err := p.only(i, at, "anything-but")
		if err != nil {
			return t, err
		}
		at = &where{up: at, name: name}
		switch name {
		case "prefix":
			t.Op = Prefix
		case "suffix":
			t.Op = Suffix
		case "equals-ignore-case":
			t.Op = EqualsIgnoreCase
		case "wildcard":
			t.Op = Wildcard
		default:
			return t, p.fail(pos, at, "unknown operator "+strconv.Quote(name)+
				": inside anything-but only prefix, suffix, equals-ignore-case and wildcard are allowed")
		}
		p.note(UnlistedOperator, at, "anything-but with "+name)
		i, kind = pos, jsonscan.KindAt(p.b, pos)
	}
	if kind != jsonscan.Array {
		err = p.but(&t, i, at, nested)
		return t, err
	}
	n := 0
	for a := jsonscan.WalkArray(p.b, i); a.Next(); n++ {
		if err := p.but(&t, a.Pos(), &where{up: at, index: n, elem: true}, nested); err != nil {
			return t, err
		}
	}
	switch {
	case n == 0:
		return t, p.fail(i, at, "the list of anything-but is empty: give at least one value")
	case len(t.Texts) > 0 && len(t.Nums) > 0:
		return t, p.fail(i, at, "the list of anything-but mixes strings and numbers: all must be of one type")
	}
	return t, nil
}

// but adds one value that must not match.
func (p *parser) but(t *Test, i int, at *where, nested bool) error {
	switch kind := jsonscan.KindAt(p.b, i); {
	case kind == jsonscan.String:
		s := text(p.token(i))
		if s == "" && (t.Op == Prefix || t.Op == Suffix) {
			return p.fail(i, at, "an empty prefix or suffix in anything-but would match nothing")
		}
		t.Texts = append(t.Texts, s)
		return p.check(t.Op, s, i, at)
	case kind == jsonscan.Number && !nested:
		f, err := p.number(i, at, "anything-but")
		t.Op, t.Nums = Number, append(t.Nums, f)
		return err
	case nested:
		return p.fail(i, at, "this operator in anything-but needs a string or a list of strings, not "+kindName(kind))
	default:
		return p.fail(i, at, "anything-but needs a string, a number or a list of either, not "+kindName(kind))
	}
}
