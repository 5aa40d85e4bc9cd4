package reader

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

const (
	magic     = "PAR1"
	encrypted = "PARE"
	// firstTail is how many of the last bytes are asked for at first: most footers
	// are in them.
	firstTail   = 64 << 10
	maxFooter   = 64 << 20
	maxElements = 1 << 17 // of the schema
)

// A footer is the metadata of a file. Row groups are read when they are needed:
// of a file with many columns they are almost all of it.
type footer struct {
	size    int64 // of the data before it
	raw     []byte
	schema  []element
	groups  []int  // where each row group starts in raw
	ordered []bool // whether a leaf's statistics have the order of its type
}

// An element is one of the schema, with the numbers of the format's enums
// (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).
type element struct {
	physical         int32 // -1 for a group
	length           int32
	repetition       int32
	name             string
	children         int32
	converted        int32 // -1 if there is none
	scale, precision int32
	logical          int16 // number in the union, 0 if there is none
	utc              bool  // of TIME and TIMESTAMP
	unit             int16 // of TIME and TIMESTAMP: 1 ms, 2 µs, 3 ns
	signed           bool  // of INTEGER
	bits             int32 // of INTEGER
}

// A group is a row group.
type group struct {
	rows   int64
	chunks map[int]*chunk // of the leaves that were asked for
}

// A chunk is what a row group has of a leaf.
type chunk struct {
	elsewhere    bool // in another file, or encrypted
	known        bool // its metadata is there
	physical     int32
	codec        int32
	values       int64
	uncompressed int64
	compressed   int64
	data, dict   int64 // offsets of the first page of either kind
	stats        stats
}

// span is where the chunk's pages are.
func (c *chunk) span() engine.Span {
	start := c.data
	if c.dict > 0 && c.dict < start {
		start = c.dict
	}
	return engine.Span{Start: start, End: start + c.compressed}
}

// stats are a chunk's statistics; what is nil, or below 0, is not known.
type stats struct {
	min, max []byte // deprecated: compared as signed numbers, whatever the type
	minValue []byte
	maxValue []byte
	nulls    int64
}

func damaged(format string, args ...any) error {
	return fault.New("ParquetParsingError", format, args...)
}

// readFooter reads the metadata at the end of the file.
func readFooter(ctx context.Context, src engine.Source) (*footer, error) {
	tail, size, err := src.Tail(ctx, firstTail)
	if err != nil {
		return nil, err
	}
	if size < 12 || len(tail) < 8 {
		return nil, damaged("the object has %d bytes, which is too short for Parquet", size)
	}
	switch string(tail[len(tail)-4:]) {
	case magic:
	case encrypted:
		return nil, fault.New("UnsupportedParquetType", "the object is encrypted by Parquet's own encryption")
	default:
		return nil, damaged("the object does not end as Parquet does, in %s", magic)
	}
	n := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	switch {
	case n > size-12:
		return nil, damaged("the footer says that it has %d bytes, the object has %d", n, size)
	case n > maxFooter:
		return nil, fault.New("OverMaxParquetBlockSize", "the footer has %d bytes, at most %d are read", n, maxFooter)
	case n > int64(len(tail))-8:
		if tail, _, err = src.Tail(ctx, n+8); err != nil {
			return nil, err
		}
	}
	raw := tail[int64(len(tail))-8-n : len(tail)-8]
	f := &footer{size: size - 8 - n, raw: bytes.Clone(raw)}
	t := &thrift{b: f.raw}
	t.fields(thriftStruct, func(id int16, kind byte) bool {
		switch id {
		case 2:
			t.list(kind, func(_ int, kind byte) {
				if len(f.schema) == maxElements {
					t.fail(errWrong)
					return
				}
				f.schema = append(f.schema, readElement(t, kind))
			})
		case 4:
			t.list(kind, func(_ int, kind byte) {
				f.groups = append(f.groups, t.i)
				t.skipElement(kind)
			})
		case 7:
			t.list(kind, func(_ int, kind byte) {
				byType := false
				t.fields(kind, func(id int16, _ byte) bool { byType = id == 1; return false })
				f.ordered = append(f.ordered, byType)
			})
		case 8:
			t.fail(fault.New("UnsupportedParquetType", "the object is encrypted by Parquet's own encryption"))
		default:
			return false
		}
		return true
	})
	if t.err != nil {
		return nil, footerError(t.err)
	}
	return f, nil
}

