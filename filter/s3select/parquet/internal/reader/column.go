package reader

import (
	"bufio"
	"fmt"
	"io"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// A column reads a leaf's chunk of one row group, row by row. What it has of the
// current row are entries: one, unless there are repeated fields above the leaf.
type column struct {
	scan  *scan
	leaf  *leaf
	chunk *chunk
	size  int // of a value in PLAIN, 0 if it varies

	closer io.Closer
	in     *bufio.Reader
	left   int64 // bytes of the chunk that have not been read
	unread int64 // entries of the chunk in pages that have not been read
	row    int64 // rows that have been read or skipped

	inPage   int // entries left in the page
	rep, def hybrid
	values   decoder
	dict     table
	raw      []byte // the page as it is in the file
	page     []byte // decompressed
	arena    []byte // what converters make for the current row
	memory   int
	peeked   bool // the repetition level of the next entry is known to be 0

	entries []entry
	at      int // what the assembly of the row takes next
}

// An entry is a value at its levels, NULL where they say that there is none.
type entry struct {
	rep, def uint8
	value    value.Value
}

func newBuffer(r io.Reader, n int) *bufio.Reader { return bufio.NewReaderSize(r, n) }

// open starts on a chunk.
func (s *scan) open(l *leaf, c *chunk, r io.ReadCloser) *column {
	span := c.span()
	return &column{
		scan: s, leaf: l, chunk: c, size: sizeOf(&l.element), closer: r, in: newBuffer(r, 4<<10),
		left: span.End - span.Start, unread: c.values, entries: make([]entry, 0, 1),
	}
}

func (c *column) close() {
	c.closer.Close()
	c.scan.memory -= c.memory
}

func (c *column) damaged(format string, args ...any) error {
	return damaged("the column %s: %s", c.leaf.name, fmt.Sprintf(format, args...))
}

// load reads pages up to the next one with entries, or, without reading their
// values, over those whose entries are all to be skipped. It says how many
// entries it has skipped.
func (c *column) load(skip int64) (skipped int64, err error) {
	for c.inPage == 0 {
		if c.unread <= 0 {
			return skipped, c.damaged("it has fewer values than the row group has rows")
		}
		h, err := c.next()
		if err != nil {
			return skipped, err
		}
		switch h.kind {
		case pageData, pageDataV2:
			n := int64(h.values)
			if n > c.unread {
				return skipped, c.damaged("its pages have more values than it says")
			}
			c.unread -= n
			if n > 0 && n <= skip {
				if err := c.discard(h.compressed); err != nil {
					return skipped, err
				}
				skipped += n
				if skip -= n; skip == 0 {
					return skipped, nil
				}
				continue
			}
			if err := c.data(&h); err != nil {
				return skipped, err
			}
		case pageDictionary:
			err = c.dictionary(&h)
		default:
			err = c.discard(h.compressed)
		}
		if err != nil {
			return skipped, err
		}
	}
	return skipped, nil
}

func (c *column) discard(n int) error {
	m, err := c.in.Discard(n)
	c.left -= int64(m)
	if err == io.EOF {
		return c.damaged("a page of %d bytes is cut off", n)
	}
	return err
}

// data starts on a data page.
func (c *column) data(h *header) (err error) {
	plain := 0
	if h.kind == pageDataV2 {
		plain = h.repSize + h.defBytes
	}
	b, err := c.body(h, plain)
	if err != nil {
		return err
	}
	c.rep, c.def = hybrid{}, hybrid{}
	maxRep, maxDef := c.leaf.rep, c.leaf.def
	if h.kind == pageDataV2 {
		c.rep = hybrid{b: b[:h.repSize], width: width(maxRep)}
		if c.def = (hybrid{b: b[h.repSize:plain], width: width(maxDef)}); h.defBytes == 0 && h.nulls == 0 && maxRep == 0 {
			c.def = hybrid{run: h.values, value: uint32(maxDef)} // none is NULL
		}
		b = b[plain:]
	} else {
		if maxRep > 0 {
			if h.repEncoding != encRLE {
				return c.unsupported(h)
			}
			if c.rep, b, err = levels(b, maxRep); err != nil {
				return c.damaged("the repetition levels: %s", err)
			}
		}
		if maxDef > 0 {
			if h.defEncoding != encRLE {
				return c.unsupported(h)
			}
			if c.def, b, err = levels(b, maxDef); err != nil {
				return c.damaged("the definition levels: %s", err)
			}
		}
	}
	c.inPage = h.values
	return c.decode(h, b, h.values)
}

// advance makes row, which is not before the current one, the current one.
func (c *column) advance(row int64) error {
	if row < c.row {
		return nil // it is the current one
	}
	if c.leaf.rep > 0 {
		for ; c.row <= row; c.row++ {
			if err := c.repeated(c.row == row); err != nil {
				return err
			}
		}
		return nil
	}
	for row > c.row {
		if c.inPage == 0 {
			n, err := c.load(row - c.row)
			if err != nil {
				return err
			}
			c.row += n
			continue
		}
		n := int(min(row-c.row, int64(c.inPage)))
		there := n
		if c.leaf.def > 0 {
			there = c.def.count(n, uint32(c.leaf.def))
			if c.def.bad {
				return errNone
			}
		}
		if err := c.pass(there); err != nil {
			return err
		}
		c.inPage -= n
		c.row += int64(n)
	}
	if c.inPage == 0 {
		if _, err := c.load(0); err != nil {
			return err
		}
	}
	c.inPage--
	c.row++
	c.entries = c.entries[:1]
	e := &c.entries[0]
	if c.leaf.def > 0 {
		def := c.def.next()
		if c.def.bad || def > uint32(c.leaf.def) {
			return c.damaged("the definition levels do not fit the schema")
		}
		if e.def = uint8(def); int(def) < c.leaf.def {
			e.value = value.NullValue
			return nil
		}
	}
	c.arena = c.arena[:0]
	var err error
	e.value, err = c.value()
	return err
}

// repeated reads a row's entries, or passes over them.
func (c *column) repeated(keep bool) error {
	c.entries = c.entries[:0]
	c.arena = nil
	for first := true; ; first = false {
		if c.inPage == 0 {
			if c.unread <= 0 {
				if first {
					return c.damaged("it has fewer rows than the row group")
				}
				return nil
			}
			if _, err := c.load(0); err != nil {
				return err
			}
		}
		rep := uint32(0)
		if !c.peeked {
			rep = c.rep.next()
		}
		c.peeked = false
		if c.rep.bad || rep > uint32(c.leaf.rep) || first && rep > 0 {
			return c.damaged("the repetition levels do not fit the rows")
		}
		if !first && rep == 0 {
			c.peeked = true // of the next row
			return nil
		}
		def := uint32(c.leaf.def)
		if def > 0 {
			if def = c.def.next(); c.def.bad || def > uint32(c.leaf.def) {
				return c.damaged("the definition levels do not fit the schema")
			}
		}
		c.inPage--
		e := entry{rep: uint8(rep), def: uint8(def), value: value.NullValue}
		if int(def) == c.leaf.def {
			var err error
			if keep {
				e.value, err = c.value()
			} else {
				err = c.pass(1)
			}
			if err != nil {
				return err
			}
		}
		if keep {
			if len(c.entries) >= maxEntries {
				return fault.New("OverMaxRecordSize", "a row has more than %d values of the column %s", maxEntries, c.leaf.name)
			}
			c.entries = append(c.entries, e)
		}
	}
}

// maxEntries bounds the values of a column in a row: a record has 1 MB.
const maxEntries = 1 << 20
