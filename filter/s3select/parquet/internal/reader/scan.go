// Package reader reads Parquet: the footer, and of the row groups that a query may
// find rows in, page by page, the columns that it needs.
//
// Nothing that a file says is believed before it has been held against the bytes
// that are there: a few bytes that claim gigabytes get none.
package reader

import (
	"context"
	"slices"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Read reads an object for the run.
func Read(ctx context.Context, src engine.Source, run *engine.Run) (decoded int64, err error) {
	f, err := readFooter(ctx, src)
	if err != nil {
		return 0, err
	}
	s := &scan{ctx: ctx, src: src, run: run, footer: f}
	defer s.close()
	if s.schema, err = newSchema(f.schema); err == nil {
		err = s.bind()
	}
	if err == nil {
		err = s.groups()
	}
	return s.decoded, err
}

// A scan is one run over one object.
type scan struct {
	ctx    context.Context
	src    engine.Source
	run    *engine.Run
	footer *footer
	schema *schema
	codecs
	safe bool // WHERE cannot fail, so that no error goes unnoticed where it is not evaluated

	slots  [2][]slot // of the SELECT list, of WHERE
	where  []int     // leaves that WHERE needs, ascending
	list   []int     // leaves that only the SELECT list needs
	wanted map[int]bool

	assembler // with the columns of the current row group
	hasList   bool
	ahead     *opened
	decoded   int64
	memory    int
}

// A slot is one path of the statement.
type slot struct {
	n    int // among the run's values
	node *node
	rest []sql.Step
	buf  []byte
}

// bind finds the columns of the statement's paths.
func (s *scan) bind() error {
	need := map[int]bool{} // leaf: also by WHERE
	add := func(n *node, where bool) error {
		for i := n.first; i < n.end; i++ {
			l := s.schema.leaves[i]
			if l.convert == nil || l.element.physical == physFixed && (l.element.length < 1 || l.element.length > 1<<20) {
				return fault.New("UnsupportedParquetType", "the column %s has a type that is not read: physical type %d, logical type %d, converted type %d, length %d, precision %d", l.name, l.element.physical, l.element.logical, l.element.converted, l.element.length, l.element.precision)
			}
			if l.rep > maxLevel || l.def > maxLevel {
				return damaged("the column %s is too deep", l.name)
			}
			need[i] = need[i] || where
		}
		return nil
	}
	for i, p := range s.run.Needs() {
		n, rest, err := s.schema.find(p.Steps)
		if err != nil {
			return fault.Placed(err, p.Pos)
		}
		sl := slot{n: i, node: n, rest: rest}
		if p.Where {
			s.slots[1] = append(s.slots[1], sl)
		} else {
			s.slots[0] = append(s.slots[0], sl)
		}
		if n.flat() && len(rest) > 0 {
			continue // a scalar has no members: it is MISSING
		}
		if err := add(n, p.Where); err != nil {
			return fault.Placed(err, p.Pos)
		}
	}
	inWhere, inList := s.run.Whole()
	if inWhere || inList {
		if err := add(s.schema.root, inWhere); err != nil {
			return err
		}
	}
	s.wanted = map[int]bool{}
	for i, where := range need {
		if s.wanted[i] = true; where {
			s.where = append(s.where, i)
		} else {
			s.list = append(s.list, i)
		}
	}
	slices.Sort(s.where)
	slices.Sort(s.list)
	s.columns = make([]*column, len(s.schema.leaves))
	s.run.SetRow(func(dst []byte) ([]byte, error) { return s.row(dst, s.schema.root) })
	s.safe = s.run.Where() != nil && s.quiet(s.run.Where())
	return nil
}

// groups runs over the row groups.
func (s *scan) groups() error {
	next := 0
	ahead := !s.run.Limited()
	var err error
	for !s.run.Done() {
		if s.ahead == nil {
			if s.ahead, err = s.openNext(&next, ahead); err != nil || s.ahead == nil {
				return err
			}
		}
		g := s.ahead
		s.ahead = nil
		s.use(g)
		if ahead {
			// Its pages come while this one's are evaluated.
			if s.ahead, err = s.openNext(&next, ahead); err != nil {
				return err
			}
		}
		if err := s.rows(g); err != nil {
			return err
		}
		s.closeColumns()
	}
	return nil
}

// opened is a row group with the columns of WHERE.
type opened struct {
	*group
	columns []*column
}

// openNext opens the next row group that may have rows of the result, nil if
// there is none.
func (s *scan) openNext(next *int, ahead bool) (*opened, error) {
	for ; *next < len(s.footer.groups); *next++ {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		g, err := s.footer.group(*next, len(s.schema.leaves), func(i int) bool { return s.wanted[i] })
		if err != nil {
			return nil, err
		}
		if g.rows == 0 {
			continue
		}
		for i, c := range g.chunks {
			if err := s.check(s.schema.leaves[i], c, g); err != nil {
				return nil, err
			}
		}
		if s.never(g) {
			s.run.Skip(g.rows)
			continue
		}
		*next++
		columns, err := s.openColumns(g, s.where, ahead)
		if err != nil {
			return nil, err
		}
		return &opened{g, columns}, nil
	}
	return nil, nil
}

// check reports metadata that cannot be right, or is of what is not read.
func (s *scan) check(l *leaf, c *chunk, g *group) error {
	span := c.span()
	switch {
	case c.elsewhere || !c.known:
		return fault.New("UnsupportedParquetType", "the column %s is encrypted or in another file", l.name)
	case c.physical != l.element.physical:
		return damaged("the column %s has another type in a row group than in the schema", l.name)
	case span.Start < 4 || c.compressed < 0 || span.End < span.Start || span.End > s.footer.size:
		return damaged("the column %s is said to be at bytes %d to %d of %d", l.name, span.Start, span.End, s.footer.size)
	case c.values < g.rows || l.rep == 0 && c.values != g.rows:
		return damaged("the column %s has %d values for %d rows", l.name, c.values, g.rows)
	case c.codec != codecNone && c.codec != codecSnappy && c.codec != codecGzip && c.codec != codecZstd:
		return fault.New("ParquetUnsupportedCompressionCodec", "the column %s is compressed as %s (codec %d): UNCOMPRESSED, SNAPPY, GZIP and ZSTD are read", l.name, codecNames[c.codec], c.codec)
	}
	return nil
}

// openColumns opens the chunks of the leaves.
func (s *scan) openColumns(g *group, leaves []int, ahead bool) ([]*column, error) {
	order := slices.Clone(leaves)
	slices.SortFunc(order, func(a, b int) int { return int(g.chunks[a].span().Start - g.chunks[b].span().Start) })
	spans := make([]engine.Span, len(order))
	for i, l := range order {
		if spans[i] = g.chunks[l].span(); i > 0 && spans[i].Start < spans[i-1].End {
			return nil, damaged("the columns %s and %s lie over each other", s.schema.leaves[order[i-1]].name, s.schema.leaves[l].name)
		}
	}
	if len(spans) == 0 {
		return nil, nil
	}
	readers, err := s.src.Open(s.ctx, spans, ahead)
	if err != nil {
		return nil, err
	}
	columns := make([]*column, len(order))
	for i, l := range order {
		columns[i] = s.open(s.schema.leaves[l], g.chunks[l], readers[i])
	}
	return columns, nil
}

// use makes a row group's columns those of the assembler.
func (s *scan) use(g *opened) {
	s.hasList = false
	for _, c := range g.columns {
		s.columns[c.leaf.at] = c
	}
}

// rows runs over the rows of a row group.
func (s *scan) rows(g *opened) error {
	const often = 1 << 10
	for row := int64(0); row < g.rows && !s.run.Done(); row++ {
		if row%often == 0 {
			if err := s.ctx.Err(); err != nil {
				return err
			}
		}
		for _, c := range g.columns {
			if err := c.advance(row); err != nil {
				return s.place(err)
			}
		}
		if err := s.fill(s.slots[1]); err != nil {
			return s.place(err)
		}
		ok, err := s.run.Match()
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := s.hit(g, row); err != nil {
			return err
		}
	}
	return nil
}

// hit takes a row that WHERE is true for.
func (s *scan) hit(g *opened, row int64) error {
	if !s.hasList {
		columns, err := s.openColumns(g.group, s.list, !s.run.Limited())
		if err != nil {
			return err
		}
		s.use(&opened{columns: columns})
		s.hasList = true
	}
	for _, i := range s.list {
		if err := s.columns[i].advance(row); err != nil {
			return fault.InRecord(err, s.run.Records)
		}
	}
	if err := s.fill(s.slots[0]); err != nil {
		return fault.InRecord(err, s.run.Records)
	}
	return s.run.Hit()
}

// place is err with the number of the row that is yet to be counted.
func (s *scan) place(err error) error { return fault.InRecord(err, s.run.Records+1) }

// fill sets the values of the slots.
func (s *scan) fill(slots []slot) error {
	values := s.run.Values()
	for i := range slots {
		sl := &slots[i]
		if sl.node.flat() {
			if len(sl.rest) == 0 {
				values[sl.n] = s.columns[sl.node.first].entries[0].value
			}
			continue
		}
		var err error
		if sl.buf, err = s.row(sl.buf[:0], sl.node); err != nil {
			return err
		}
		if values[sl.n], err = follow(sl.buf, sl.rest); err != nil {
			return err
		}
	}
	return nil
}

// follow is what the steps lead to in valid JSON.
func follow(v []byte, steps []sql.Step) (value.Value, error) {
next:
	for _, s := range steps {
		switch kind := jsonscan.KindAt(v, 0); {
		case s.Kind == sql.Index && kind == jsonscan.Array:
			a := jsonscan.WalkArray(v, 0)
			for at := 0; a.Next(); at++ {
				if at == s.Index {
					v = a.Value()
					continue next
				}
			}
		case s.Kind == sql.Member && kind == jsonscan.Object:
			found, err := engine.Member(v, s.Name)
			if err != nil {
				return value.Value{}, err
			}
			if v = found; v != nil {
				continue next
			}
		}
		return value.Value{}, nil
	}
	return value.OfToken(v), nil
}

func (s *scan) closeColumns() {
	for i, c := range s.columns {
		if c != nil {
			c.close()
			s.columns[i] = nil
		}
	}
}

func (s *scan) close() {
	s.closeColumns()
	if s.ahead != nil {
		for _, c := range s.ahead.columns {
			c.close()
		}
	}
	s.codecs.close()
}
