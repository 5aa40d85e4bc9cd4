package engine

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A csvRow is the current record and what its columns are called.
type csvRow struct {
	line    []byte
	fields  []span
	header  []string
	columns []int // of each slot; -1 is MISSING
	need    int   // the first columns, up to the last that WHERE needs
	all     int   // the same for the whole statement
	wants   []int // the columns of WHERE, ascending
	marks   []int // the numbers of the delimiters around these
	at      []int // where they are
	ready   bool  // columns is filled
	decoded []byte
}

// A span is a field: of the line, or of decoded text where it had escapes.
type span struct {
	start, end int
	decoded    bool
}

const everything = 1 << 30

func (c *csvRow) text(i int) []byte {
	f := c.fields[i]
	if f.decoded {
		return c.decoded[f.start:f.end]
	}
	return c.line[f.start:f.end]
}

// column is the value of a path in the current record.
func (r *Run) column(n int) value.Value {
	i := r.csv.columns[n]
	if i < 0 || i >= len(r.csv.fields) {
		return value.Value{}
	}
	return value.OfString(r.csv.text(i))
}

// appendJSON writes the record as an object.
func (c *csvRow) appendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range c.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if i < len(c.header) {
			dst = jsonscan.AppendQuote(dst, c.header[i])
		} else {
			dst = append(dst, `"_`...)
			dst = strconv.AppendInt(dst, int64(i+1), 10)
			dst = append(dst, '"')
		}
		dst = append(dst, ':')
		dst = jsonscan.AppendQuoteBytes(dst, c.text(i))
	}
	return append(dst, '}')
}

// bindColumns finds the columns of the statement's paths.
func (r *Run) bindColumns() error {
	c := &r.csv
	c.ready = true
	for i, s := range r.p.slots {
		n, err := c.find(s.steps)
		if err != nil {
			return fault.Placed(err, s.pos)
		}
		c.columns[i] = n
		if i < r.p.inWhere() && n >= 0 {
			c.need = max(c.need, n+1)
			c.want(n)
		}
		c.all = max(c.all, n+1)
	}
	for _, w := range c.wants {
		if n := len(c.marks); w > 0 && (n == 0 || c.marks[n-1] != w-1) {
			c.marks = append(c.marks, w-1)
		}
		c.marks = append(c.marks, w)
	}
	c.at = make([]int, len(c.marks))
	whole := r.p.sel.Star
	for _, it := range r.p.items {
		whole = whole || it.star || it.whole
	}
	if whole || len(r.p.slots) == 0 && r.p.where != nil || r.p.cfg.Strict {
		c.all = everything
	}
	for _, x := range r.p.sel.Exprs() {
		sql.Walk(*x, func(x sql.Expr) bool {
			if path, ok := x.(*sql.Path); ok {
				if steps := r.p.resolve(path); len(steps) == 0 || wildcard(steps[0]) {
					c.need, c.all = everything, everything
				}
			}
			return true
		})
	}
	if r.p.cfg.Strict {
		c.need = everything
	}
	return nil
}

// want adds a column, in order and once.
func (c *csvRow) want(n int) {
	i := len(c.wants)
	for i > 0 && c.wants[i-1] > n {
		i--
	}
	if i > 0 && c.wants[i-1] == n {
		return
	}
	c.wants = append(c.wants, 0)
	copy(c.wants[i+1:], c.wants[i:])
	c.wants[i] = n
}

