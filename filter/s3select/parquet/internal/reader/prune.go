package reader

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// never reports that WHERE is true for no row of the group.
func (s *scan) never(g *group) bool { return s.safe && s.none(s.run.Where(), g) }

// quiet reports that evaluating x fails for no row.
func (s *scan) quiet(x sql.Expr) bool {
	switch x := x.(type) {
	case *sql.Literal:
		return true
	case *sql.Path:
		steps := s.run.Steps(x)
		if len(steps) == 0 {
			return false
		}
		n, _, err := s.schema.find(steps)
		return err == nil && n.flat() // in JSON, names may be ambiguous
	case *sql.Unary:
		return x.Op == "NOT" && s.quiet(x.X)
	case *sql.Binary:
		switch x.Op {
		case "AND", "OR", "=", "<>", "<", "<=", ">", ">=":
			return s.quiet(x.X) && s.quiet(x.Y)
		}
	case *sql.Between:
		return s.quiet(x.X) && s.quiet(x.Low) && s.quiet(x.High)
	case *sql.In:
		l, ok := x.Y.(*sql.List)
		if !ok || !s.quiet(x.X) {
			return false
		}
		for _, e := range l.Elems {
			if !s.quiet(e) {
				return false
			}
		}
		return true
	case *sql.Is:
		return s.quiet(x.X)
	case *sql.Like:
		l := s.leafOf(x.X)
		_, ok := literal(x.Pattern)
		return l != nil && l.text() && ok && x.Escape == nil
	}
	return false
}

// none reports that the quiet x is true for no row.
func (s *scan) none(x sql.Expr, g *group) bool {
	switch x := x.(type) {
	case *sql.Literal:
		return x.Value.Unknown() || x.Value.Kind == value.Bool && !x.Value.True()
	case *sql.Binary:
		switch x.Op {
		case "AND":
			return s.none(x.X, g) || s.none(x.Y, g)
		case "OR":
			return s.none(x.X, g) && s.none(x.Y, g)
		}
		if v, ok := literal(x.Y); ok {
			return s.outside(x.X, x.Op, v, g)
		}
		if v, ok := literal(x.X); ok {
			return s.outside(x.Y, map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[x.Op], v, g)
		}
	case *sql.Between:
		low, ok := literal(x.Low)
		high, ok2 := literal(x.High)
		return !x.Not && (ok && s.outside(x.X, ">=", low, g) || ok2 && s.outside(x.X, "<=", high, g))
	case *sql.In:
		if x.Not {
			return false
		}
		for _, e := range x.Y.(*sql.List).Elems {
			if v, ok := literal(e); !ok || !s.outside(x.X, "=", v, g) {
				return false
			}
		}
		return true
	case *sql.Is:
		l := s.leafOf(x.X)
		if l == nil || x.Missing {
			return false
		}
		c := g.chunks[l.at]
		if x.Not {
			return c.stats.nulls >= 0 && c.stats.nulls == c.values && !l.lossy()
		}
		return c.stats.nulls == 0 && !l.lossy()
	case *sql.Like:
		prefix, ok := start(x)
		if x.Not || !ok {
			return false
		}
		low, high, ok := s.bounds(x.X, g)
		return ok && low.Kind == value.String &&
			(bytes.Compare(high.Text, prefix) < 0 || bytes.Compare(low.Text, prefix) > 0 && !bytes.HasPrefix(low.Text, prefix))
	}
	return false
}

// lossy reports that values may be NULL which the statistics do not count.
func (l *leaf) lossy() bool {
	e := &l.element
	return e.physical == physFloat || e.physical == physDouble || e.logical == logicalNull || e.logical == logicalFloat16
}

func (l *leaf) text() bool {
	e := &l.element
	if e.physical != physBytes {
		return false
	}
	switch e.logical {
	case 0:
		return e.converted < 0
	case logicalString, logicalEnum, logicalJSON:
		return true
	}
	return false
}

