package reader

import (
	"encoding/binary"
	"math"
	mathbits "math/bits"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// A table holds the values of a dictionary: converted, where they are few, or as
// their bytes.
type table struct {
	values  []value.Value
	bytes   []byte
	offsets []uint32 // of strings: where each one starts, and where the last one ends
	n       int
	loaded  bool
}

const maxConverted = 1 << 16

func (d *table) fill(c *column, b []byte, n int) error {
	size := c.size
	switch {
	case c.leaf.element.physical == physBool || n > math.MaxInt32:
		return c.damaged("a dictionary of booleans")
	case size > 0 && n > len(b)/size, size == 0 && n > len(b)/4:
		return c.damaged("a dictionary of %d values has %d bytes", n, len(b))
	}
	d.n, d.bytes, d.loaded = n, b, true
	if size == 0 {
		if err := c.grow(4 * (n + 1)); err != nil {
			return err
		}
		d.offsets = make([]uint32, 1, n+1)
		for i := 0; len(d.offsets) <= n; {
			if len(b)-i < 4 || uint64(binary.LittleEndian.Uint32(b[i:])) > uint64(len(b)-i-4) {
				return c.damaged("a string of the dictionary is cut off")
			}
			i += 4 + int(binary.LittleEndian.Uint32(b[i:]))
			d.offsets = append(d.offsets, uint32(i))
		}
	}
	if n > maxConverted {
		return nil
	}
	values := make([]value.Value, n)
	var arena []byte
	for i := range values {
		var err error
		if values[i], err = d.at(c, i, &arena); err != nil {
			return nil // it is an error only if a row has it
		}
	}
	d.values = values
	return nil
}

// at converts the value i, which there is.
func (d *table) at(c *column, i int, arena *[]byte) (value.Value, error) {
	if c.size == 0 {
		return c.leaf.convert(0, d.bytes[d.offsets[i]+4:d.offsets[i+1]], arena)
	}
	return c.fixed(d.bytes[i*c.size:], arena)
}

// fixed converts the value of so many bytes that b starts with.
func (c *column) fixed(b []byte, arena *[]byte) (value.Value, error) {
	switch c.leaf.element.physical {
	case physInt32:
		return c.leaf.convert(uint64(int32(binary.LittleEndian.Uint32(b))), nil, arena)
	case physFloat:
		return c.leaf.convert(uint64(binary.LittleEndian.Uint32(b)), nil, arena)
	case physInt64, physDouble:
		return c.leaf.convert(binary.LittleEndian.Uint64(b), nil, arena)
	}
	return c.leaf.convert(0, b[:c.size:c.size], arena)
}

// sizeOf is how many bytes a value has in PLAIN, 0 for strings and booleans.
func sizeOf(e *element) int {
	switch e.physical {
	case physInt32, physFloat:
		return 4
	case physInt64, physDouble:
		return 8
	case physInt96:
		return 12
	case physFixed:
		return int(e.length)
	}
	return 0
}

// A decoder reads the values of a page, one after the other.
type decoder struct {
	encoding int32
	b        []byte
	at       int     // in b; of booleans in bits; of BYTE_STREAM_SPLIT and deltas in values
	n        int     // of BYTE_STREAM_SPLIT
	index    hybrid  // of dictionaries and booleans
	numbers  []int64 // deltas, or the lengths of strings
	prefixes []int64 // of DELTA_BYTE_ARRAY
	last     []byte
}

// decode starts on a page of at most most values.
func (c *column) decode(h *header, b []byte, most int) error {
	d := &c.values
	*d = decoder{encoding: h.encoding, b: b, last: d.last[:0]}
	phys := c.leaf.element.physical
	var err error
	switch h.encoding {
	case encPlain:
		return nil
	case encPlainDict, encDictionary:
		d.encoding = encDictionary
		if !c.dict.loaded {
			return c.damaged("a page has no dictionary")
		}
		if len(b) == 0 {
			return nil // all are NULL
		}
		if b[0] > 32 {
			return c.damaged("the indexes of a dictionary have %d bits", b[0])
		}
		d.index = hybrid{b: b[1:], width: uint(b[0])}
		return nil
	case encRLE:
		if phys == physBool {
			d.index, _, err = levels(b, 1)
			if most == 0 || len(b) == 0 {
				err = nil
			}
			break
		}
		err = c.unsupported(h)
	case encDelta:
		if phys != physInt32 && phys != physInt64 {
			return c.unsupported(h)
		}
		if len(b) == 0 {
			return nil
		}
		if most = min(most, maxPage/8); err == nil {
			d.numbers, _, err = deltas(b, most, phys == physInt64)
		}
	case encDeltaLength:
		if phys != physBytes {
			return c.unsupported(h)
		}
		if len(b) > 0 {
			d.numbers, d.b, err = lengths(b, min(most, maxPage/8))
		}
	case encDeltaBytes:
		if phys != physBytes && phys != physFixed {
			return c.unsupported(h)
		}
		if len(b) == 0 {
			return nil
		}
		var rest []byte
		if d.prefixes, rest, err = deltas(b, min(most, maxPage/8), false); err == nil {
			d.numbers, d.b, err = lengths(rest, min(most, maxPage/8))
		}
		if err == nil && len(d.prefixes) != len(d.numbers) {
			err = errWrong
		}
	case encByteStream:
		if c.size == 0 || len(b)%c.size != 0 {
			return c.unsupported(h)
		}
		d.n = len(b) / c.size
	default:
		err = c.unsupported(h)
	}
	if err != nil {
		return c.damaged("a page: %s", err)
	}
	return nil
}

func (c *column) unsupported(h *header) error {
	return fault.New("UnsupportedParquetType", "the column %s has the encoding %d for its type, which is not read", c.leaf.name, h.encoding)
}

var errNone = fault.New("ParquetParsingError", "a page has fewer values than it says")

// value is the next value of the page.
func (c *column) value() (value.Value, error) {
	d := &c.values
	switch d.encoding {
	case encPlain:
		if c.size > 0 {
			at := d.at
			if at+c.size > len(d.b) {
				return value.Value{}, errNone
			}
			d.at = at + c.size
			return c.fixed(d.b[at:], &c.arena)
		}
		if c.leaf.element.physical == physBool {
			if d.at >= 8*len(d.b) {
				return value.Value{}, errNone
			}
			bit := d.b[d.at>>3] >> (d.at & 7) & 1
			d.at++
			return c.leaf.convert(uint64(bit), nil, nil)
		}
		b, err := d.text()
		if err != nil {
			return value.Value{}, err
		}
		return c.leaf.convert(0, b, &c.arena)
	case encDictionary:
		i := int(d.index.next())
		if d.index.bad || i >= c.dict.n {
			return value.Value{}, c.damaged("a page refers to a value that its dictionary does not have")
		}
		if c.dict.values != nil {
			return c.dict.values[i], nil
		}
		return c.dict.at(c, i, &c.arena)
	case encRLE:
		v := d.index.next()
		if d.index.bad {
			return value.Value{}, errNone
		}
		return c.leaf.convert(uint64(v), nil, nil)
	case encDelta:
		if d.at >= len(d.numbers) {
			return value.Value{}, errNone
		}
		d.at++
		return c.leaf.convert(uint64(d.numbers[d.at-1]), nil, &c.arena)
	case encDeltaLength, encDeltaBytes:
		b, err := d.join()
		if err != nil {
			return value.Value{}, err
		}
		if c.leaf.element.physical == physFixed && len(b) != c.size {
			return value.Value{}, c.damaged("a value has %d bytes, not %d", len(b), c.size)
		}
		return c.leaf.convert(0, b, &c.arena)
	}
	// BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, …
	if d.at >= d.n {
		return value.Value{}, errNone
	}
	start := len(c.arena)
	for k := range c.size {
		c.arena = append(c.arena, d.b[k*d.n+d.at])
	}
	d.at++
	return c.fixed(c.arena[start:], &c.arena)
}

// text is the next string of PLAIN.
func (d *decoder) text() ([]byte, error) {
	b := d.b[d.at:]
	if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
		return nil, errNone
	}
	end := 4 + int(binary.LittleEndian.Uint32(b))
	d.at += end
	return b[4:end:end], nil
}