func (c *csvRow) find(steps []sql.Step) (int, error) {
	if steps[0].Kind != sql.Member {
		return -1, nil
	}
	name, found := steps[0].Name, -1
	for i, h := range c.header {
		if name.Quoted && h == name.Text {
			found = i
			break
		}
		if !name.Quoted && strings.EqualFold(h, name.Text) {
			if found >= 0 {
				return 0, fault.New("AmbiguousFieldName", "%s matches more than one column; put the exact name in double quotes", name.Text)
			}
			found = i
		}
	}
	if found < 0 {
		digits, ok := strings.CutPrefix(name.Text, "_")
		n, err := strconv.Atoi(digits)
		if numbered := ok && err == nil && digits[0] != '+' && digits[0] != '-'; numbered && n < 1 {
			return 0, fault.New("InvalidColumnIndex", "columns are numbered from _1 on")
		} else if numbered {
			found = n - 1
		}
	}
	switch {
	case found < 0 && c.header != nil:
		return 0, fault.New("MissingHeaderName", "there is no column %s; the header has %s", name.Text, clip(strings.Join(c.header, ", ")))
	case found < 0:
		return 0, fault.New("InvalidColumnIndex", "there is no column %s: without FileHeaderInfo USE, columns are _1, _2 and so on", name.Text)
	case len(steps) > 1:
		return -1, nil // a string has no members
	}
	return found, nil
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// csvRecord takes one record, without its delimiter.
func (r *Run) csvRecord(line []byte, quoted bool) error {
	c, cfg := &r.csv, &r.p.cfg.CSV
	if len(line) == 0 || cfg.comment(line) {
		return nil
	}
	r.Records++
	if r.p.cfg.Strict || !c.ready {
		if err := encoded(line); err != nil {
			return r.place(err)
		}
	}
	if !c.ready {
		use := r.Records == 1 && cfg.Header == HeaderUse
		if use {
			if err := c.split(line, cfg, quoted, false, everything); err != nil {
				return r.place(err)
			}
			c.header = make([]string, len(c.fields))
			for i := range c.fields {
				c.header[i] = string(c.text(i))
			}
		}
		if err := r.bindColumns(); err != nil {
			return err
		}
		if use || r.Records == 1 && cfg.Header == HeaderIgnore {
			return nil
		}
	}
	if err := c.split(line, cfg, quoted, r.p.where != nil, c.need); err != nil {
		return r.place(err)
	}
	r.scratch = r.scratch[:0]
	if r.p.where != nil {
		ok := r.p.where(r)
		if r.err != nil {
			return r.place(r.err)
		}
		if ok != yes {
			return nil
		}
	}
	if !quoted && (c.all > c.need || len(r.p.slots) > r.p.inWhere()) {
		if err := c.split(line, cfg, quoted, false, c.all); err != nil {
			return r.place(err)
		}
	}
	return r.place(r.hit())
}

// split finds the first n fields, or of these only the ones that WHERE wants. Where the line has no quote that is all the
// work there is; otherwise the whole line is read, for its errors.
func (c *csvRow) split(line []byte, cfg *CSV, quoted, wanted bool, n int) error {
	c.line, c.fields, c.decoded = line, c.fields[:0], c.decoded[:0]
	switch {
	case quoted:
		return c.splitQuoted(line, cfg)
	case n == 0:
		return nil
	case len(cfg.Field) == 1 && wanted && n < everything && len(c.wants) > 0:
		c.splitWanted(line, cfg.Field[0], n)
		return nil
	case len(cfg.Field) == 1:
		c.splitPlain(line, cfg.Field[0], n)
		return nil
	}
	start := 0
	for len(c.fields) < n {
		end := bytes.Index(line[start:], []byte(cfg.Field))
		if end < 0 {
			c.fields = append(c.fields, span{start: start, end: len(line)})
			break
		}
		c.fields = append(c.fields, span{start: start, end: start + end})
		start += end + len(cfg.Field)
	}
	return nil
}

// delimiters masks the bytes of a word that are the one in the pattern, and no
// others: no sum carries into the next byte.
func delimiters(w, pattern uint64) uint64 {
	x := w ^ pattern
	return ^((x&^highs + ^uint64(highs)) | x) & highs
}

func (c *csvRow) splitPlain(line []byte, field byte, n int) {
	start, i := 0, 0
	pattern := uint64(field) * ones
	for ; i+8 <= len(line); i += 8 {
		m := delimiters(binary.LittleEndian.Uint64(line[i:]), pattern)
		for ; m != 0; m &= m - 1 {
			at := i + bits.TrailingZeros64(m)>>3
			c.fields = append(c.fields, span{start: start, end: at})
			if start = at + 1; len(c.fields) == n {
				return
			}
		}
	}
	for ; i < len(line); i++ {
		if line[i] == field {
			c.fields = append(c.fields, span{start: start, end: i})
			if start = i + 1; len(c.fields) == n {
				return
			}
		}
	}
	c.fields = append(c.fields, span{start: start, end: len(line)})
}

// splitWanted is splitPlain for the columns that WHERE needs, the last of which
// is n-1: the delimiters before them are only counted.
func (c *csvRow) splitWanted(line []byte, field byte, n int) {
	pattern := uint64(field) * ones
	marks, at := c.marks, c.at
	seen, k, i := 0, 0, 0 // delimiters before i
scan:
	for {
		var w uint64
		switch {
		case i+8 <= len(line):
			w = binary.LittleEndian.Uint64(line[i:])
		case i < len(line):
			w = ^pattern
			for j := len(line) - 1; j >= i; j-- {
				w = w<<8 | uint64(line[j])
			}
		default:
			break scan
		}
		m := delimiters(w, pattern)
		have := int((m >> 7) * ones >> 56)
		for seen+have > marks[k] {
			rest := m
			for range marks[k] - seen {
				rest &= rest - 1
			}
			at[k] = i + bits.TrailingZeros64(rest)>>3
			if k++; k == len(marks) {
				break scan
			}
		}
		seen += have
		i += 8
	}
	if cap(c.fields) < n {
		c.fields = make([]span, n)
	}
	if c.fields = c.fields[:n]; k < len(marks) && seen+1 < n {
		c.fields = c.fields[:seen+1]
	}
	for ; k < len(marks); k++ {
		at[k] = len(line)
	}
	k = 0
	for _, w := range c.wants {
		start := 0
		if w > 0 {
			if marks[k] < w-1 {
				k++
			}
			start = at[k] + 1
		}
		for marks[k] < w {
			k++
		}
		if w < len(c.fields) {
			c.fields[w] = span{start: start, end: at[k]}
		}
	}
}

func (c *csvRow) splitQuoted(line []byte, cfg *CSV) error {
	field := []byte(cfg.Field)
	for i := 0; ; {
		if i < len(line) && line[i] == cfg.Quote {
			end, err := c.quoted(line, i+1, cfg)
			if err != nil {
				return err
			}
			i = end
			if i < len(line) && !bytes.HasPrefix(line[i:], field) {
				return fault.New("CSVUnescapedQuote", "byte %d of the record: a quote inside a quoted field must be escaped", i-1)
			}
		} else {
			end := bytes.Index(line[i:], field)
			if end < 0 {
				end = len(line) - i
			}
			c.fields = append(c.fields, span{start: i, end: i + end})
			i += end
		}
		if i >= len(line) {
			return nil
		}
		i += len(field)
	}
}

// quoted reads a field from behind its opening quote to behind its closing one.
func (c *csvRow) quoted(line []byte, i int, cfg *CSV) (int, error) {
	start, mark := i, len(c.decoded)
	plain := true
	for i < len(line) {
		b := line[i]
		if b == cfg.Escape && i+1 < len(line) && (line[i+1] == cfg.Quote || line[i+1] == cfg.Escape) {
			if plain {
				c.decoded, plain = append(c.decoded, line[start:i]...), false
			}
			c.decoded = append(c.decoded, line[i+1])
			i += 2
			continue
		}
		if b == cfg.Quote {
			if plain {
				c.fields = append(c.fields, span{start: start, end: i})
			} else {
				c.fields = append(c.fields, span{start: mark, end: len(c.decoded), decoded: true})
			}
			return i + 1, nil
		}
		if !plain {
			c.decoded = append(c.decoded, b)
		}
		i++
	}
	return 0, fault.New("CSVParsingError", "the quote of the last field is not closed")
}