func footerError(err error) error {
	if f, ok := err.(*fault.Error); ok {
		return f
	}
	return &fault.Error{Code: "ParquetParsingError", Msg: "the footer: " + err.Error(), Offset: -1, Err: err}
}

func readElement(t *thrift, kind byte) element {
	e := element{physical: -1, converted: -1}
	t.fields(kind, func(id int16, kind byte) bool {
		switch id {
		case 1:
			e.physical = t.int32(kind)
		case 2:
			e.length = t.int32(kind)
		case 3:
			e.repetition = t.int32(kind)
		case 4:
			e.name = string(t.bytes(kind))
		case 5:
			e.children = t.int32(kind)
		case 6:
			e.converted = t.int32(kind)
		case 7:
			e.scale = t.int32(kind)
		case 8:
			e.precision = t.int32(kind)
		case 10:
			t.fields(kind, func(id int16, kind byte) bool {
				e.logical = id
				return readLogical(t, &e, kind)
			})
		default:
			return false
		}
		return true
	})
	return e
}

// readLogical reads what a logical type has, if it has anything.
func readLogical(t *thrift, e *element, kind byte) bool {
	switch e.logical {
	case logicalDecimal:
		t.fields(kind, func(id int16, kind byte) bool {
			switch id {
			case 1:
				e.scale = t.int32(kind)
			case 2:
				e.precision = t.int32(kind)
			default:
				return false
			}
			return true
		})
	case logicalTime, logicalTimestamp:
		t.fields(kind, func(id int16, kind byte) bool {
			switch id {
			case 1:
				e.utc = t.bool(kind)
			case 2:
				t.fields(kind, func(id int16, _ byte) bool { e.unit = id; return false })
			default:
				return false
			}
			return true
		})
	case logicalInteger:
		t.fields(kind, func(id int16, kind byte) bool {
			switch id {
			case 1:
				e.bits = t.int32(kind)
			case 2:
				e.signed = t.bool(kind)
			default:
				return false
			}
			return true
		})
	default:
		return false
	}
	return true
}

// group reads a row group's metadata: that of the leaves that are wanted.
func (f *footer) group(i, leaves int, wanted func(leaf int) bool) (*group, error) {
	g := &group{chunks: map[int]*chunk{}}
	t := &thrift{b: f.raw, i: f.groups[i]}
	n := 0
	t.fields(thriftStruct, func(id int16, kind byte) bool {
		switch id {
		case 1:
			t.list(kind, func(i int, kind byte) {
				if n++; i < leaves && wanted(i) {
					c := readChunk(t, kind)
					g.chunks[i] = &c
				} else {
					t.skipElement(kind)
				}
			})
		case 3:
			g.rows = t.int(kind)
		default:
			return false
		}
		return true
	})
	switch {
	case t.err != nil:
		return nil, footerError(t.err)
	case n != leaves || g.rows < 0:
		return nil, damaged("row group %d has %d columns of %d and %d rows", i, n, leaves, g.rows)
	}
	return g, nil
}

func readChunk(t *thrift, kind byte) chunk {
	c := chunk{stats: stats{nulls: -1}}
	t.fields(kind, func(id int16, kind byte) bool {
		switch id {
		case 1:
			c.elsewhere = len(t.bytes(kind)) > 0
		case 3:
			c.known = true
			t.fields(kind, func(id int16, kind byte) bool {
				switch id {
				case 1:
					c.physical = t.int32(kind)
				case 4:
					c.codec = t.int32(kind)
				case 5:
					c.values = t.int(kind)
				case 6:
					c.uncompressed = t.int(kind)
				case 7:
					c.compressed = t.int(kind)
				case 9:
					c.data = t.int(kind)
				case 11:
					c.dict = t.int(kind)
				case 12:
					readStats(t, kind, &c.stats)
				default:
					return false
				}
				return true
			})
		case 8:
			c.elsewhere = true
			return false
		default:
			return false
		}
		return true
	})
	return c
}

func readStats(t *thrift, kind byte, s *stats) {
	t.fields(kind, func(id int16, kind byte) bool {
		switch id {
		case 1:
			s.max = t.bytes(kind)
		case 2:
			s.min = t.bytes(kind)
		case 3:
			s.nulls = t.int(kind)
		case 5:
			s.maxValue = t.bytes(kind)
		case 6:
			s.minValue = t.bytes(kind)
		default:
			return false
		}
		return true
	})
}
