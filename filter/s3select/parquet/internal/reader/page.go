package reader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// Page types, encodings and codecs.
const (
	pageData       = 0
	pageDictionary = 2
	pageDataV2     = 3

	encPlain       = 0
	encPlainDict   = 2
	encRLE         = 3
	encDelta       = 5
	encDeltaLength = 6
	encDeltaBytes  = 7
	encDictionary  = 8
	encByteStream  = 9

	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecZstd   = 6
)

var codecNames = map[int32]string{3: "LZO", 4: "BROTLI", 5: "LZ4", 7: "LZ4_RAW"}

const (
	maxHeader = 1 << 20
	maxPage   = 64 << 20 // of a page, decompressed
	// maxMemory is what the pages and dictionaries of all columns may have at once:
	// as much as S3 allows a whole row group.
	maxMemory = 512 << 20
)

// A header is a page's.
type header struct {
	kind         int32
	uncompressed int
	compressed   int
	crc          uint32
	hasCRC       bool
	values       int // entries, with those that are NULL
	encoding     int32
	defEncoding  int32
	repEncoding  int32
	// Of a data page of version 2:
	nulls, rows       int
	defBytes, repSize int
	stored            bool // its values are not compressed
}

// readHeader reads a page header at the start of b.
func readHeader(b []byte) (h header, size int, err error) {
	h.kind = -1
	t := &thrift{b: b}
	n := func(kind byte) int { return int(t.int32(kind)) }
	t.fields(thriftStruct, func(id int16, kind byte) bool {
		switch id {
		case 1:
			h.kind = t.int32(kind)
		case 2:
			h.uncompressed = n(kind)
		case 3:
			h.compressed = n(kind)
		case 4:
			h.crc, h.hasCRC = uint32(t.int32(kind)), true
		case 5, 7:
			t.fields(kind, func(id int16, kind byte) bool {
				switch id {
				case 1:
					h.values = n(kind)
				case 2:
					h.encoding = t.int32(kind)
				case 3:
					if kind == thriftTrue || kind == thriftFalse {
						return false // a dictionary that is sorted
					}
					h.defEncoding = t.int32(kind)
				case 4:
					h.repEncoding = t.int32(kind)
				default:
					return false
				}
				return true
			})
		case 8:
			h.defEncoding, h.repEncoding = encRLE, encRLE
			t.fields(kind, func(id int16, kind byte) bool {
				switch id {
				case 1:
					h.values = n(kind)
				case 2:
					h.nulls = n(kind)
				case 3:
					h.rows = n(kind)
				case 4:
					h.encoding = t.int32(kind)
				case 5:
					h.defBytes = n(kind)
				case 6:
					h.repSize = n(kind)
				case 7:
					h.stored = !t.bool(kind)
				default:
					return false
				}
				return true
			})
		default:
			return false
		}
		return true
	})
	if t.err == nil && (h.uncompressed < 0 || h.compressed < 0 || h.values < 0 || h.rows < 0 || h.defBytes < 0 || h.repSize < 0) {
		t.err = errWrong
	}
	return h, t.i, t.err
}

// next reads the next page header of the chunk.
func (c *column) next() (header, error) {
	for n := 256; ; n = min(16*n, maxHeader) {
		if n > c.in.Size() {
			c.in = newBuffer(c.in, n)
		}
		b, err := c.in.Peek(int(min(int64(n), c.left)))
		if err != nil && !errors.Is(err, io.EOF) {
			return header{}, err
		}
		h, size, herr := readHeader(b)
		switch {
		case herr == nil:
			c.in.Discard(size)
			c.left -= int64(size)
			return h, c.checkHeader(&h)
		case errors.Is(herr, errCut) && len(b) == n && n < maxHeader:
			continue
		}
		return header{}, c.damaged("a page header: %s", herr)
	}
}

func (c *column) checkHeader(h *header) error {
	switch {
	case int64(h.compressed) > c.left:
		return c.damaged("a page of %d bytes is in a column of which %d are left", h.compressed, c.left)
	case h.uncompressed > maxPage:
		return fault.New("OverMaxParquetBlockSize", "a page of the column %s has %d bytes, at most %d are read", c.leaf.name, h.uncompressed, maxPage)
	}
	return nil
}