// join is the next string of the delta encodings.
func (d *decoder) join() ([]byte, error) {
	if d.at >= len(d.numbers) {
		return nil, errNone
	}
	n := int(d.numbers[d.at])
	tail := d.b[:n:n]
	d.b = d.b[n:]
	d.at++
	if d.encoding == encDeltaLength {
		return tail, nil
	}
	prefix := d.prefixes[d.at-1]
	if prefix < 0 || prefix > int64(len(d.last)) {
		return nil, errWrongPrefix
	}
	if prefix == 0 {
		d.last = tail
		return tail, nil
	}
	// A new one each time: the value of the row before may still be in use.
	b := make([]byte, 0, int(prefix)+n)
	d.last = append(append(b, d.last[:prefix]...), tail...)
	if len(d.last) > maxPage {
		return nil, errWrongPrefix
	}
	return d.last, nil
}

var errWrongPrefix = fault.New("ParquetParsingError", "a string continues one that is not there")

// pass skips n values of the page.
func (c *column) pass(n int) error {
	d := &c.values
	switch d.encoding {
	case encDictionary, encRLE:
		d.index.skip(n)
		if d.index.bad {
			return errNone
		}
	case encPlain:
		switch {
		case c.size > 0:
			d.at += n * c.size
		case c.leaf.element.physical == physBool:
			d.at += n
		default:
			for range n {
				if _, err := d.text(); err != nil {
					return err
				}
			}
		}
	case encDeltaLength, encDeltaBytes:
		for range n {
			if _, err := d.join(); err != nil {
				return err
			}
		}
	default:
		d.at += n
	}
	return nil
}

// width is how many bits a level of at most n has.
func width(n int) uint { return uint(mathbits.Len(uint(n))) }