func literal(x sql.Expr) (value.Value, bool) {
	l, ok := x.(*sql.Literal)
	if !ok {
		return value.Value{}, false
	}
	return l.Value, true
}

// start is the text that a match of LIKE starts with.
func start(x *sql.Like) ([]byte, bool) {
	p, ok := literal(x.Pattern)
	if !ok || p.Kind != value.String {
		return nil, false
	}
	i := bytes.IndexAny(p.Text, `%_\`)
	if i < 0 {
		i = len(p.Text)
	}
	return p.Text[:i], i > 0
}

// leafOf is the leaf of a path to a value that every row has, nil for all else.
func (s *scan) leafOf(x sql.Expr) *leaf {
	path, ok := x.(*sql.Path)
	if !ok {
		return nil
	}
	n, rest, err := s.schema.find(s.run.Steps(path))
	if err != nil || !n.flat() || len(rest) > 0 {
		return nil
	}
	return n.leaf
}

// outside reports that x op v is true for no row.
func (s *scan) outside(x sql.Expr, op string, v value.Value, g *group) bool {
	if v.Unknown() {
		return s.leafOf(x) != nil // NULL, whatever the row has
	}
	if l := s.leafOf(x); l != nil {
		if c := g.chunks[l.at]; c.stats.nulls >= 0 && c.stats.nulls == c.values {
			return true // all rows are NULL
		}
	}
	low, high, ok := s.bounds(x, g)
	if !ok {
		return false
	}
	a, ok := value.Compare(&low, &v)
	b, ok2 := value.Compare(&high, &v)
	if !ok || !ok2 {
		return false
	}
	switch op {
	case "=":
		return a > 0 || b < 0
	case "<":
		return a >= 0
	case "<=":
		return a > 0
	case ">":
		return b <= 0
	case ">=":
		return b < 0
	}
	return false // <>: statistics may be bounds that no row has
}

// bounds are values that no row of the column is below or above, apart from NULL.
func (s *scan) bounds(x sql.Expr, g *group) (low, high value.Value, ok bool) {
	l := s.leafOf(x)
	if l == nil {
		return low, high, false
	}
	c := g.chunks[l.at]
	lo, hi := c.stats.minValue, c.stats.maxValue
	if lo == nil || hi == nil || l.at >= len(s.footer.ordered) || !s.footer.ordered[l.at] {
		// The older pair is in the order of signed numbers.
		if lo, hi = c.stats.min, c.stats.max; l.element.unsigned() || !numeric(&l.element) {
			return low, high, false
		}
	}
	if lo == nil || hi == nil {
		return low, high, false
	}
	switch l.element.physical {
	case physInt32, physInt64:
		if l.element.logical == logicalTime || l.element.logical == logicalNull {
			return low, high, false
		}
	case physFloat, physDouble:
		if nan(lo) || nan(hi) {
			return low, high, false
		}
	case physBytes:
		if !l.text() {
			return low, high, false
		}
	default:
		return low, high, false
	}
	if n := sizeOf(&l.element); n > 0 && (len(lo) != n || len(hi) != n) {
		return low, high, false
	}
	if l.text() {
		// They may be cut off inside a character, and are bounds still.
		low, high = value.OfString(lo), value.OfString(hi)
	} else {
		k := column{leaf: l, size: sizeOf(&l.element)}
		var err, err2 error
		low, err = k.fixed(lo, &k.arena)
		if high, err2 = k.fixed(hi, &k.arena); err != nil || err2 != nil {
			return low, high, false
		}
	}
	order, ok := value.Compare(&low, &high)
	return low, high, ok && order <= 0
}

func numeric(e *element) bool {
	switch e.physical {
	case physInt32, physInt64, physFloat, physDouble:
		return true
	}
	return false
}

// nan reports a number that has no order.
func nan(b []byte) bool {
	switch len(b) {
	case 4:
		return math.IsNaN(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	case 8:
		return math.IsNaN(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return true
}