// body reads and decompresses a page. The first plain bytes are never compressed.
func (c *column) body(h *header, plain int) ([]byte, error) {
	if plain > h.compressed || plain > h.uncompressed {
		return nil, c.damaged("a page of %d bytes has levels of %d", h.compressed, plain)
	}
	raw := c.raw
	if codec := c.chunk.codec; codec == codecNone || h.stored {
		if h.compressed != h.uncompressed {
			return nil, c.damaged("a page of %d bytes says that it has %d", h.compressed, h.uncompressed)
		}
		// Its values are borrowed from here.
		raw = c.page
	}
	raw, err := c.buffer(raw, h.compressed)
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(c.in, raw); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, c.damaged("a page of %d bytes is cut off", h.compressed)
		}
		return nil, err
	}
	c.left -= int64(h.compressed)
	c.scan.decoded += int64(h.uncompressed)
	if h.hasCRC && crc32.ChecksumIEEE(raw) != h.crc {
		return nil, c.damaged("the checksum of a page is wrong")
	}
	if c.chunk.codec == codecNone || h.stored {
		c.page = raw
		return raw, nil
	}
	c.raw = raw
	from, size := raw[plain:], h.uncompressed-plain
	// No more is allocated than the codec could make of what is there.
	if most := map[int32]int{codecSnappy: 32, codecGzip: 1040}[c.chunk.codec]; most > 0 && size > most*len(from)+1024 {
		return nil, c.damaged("%d bytes cannot have been compressed to %d", size, len(from))
	}
	if c.page, err = c.buffer(c.page, h.uncompressed); err != nil {
		return nil, err
	}
	copy(c.page, raw[:plain])
	if err := c.scan.decompress(c.chunk.codec, c.page[plain:], from); err != nil {
		return nil, c.damaged("a page cannot be decompressed: %s", err)
	}
	return c.page, nil
}

// buffer is b with n bytes. A column whose rows may go over the end of a page has
// a new one for each: values of the row are in the last one.
func (c *column) buffer(b []byte, n int) ([]byte, error) {
	if cap(b) >= n && c.leaf.rep == 0 {
		return b[:n], nil
	}
	if err := c.grow(n - cap(b)); err != nil {
		return nil, err
	}
	return make([]byte, n), nil
}

// grow accounts for memory.
func (c *column) grow(n int) error {
	c.memory += n
	if c.scan.memory += n; c.scan.memory > maxMemory {
		return fault.New("OverMaxParquetBlockSize", "the pages of the columns that the query needs have more than %d bytes at once", maxMemory)
	}
	return nil
}

// codecs are the decompressors of a scan, made when they are needed.
type codecs struct {
	gzip *gzip.Reader
	zstd *zstd.Decoder
}

func (s *codecs) close() {
	if s.zstd != nil {
		s.zstd.Close()
	}
}

var errLength = errors.New("its length is another one")

// decompress fills dst.
func (s *codecs) decompress(codec int32, dst, src []byte) error {
	if len(dst) == 0 && len(src) == 0 {
		return nil
	}
	switch codec {
	case codecSnappy:
		n, err := snappy.DecodedLen(src)
		if err != nil {
			return err
		}
		if n != len(dst) {
			return errLength
		}
		_, err = snappy.Decode(dst, src)
		return err
	case codecGzip:
		var err error
		if s.gzip == nil {
			s.gzip, err = gzip.NewReader(bytes.NewReader(src))
		} else {
			err = s.gzip.Reset(bytes.NewReader(src))
		}
		if err != nil {
			return err
		}
		if _, err := io.ReadFull(s.gzip, dst); err != nil {
			return err
		}
		var more [1]byte
		if n, err := s.gzip.Read(more[:]); n > 0 || err != io.EOF {
			return errLength
		}
		return nil
	}
	if s.zstd == nil {
		var err error
		if s.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxPage)); err != nil {
			return err
		}
	}
	out, err := s.zstd.DecodeAll(src, dst[:0:len(dst)])
	if err == nil && len(out) != len(dst) {
		err = errLength
	}
	return err
}

// dictionary reads the values that data pages refer to.
func (c *column) dictionary(h *header) error {
	b, err := c.body(h, 0)
	if err != nil {
		return err
	}
	if c.dict.loaded || h.encoding != encPlain && h.encoding != encPlainDict {
		return c.damaged("it has a second dictionary, or one that is not PLAIN")
	}
	c.page = nil // it stays
	return c.dict.fill(c, b, h.values)
}

// levels reads the levels that version 1 has in front of the values.
func levels(b []byte, most int) (h hybrid, rest []byte, err error) {
	if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
		return h, nil, errCut
	}
	n := 4 + int(binary.LittleEndian.Uint32(b))
	return hybrid{b: b[4:n], width: width(most)}, b[n:], nil
}
