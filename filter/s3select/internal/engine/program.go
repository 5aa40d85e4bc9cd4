package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A Program is a compiled statement. It is safe for concurrent use.
type Program struct {
	cfg   Config
	sel   *sql.Select
	alias sql.Name

	slots  []slot
	where  predicate // nil: every record passes
	whereP plan
	listP  plan
	items  []item
	aggs   []*aggregate
	limit  int64 // -1 without LIMIT
	from   []sql.Step
	// A text that a record of CSV without quotes must have for WHERE to be true, nil
	// if there is no such text.
	literal []byte
	calls   int // of functions, each with arguments of its own
}

// A slot is one path that the statement reads.
type slot struct {
	steps []sql.Step
	pos   int
}

type item struct {
	eval  evaluator
	key   []byte // ,"name": of a JSON result
	slot  int    // of an item that is a path and nothing more, else -1
	whole bool   // the item is the row
	star  bool
	pos   int
}

// Compile compiles a statement without parameters.
func Compile(sel *sql.Select, cfg Config) (*Program, error) {
	p := &Program{cfg: cfg, sel: sel, from: sel.From.Path, limit: -1}
	if len(p.from) > 0 && (!cfg.JSON || cfg.Columns) {
		return nil, fault.New("InvalidKeyPath", "a path in FROM is for JSON only")
	}
	p.alias = rowName(&sel.From, cfg.JSON && !cfg.Columns)
	if l, ok := sel.Limit.(*sql.Literal); ok {
		if l.Value.Kind != value.Int || l.Value.Int() < 0 {
			return nil, fault.At(l.Pos(), "EvaluatorNegativeLimit", "LIMIT needs an integer of 0 or more")
		}
		p.limit = l.Value.Int()
	}
	c := &compiler{p: p, bySteps: map[string]int{}}
	if sel.Where != nil {
		p.where = c.predicate(sel.Where)
		if !cfg.JSON && !cfg.Strict {
			p.literal = required(sel.Where)
		}
	}
	inWhere := len(p.slots)
	for i := range sel.Items {
		p.items = append(p.items, c.item(&sel.Items[i], i))
	}
	if c.err != nil {
		return nil, c.err
	}
	for i, s := range p.slots {
		if i < inWhere {
			p.whereP.root.add(s.steps, i)
		} else {
			p.listP.root.add(s.steps, i)
		}
	}
	p.whereP.finish()
	p.listP.finish()
	p.listP.list = 1
	return p, nil
}

// Config is what the statement was compiled for; it must not be changed.
func (p *Program) Config() *Config { return &p.cfg }

// required is the text that the first condition of WHERE needs: the others are
// not evaluated without it.
func required(x sql.Expr) []byte {
	b, ok := x.(*sql.Binary)
	switch {
	case !ok:
		return nil
	case b.Op == "AND":
		return required(b.X)
	case b.Op != "=":
		return nil
	}
	path, lit := b.X, b.Y
	if _, ok := lit.(*sql.Literal); !ok {
		path, lit = lit, path
	}
	l, ok := lit.(*sql.Literal)
	if _, isPath := path.(*sql.Path); !ok || !isPath || l.Value.Kind != value.String || len(l.Value.Text) == 0 {
		return nil
	}
	return l.Value.Text
}

// rowName is what the row is called: its alias, the last name of the path, or
// _1 where the path ends in a wildcard.
func rowName(f *sql.From, json bool) sql.Name {
	switch {
	case f.Alias != nil:
		return *f.Alias
	case !f.Wild, !json:
		return table
	case len(f.Path) > 0 && f.Path[len(f.Path)-1].Kind == sql.Member:
		return f.Path[len(f.Path)-1].Name
	}
	return sql.Name{Text: "_1"}
}

// same reports whether a name that an expression has means the row.
func same(have, want sql.Name) bool {
	if have.Quoted {
		return have.Text == want.Text
	}
	return strings.EqualFold(have.Text, want.Text)
}

var table = sql.Name{Text: "S3Object"}

// resolve is a path relative to the row. The table's name means the row beside an
// alias, too, as in SELECT S3Object.name FROM S3Object s.
func (p *Program) resolve(x *sql.Path) []sql.Step {
	if same(x.Root, p.alias) || len(x.Steps) > 0 && len(p.from) == 0 && same(x.Root, table) {
		return x.Steps
	}
	return append([]sql.Step{{Kind: sql.Member, Name: x.Root}}, x.Steps...)
}

func (c *compiler) item(it *sql.Item, i int) item {
	out := item{eval: c.expr(it.Expr), slot: -1, star: it.Star, pos: it.Expr.Pos()}
	name := it.Alias
	if path, ok := it.Expr.(*sql.Path); ok {
		if name == "" {
			last := sql.Step{Kind: sql.Member, Name: path.Root}
			if n := len(path.Steps); n > 0 {
				last = path.Steps[n-1]
			}
			if last.Kind == sql.Member {
				name = last.Name.Text
			}
		}
		steps := c.p.resolve(path)
		out.whole = len(steps) == 0
		if !out.whole {
			out.slot = c.slot(path, steps)
		}
	}
	if name == "" {
		name = "_" + strconv.Itoa(i+1)
	}
	out.key = append(jsonscan.AppendQuote([]byte{','}, name), ':')
	return out
}

// slot numbers a path; the same path has one number.
func (c *compiler) slot(x *sql.Path, steps []sql.Step) int {
	var key []byte
	for _, s := range steps {
		name := s.Name.Text
		if !s.Name.Quoted {
			name = strings.ToLower(name)
		}
		key = fmt.Appendf(key, "%d %d %t %q ", s.Kind, s.Index, s.Name.Quoted, name)
	}
	if n, ok := c.bySteps[string(key)]; ok {
		return n
	}
	n := len(c.p.slots)
	c.p.slots = append(c.p.slots, slot{steps, x.Pos()})
	c.bySteps[string(key)] = n
	return n
}

// Paths prints what WHERE needs and what the SELECT list needs on top of it.
func (p *Program) Paths() (where, list []string) {
	for i, s := range p.slots {
		var b strings.Builder
		for _, st := range s.steps {
			if st.Kind == sql.Index {
				b.WriteString("[" + strconv.Itoa(st.Index) + "]")
				continue
			}
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			if st.Name.Quoted {
				b.WriteString(strconv.Quote(st.Name.Text))
			} else {
				b.WriteString(st.Name.Text)
			}
		}
		if i < p.inWhere() {
			where = append(where, b.String())
		} else {
			list = append(list, b.String())
		}
	}
	return where, list
}

func (p *Program) inWhere() int { return p.whereP.root.leaves }

// Limited reports that the run may end before the input does.
func (p *Program) Limited() bool { return p.limit >= 0 && len(p.aggs) == 0 }

// Splittable reports that the rows of an input are the rows of its parts.
func (p *Program) Splittable() bool { return p.limit < 0 && len(p.aggs) == 0 }
