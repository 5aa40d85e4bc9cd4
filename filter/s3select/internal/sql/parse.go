package sql

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// MaxLength is how many bytes an expression may have: S3's 256 KB.
const MaxLength = 256 << 10

const (
	maxDepth     = 400    // of parentheses and calls
	maxOperators = 20_000 // in one expression
)

type parser struct {
	toks      []token
	i         int
	depth     int
	operators int
	params    int
	inAgg     bool
	aggs      int // seen in the current clause
}

// Parse reads one SELECT statement.
func Parse(s string) (*Select, error) {
	if len(s) > MaxLength {
		return nil, fault.At(MaxLength, "ExpressionTooLong", "the expression has %d bytes, at most %d are allowed", len(s), MaxLength)
	}
	for i := range s {
		if c, n := utf8.DecodeRuneInString(s[i:]); c == utf8.RuneError && n == 1 {
			return nil, fault.At(i, "InvalidTextEncoding", "the expression is not UTF-8")
		}
	}
	toks, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks}
	sel, err := p.statement()
	if err != nil {
		return nil, err
	}
	sel.Params = p.params
	return sel, nil
}

//go:noinline
func (p *parser) peek() token { return p.toks[p.i] }

//go:noinline
func (p *parser) next() token {
	t := p.toks[p.i]
	if t.kind != tokEnd {
		p.i++
	}
	return t
}

//go:noinline
func (t token) word(w string) bool { return t.kind == tokWord && t.text == w }

//go:noinline
func (t token) op(s string) bool { return t.kind == tokOp && t.text == s }

//go:noinline
func (p *parser) acceptWord(w string) bool {
	if p.peek().word(w) {
		p.i++
		return true
	}
	return false
}

//go:noinline
func (p *parser) acceptOp(s string) bool {
	if p.peek().op(s) {
		p.i++
		return true
	}
	return false
}

// unexpected is the error of the current token.
func (p *parser) unexpected(code, want string) error {
	t := p.peek()
	return fault.At(t.pos, code, "found %s, expected %s", t, want)
}

func (p *parser) statement() (*Select, error) {
	sel := &Select{}
	if !p.acceptWord("select") {
		return nil, p.unexpected("ParseExpectedKeyword", "SELECT")
	}
	switch t := p.peek(); {
	case t.word("from"):
		return nil, p.unexpected("ParseEmptySelect", "* or an expression")
	case t.word("distinct"), t.word("all"), t.word("value"), t.word("select"):
		return nil, fault.At(t.pos, "ParseUnsupportedSelect", "SELECT %s is not supported", strings.ToUpper(t.text))
	}
	if err := p.selectList(sel); err != nil {
		return nil, err
	}
	if !p.acceptWord("from") {
		return nil, p.unexpected("ParseSelectMissingFrom", "FROM, or a comma and another expression")
	}
	if err := p.from(sel); err != nil {
		return nil, err
	}
	if p.acceptWord("where") {
		p.aggs = 0
		start := p.peek().pos
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		if p.aggs > 0 {
			return nil, fault.At(start, "UnsupportedSqlStructure", "WHERE cannot have an aggregate function")
		}
		sel.Where = x
	}
	if p.acceptWord("limit") {
		if err := p.limit(sel); err != nil {
			return nil, err
		}
	}
	p.acceptOp(";")
	switch t := p.peek(); {
	case t.kind == tokEnd:
		return sel, nil
	case t.word("group"):
		return nil, fault.At(t.pos, "ParseExpectedIdentForGroupName", "GROUP BY is not supported")
	case t.word("order"), t.word("having"), t.word("union"), t.word("intersect"), t.word("except"):
		return nil, fault.At(t.pos, "UnsupportedSqlStructure", "%s is not supported", strings.ToUpper(t.text))
	}
	return nil, p.unexpected("ParseUnexpectedToken", "an operator, a later clause or the end of the expression")
}

