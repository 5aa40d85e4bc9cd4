package sql

import (
	"slices"
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// scalar functions and how many arguments they take. The tables here are short:
// a map would be more code than it saves steps.
var scalars = [...]struct {
	name        string
	least, most int
}{
	{"CHAR_LENGTH", 1, 1}, {"CHARACTER_LENGTH", 1, 1}, {"LOWER", 1, 1}, {"UPPER", 1, 1},
	{"COALESCE", 1, 1 << 20}, {"NULLIF", 2, 2},
	{"TO_STRING", 2, 2}, {"TO_TIMESTAMP", 1, 2}, {"UTCNOW", 0, 0},
	{"SUBSTRING", 2, 3}, {"DATE_ADD", 2, 2}, {"DATE_DIFF", 2, 2},
}

// arity is how many arguments a function takes.
func arity(name string) (least, most int, ok bool) {
	for _, f := range &scalars {
		if f.name == name {
			return f.least, f.most, true
		}
	}
	return 0, 0, false
}

var typeNames = [...]struct {
	name string
	kind value.Kind
}{
	{"bool", value.Bool}, {"boolean", value.Bool},
	{"int", value.Int}, {"integer", value.Int}, {"smallint", value.Int},
	{"float", value.Float}, {"real", value.Float}, {"double", value.Float},
	{"decimal", value.Decimal}, {"numeric", value.Decimal}, {"dec", value.Decimal},
	{"string", value.String}, {"char", value.String}, {"varchar", value.String}, {"character", value.String},
	{"timestamp", value.Timestamp},
}

func typeOf(name string) (value.Kind, bool) {
	for _, t := range &typeNames {
		if t.name == name {
			return t.kind, true
		}
	}
	return 0, false
}

var dateParts = []string{
	value.Year: "YEAR", value.Month: "MONTH", value.Day: "DAY", value.Hour: "HOUR", value.Minute: "MINUTE",
	value.Second: "SECOND", value.TimezoneHour: "TIMEZONE_HOUR", value.TimezoneMinute: "TIMEZONE_MINUTE",
}

// DatePart is a part of a timestamp by its name.
func DatePart(name string) (_ value.Part, ok bool) {
	i := slices.Index(dateParts, name)
	return value.Part(i), i >= 0
}

// keyword reads an expression that starts with a reserved word.
func (p *parser) keyword(t token) (Expr, error) {
	switch t.text {
	case "null", "missing", "true", "false":
		p.i++
		l := &Literal{pos: pos(t.pos)}
		switch t.text {
		case "null":
			l.Value = value.NullValue
		case "true", "false":
			l.Value = value.OfBool(t.text == "true")
		}
		return l, nil
	case "case":
		p.i++
		return p.caseExpr(t)
	case "cast":
		p.i++
		return p.cast(t)
	case "avg", "count", "max", "min", "sum":
		p.i++
		return p.aggregate(t)
	case "substring", "trim", "extract", "char_length", "character_length", "lower", "upper", "coalesce", "nullif":
		p.i++
		return p.function(t)
	}
	switch t.text {
	case "and", "or", "in", "is", "like", "between":
		return nil, p.unexpected("ParseUnexpectedOperator", "an expression")
	case "bit_length", "convert", "exists", "octet_length", "position", "size", "translate":
		if p.toks[p.i+1].op("(") {
			return nil, fault.At(t.pos, "UnsupportedFunction", "there is no function %s", strings.ToUpper(t.text))
		}
	}
	return nil, p.unexpected("ParseUnExpectedKeyword", "an expression; a column of that name needs double quotes")
}

func (p *parser) open() error {
	if !p.acceptOp("(") {
		return p.unexpected("ParseExpectedLeftParenBuiltinFunctionCall", "(")
	}
	return nil
}

func (p *parser) close() error {
	if !p.acceptOp(")") {
		return p.unexpected("ParseExpectedRightParenBuiltinFunctionCall", ")")
	}
	return nil
}

// function reads a call whose name has just been taken.
func (p *parser) function(t token) (Expr, error) {
	c := &Call{pos: pos(t.pos), Func: strings.ToUpper(t.text)}
	if err := p.open(); err != nil {
		return nil, err
	}
	if p.peek().op("*") {
		return nil, p.unexpected("ParseUnsupportedCallWithStar", "an argument: only COUNT takes *")
	}
	var err error
	switch c.Func {
	case "TRIM":
		return p.trim(c)
	case "EXTRACT":
		return p.extract(c)
	case "SUBSTRING":
		return p.substring(c)
	case "DATE_ADD", "DATE_DIFF":
		if err = p.datePart(c); err != nil {
			return nil, err
		}
		if part, _ := DatePart(c.Word); part > value.Second {
			return nil, fault.At(t.pos, "ParseExpectedDatePart", "%s takes YEAR to SECOND, not %s", c.Func, c.Word)
		}
		if !p.acceptOp(",") {
			return nil, p.unexpected("ParseExpectedArgumentDelimiter", "a comma")
		}
	default:
		if _, _, ok := arity(c.Func); !ok {
			return nil, fault.At(t.pos, "UnsupportedFunction", "there is no function %s", t.text)
		}
	}
	if c.Args, err = p.list(")", "ParseExpectedRightParenBuiltinFunctionCall"); err != nil {
		return nil, err
	}
	return c, c.checkArity()
}

func (c *Call) checkArity() error {
	if least, most, _ := arity(c.Func); len(c.Args) < least || len(c.Args) > most {
		return fault.At(c.Pos(), "EvaluatorInvalidArguments", "%s has %d arguments, it takes %d to %d", c.Func, len(c.Args), least, most)
	}
	return nil
}

// datePart reads the name of a date part; SECOND and the like are reserved words.
func (p *parser) datePart(c *Call) error {
	t := p.peek()
	c.Word = strings.ToUpper(t.text)
	if _, ok := DatePart(c.Word); !ok || t.kind != tokWord {
		return p.unexpected("ParseExpectedDatePart", "YEAR, MONTH, DAY, HOUR, MINUTE or SECOND")
	}
	p.i++
	return nil
}

func (p *parser) extract(c *Call) (Expr, error) {
	if err := p.datePart(c); err != nil {
		return nil, err
	}
	if !p.acceptWord("from") {
		return nil, p.unexpected("ParseExpectedKeyword", "FROM")
	}
	return p.lastArg(c)
}

// lastArg reads one more argument and the closing parenthesis.
func (p *parser) lastArg(c *Call) (Expr, error) {
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	c.Args = append(c.Args, x)
	return c, p.close()
}

// trim reads TRIM(s), TRIM([LEADING | TRAILING | BOTH] [chars] FROM s). The
// arguments are s and, where given, chars.
func (p *parser) trim(c *Call) (Expr, error) {
	c.Word = "BOTH"
	spec := false
	for _, w := range [...]string{"leading", "trailing", "both"} {
		if p.acceptWord(w) {
			c.Word, spec = strings.ToUpper(w), true
		}
	}
	if p.acceptWord("from") {
		return p.lastArg(c)
	}
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	if !p.acceptWord("from") {
		if spec {
			return nil, p.unexpected("ParseExpectedKeyword", "FROM")
		}
		if p.peek().op(",") {
			return nil, fault.At(c.Pos(), "EvaluatorInvalidArguments", "TRIM takes TRIM(s) or TRIM(BOTH chars FROM s)")
		}
		c.Args = []Expr{x}
		return c, p.close()
	}
	s, err := p.expr()
	if err != nil {
		return nil, err
	}
	c.Args = []Expr{s, x}
	return c, p.close()
}

// substring reads both forms: SUBSTRING(s FROM n [FOR m]) and SUBSTRING(s, n [, m]).
func (p *parser) substring(c *Call) (Expr, error) {
	if p.acceptOp(")") {
		return nil, c.checkArity()
	}
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	c.Args = []Expr{x}
	from := p.acceptWord("from")
	if !from && !p.acceptOp(",") {
		if p.acceptOp(")") {
			return nil, c.checkArity()
		}
		return nil, p.unexpected("ParseExpectedArgumentDelimiter", "a comma or FROM")
	}
	if x, err = p.expr(); err != nil {
		return nil, err
	}
	c.Args = append(c.Args, x)
	switch {
	case p.acceptOp(")"):
		return c, nil
	case from && p.acceptWord("for"), !from && p.acceptOp(","):
	case from:
		return nil, p.unexpected("ParseExpected2TokenTypes", "FOR or )")
	default:
		return nil, p.unexpected("ParseExpected2TokenTypes", "a comma or )")
	}
	if x, err = p.expr(); err != nil {
		return nil, err
	}
	c.Args = append(c.Args, x)
	switch {
	case p.acceptOp(")"):
		return c, nil
	case p.peek().op(","):
		return nil, fault.At(c.Pos(), "EvaluatorInvalidArguments", "SUBSTRING takes 2 to 3 arguments")
	}
	return nil, p.unexpected("ParseExpectedTokenType", ")")
}

func (p *parser) aggregate(t token) (Expr, error) {
	a := &Aggregate{pos: pos(t.pos), Func: strings.ToUpper(t.text)}
	if err := p.open(); err != nil {
		return nil, err
	}
	if p.inAgg {
		return nil, fault.At(t.pos, "UnsupportedSqlStructure", "an aggregate function cannot be inside another one")
	}
	p.aggs++
	switch t := p.peek(); {
	case t.op("*"):
		p.i++
		if a.Func != "COUNT" {
			return nil, fault.At(t.pos, "ParseUnsupportedCallWithStar", "only COUNT takes *")
		}
		return a, p.close()
	case t.op(")"):
		return nil, fault.At(t.pos, "ParseNonUnaryAgregateFunctionCall", "%s takes one argument", a.Func)
	case t.word("distinct"), t.word("all"):
		return nil, fault.At(t.pos, "ParseUnsupportedSyntax", "%s is not supported in %s", strings.ToUpper(t.text), a.Func)
	}
	p.inAgg = true
	x, err := p.expr()
	p.inAgg = false
	if err != nil {
		return nil, err
	}
	if p.peek().op(",") {
		return nil, p.unexpected("ParseNonUnaryAgregateFunctionCall", "): an aggregate function takes one argument")
	}
	a.X = x
	return a, p.close()
}

func (p *parser) cast(t token) (Expr, error) {
	c := &Cast{pos: pos(t.pos)}
	if !p.acceptOp("(") {
		return nil, p.unexpected("ParseExpectedLeftParenAfterCast", "(")
	}
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	c.X = x
	if !p.acceptWord("as") {
		return nil, p.unexpected("ParseExpectedKeyword", "AS and a type")
	}
	name := p.peek()
	k, ok := typeOf(name.text)
	if name.kind != tokWord || !ok {
		switch name.text {
		case "blob", "clob", "symbol", "list", "struct", "bag", "sexp", "date", "time", "tuple":
			if name.kind == tokWord {
				return nil, p.unexpected("InvalidDataType", "BOOL, INT, FLOAT, DECIMAL, STRING or TIMESTAMP")
			}
		}
		return nil, p.unexpected("ParseExpectedTypeName", "BOOL, INT, FLOAT, DECIMAL, STRING or TIMESTAMP")
	}
	p.i++
	c.Type = k
	if name.text == "double" {
		p.acceptWord("precision")
	}
	if name.text == "character" {
		p.acceptWord("varying")
	}
	if at := p.peek(); p.acceptOp("(") {
		// Length, precision and scale are accepted and ignored, as S3 does.
		n := 0
		for {
			d := p.next()
			if d.kind != tokNumber || strings.ContainsAny(d.text, ".eE") {
				return nil, fault.At(d.pos, "ParseInvalidTypeParam", "found %s, expected an integer", d)
			}
			n++
			if !p.acceptOp(",") {
				break
			}
		}
		if n > 2 || n == 2 && k != value.Decimal || k != value.Decimal && k != value.String && k != value.Float {
			return nil, fault.At(at.pos, "ParseCastArity", "%s does not take %d parameters", strings.ToUpper(name.text), n)
		}
		if err := p.close(); err != nil {
			return nil, err
		}
	}
	return c, p.close()
}

func (p *parser) caseExpr(t token) (Expr, error) {
	c := &Case{pos: pos(t.pos)}
	var err error
	if !p.peek().word("when") {
		if p.peek().word("else") || p.peek().word("end") {
			return nil, p.unexpected("ParseExpectedWhenClause", "WHEN")
		}
		if c.Operand, err = p.expr(); err != nil {
			return nil, err
		}
	}
	for p.acceptWord("when") {
		var w When
		if w.Cond, err = p.expr(); err != nil {
			return nil, err
		}
		if !p.acceptWord("then") {
			return nil, p.unexpected("ParseExpectedKeyword", "THEN")
		}
		if w.Then, err = p.expr(); err != nil {
			return nil, err
		}
		c.Whens = append(c.Whens, w)
	}
	if len(c.Whens) == 0 {
		return nil, p.unexpected("ParseExpectedWhenClause", "WHEN")
	}
	if p.acceptWord("else") {
		if c.Else, err = p.expr(); err != nil {
			return nil, err
		}
	}
	if !p.acceptWord("end") {
		return nil, p.unexpected("ParseExpectedKeyword", "END")
	}
	return c, nil
}