func (p *parser) selectList(sel *Select) error {
	var plain, aggregated bool
	for {
		t := p.peek()
		if t.op("*") {
			p.i++
			if len(sel.Items) > 0 || p.peek().op(",") {
				return fault.At(t.pos, "ParseAsteriskIsNotAloneInSelectList", "* must be alone in the SELECT list; alias.* may have company")
			}
			sel.Star = true
			return nil
		}
		p.aggs = 0
		item, err := p.item()
		if err != nil {
			return err
		}
		sel.Items = append(sel.Items, item)
		if p.aggs > 0 {
			aggregated = true
			if outsidePath(item.Expr) {
				plain = true
			}
		} else if item.Star || outsidePath(item.Expr) {
			plain = true
		}
		if plain && aggregated {
			return fault.At(t.pos, "UnsupportedSqlStructure", "the SELECT list has columns both inside and outside of aggregate functions")
		}
		if !p.acceptOp(",") {
			return nil
		}
	}
}

// outsidePath reports whether x reads a column that is in no aggregate.
func outsidePath(x Expr) bool {
	found := false
	Walk(x, func(x Expr) bool {
		switch x.(type) {
		case *Aggregate:
			return false
		case *Path:
			found = true
		}
		return true
	})
	return found
}

func (p *parser) item() (Item, error) {
	x, err := p.expr()
	if err != nil {
		return Item{}, err
	}
	item := Item{Expr: x}
	if path, ok := x.(*Path); ok {
		for i, s := range path.Steps {
			switch {
			case s.Kind == AnyIndex, s.Kind == AnyMember && i < len(path.Steps)-1:
				return Item{}, fault.At(path.Pos(), "ParseInvalidContextForWildcardInSelectList", "a wildcard may only be the last step of a path, as alias.*")
			case s.Kind == AnyMember:
				item.Star = true
				trimmed := *path
				trimmed.Steps = path.Steps[:i]
				item.Expr = &trimmed
			case s.Kind == Index && path.Steps[len(path.Steps)-1].Kind == AnyMember:
				return Item{}, fault.At(path.Pos(), "ParseCannotMixSqbAndWildcardInSelectList", "[ ] and * cannot be in one path of the SELECT list")
			}
		}
	} else if hasWildcard(x) {
		return Item{}, fault.At(x.Pos(), "ParseInvalidContextForWildcardInSelectList", "a wildcard cannot be in an expression")
	}
	as := p.acceptWord("as")
	switch t := p.peek(); {
	case t.kind == tokIdent || t.kind == tokQuoted:
		if item.Star {
			return Item{}, fault.At(t.pos, "ParseUnsupportedAlias", "alias.* cannot have an alias")
		}
		item.Alias = t.text
		p.i++
		if item.Alias == "" {
			return Item{}, fault.At(t.pos, "ParseExpectedIdentForAlias", "an alias cannot be empty")
		}
	case as:
		return Item{}, p.unexpected("ParseExpectedIdentForAlias", "an identifier that is no reserved word, or one in double quotes")
	}
	return item, nil
}

func hasWildcard(x Expr) bool {
	found := false
	Walk(x, func(x Expr) bool {
		if p, ok := x.(*Path); ok {
			for _, s := range p.Steps {
				found = found || s.Kind >= AnyMember
			}
		}
		return true
	})
	return found
}

func (p *parser) from(sel *Select) error {
	t := p.next()
	switch {
	case t.op("("):
		return fault.At(t.pos, "UnsupportedSqlStructure", "FROM cannot have a subquery")
	case t.kind != tokIdent && t.kind != tokQuoted:
		p.i--
		return p.unexpected("ParseUnexpectedTerm", "S3Object")
	case !strings.EqualFold(t.text, "S3Object"):
		return fault.At(t.pos, "InvalidDataSource", "there is no table %s: the only one is S3Object", t.text)
	}
	at := p.peek().pos
	steps, err := p.steps()
	if err != nil {
		return err
	}
	if len(steps) > 0 {
		if steps[0].Kind != AnyIndex {
			return fault.At(at, "InvalidKeyPath", "a path in FROM starts with [*], as in S3Object[*].name")
		}
		sel.From.Wild, sel.From.Path = true, steps[1:]
		if len(sel.From.Path) == 0 {
			sel.From.Path = nil
		}
	}
	as := p.acceptWord("as")
	switch t := p.peek(); {
	case t.kind == tokIdent || t.kind == tokQuoted:
		if t.text == "" {
			return fault.At(t.pos, "InvalidTableAlias", "an alias cannot be empty")
		}
		sel.From.Alias = &Name{Text: t.text, Quoted: t.kind == tokQuoted}
		p.i++
	case as:
		return p.unexpected("ParseExpectedIdentForAlias", "an identifier that is no reserved word, or one in double quotes")
	}
	switch t := p.peek(); {
	case t.op(","):
		return fault.At(t.pos, "MultipleDataSourcesUnsupported", "FROM can have S3Object only")
	case t.word("join"), t.word("inner"), t.word("left"), t.word("right"), t.word("full"), t.word("cross"), t.word("natural"):
		return fault.At(t.pos, "ParseMalformedJoin", "JOIN is not supported")
	case t.word("at"):
		return fault.At(t.pos, "ParseUnsupportedSyntax", "AT is not supported")
	}
	return nil
}

func (p *parser) limit(sel *Select) error {
	t := p.peek()
	neg := p.acceptOp("-")
	switch n := p.next(); {
	case n.op("?") && !neg:
		sel.Limit = &Param{pos(n.pos), p.params}
		p.params++
	case n.kind == tokNumber:
		i, err := strconv.ParseInt(n.text, 10, 64)
		if err != nil {
			return fault.At(n.pos, "ParseExpectedNumber", "LIMIT needs an integer of at most 64 bits, not %s", n.text)
		}
		if neg {
			return fault.At(t.pos, "EvaluatorNegativeLimit", "LIMIT cannot be negative")
		}
		sel.Limit = &Literal{pos(n.pos), value.OfInt(i)}
	default:
		return fault.At(n.pos, "ParseExpectedNumber", "found %s, expected the number of records", n)
	}
	return nil
}

// steps reads what follows a name in a path.
func (p *parser) steps() ([]Step, error) {
	var steps []Step
	for {
		var s Step
		switch {
		case p.acceptOp("."):
			switch t := p.peek(); {
			case t.op("*"):
				s.Kind = AnyMember
			case t.kind == tokIdent, t.kind == tokQuoted:
				s.Name = Name{t.text, t.kind == tokQuoted}
			case t.kind == tokWord:
				return nil, p.unexpected("ParseInvalidPathComponent", "a name; put it in double quotes")
			default:
				return nil, p.unexpected("ParseInvalidPathComponent", "a name or *")
			}
			p.i++
		case p.acceptOp("["):
			switch t := p.peek(); {
			case t.op("*"):
				s.Kind = AnyIndex
			case t.kind == tokString:
				s.Name = Name{t.text, true}
			case t.kind == tokNumber:
				n, err := strconv.Atoi(t.text)
				if err != nil || n > 1<<30 {
					return nil, p.unexpected("ParseInvalidPathComponent", "an index of 0 or more")
				}
				s.Kind, s.Index = Index, n
			default:
				return nil, p.unexpected("ParseInvalidPathComponent", "an index, a name in single quotes, or *")
			}
			p.i++
			if !p.acceptOp("]") {
				return nil, p.unexpected("ParseExpectedTokenType", "]")
			}
		default:
			return steps, nil
		}
		if steps = append(steps, s); len(steps) > maxDepth {
			return nil, p.unexpected("MaxOperatorsExceeded", "a path of at most 400 steps")
		}
	}
}
