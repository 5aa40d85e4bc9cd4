package engine

import (
	"bytes"
	"io"
)

// Delimiter is what ends a record of the input, as far as ranges of the object
// can be read on their own: empty if they cannot, since a record may span what
// looks like its end, or since it is not clear where the delimiter is.
func (c *Config) Delimiter() string {
	switch {
	case c.Columns, c.JSON && c.Document, !c.JSON && c.CSV.QuotedRecord:
		return ""
	case c.JSON:
		return "\n"
	}
	d := c.CSV.Record
	for i := 1; i < len(d); i++ {
		if d[i:] == d[:len(d)-i] {
			return "" // it can overlap itself
		}
	}
	return d
}

// A Slice reads the records that start in a range of an object: from the first
// one that starts at or behind the range's start, to the end of the last one that
// starts before its end.
type Slice struct {
	r     io.Reader // from From(start, delimiter) on
	at    int64     // offset of what is read next
	start int64
	end   int64
	delim []byte
	tail  []byte // the last bytes read, which a delimiter may have begun with
	state int    // 0: before the first record, 1: within, 2: behind the last one
}

// From is where to start reading an object for the range that starts at start.
func From(start int64, delim string) int64 { return max(start-int64(len(delim)), 0) }

// NewSlice reads the range start to end, end not included, from r, which starts
// at From(start, delim).
func NewSlice(r io.Reader, start, end int64, delim string) *Slice {
	s := &Slice{r: r, at: From(start, delim), start: start, end: end, delim: []byte(delim)}
	if start == 0 {
		s.state = 1
	}
	return s
}

func (s *Slice) Read(p []byte) (int, error) {
	for {
		if s.state == 2 || s.start >= s.end {
			return 0, io.EOF
		}
		n, err := s.r.Read(p)
		b := p[:n]
		if s.state == 0 {
			b = s.skip(b)
		}
		if s.state == 1 {
			b = s.cut(b)
		}
		if len(b) > 0 || err != nil {
			return copy(p, b), err
		}
	}
}

// skip drops what is before the first record.
func (s *Slice) skip(b []byte) []byte {
	k := s.next(b, s.start)
	if k < 0 {
		if s.at += int64(len(b)); s.at >= s.end {
			s.state = 2 // one record spans all of the range, which thus has none
		}
		return nil
	}
	s.at += int64(k)
	s.tail = s.tail[:0]
	s.state = 1
	if s.at >= s.end {
		s.state = 2
		return nil
	}
	return b[k:]
}

// cut drops what is behind the last record.
func (s *Slice) cut(b []byte) []byte {
	k := s.next(b, s.end)
	if k < 0 {
		s.at += int64(len(b))
		return b
	}
	s.at += int64(k)
	s.state = 2
	return b[:k]
}

// next is the index in b, which starts at s.at, of the first record that starts
// at or behind the offset, -1 if there is none in b. It remembers the end of b.
func (s *Slice) next(b []byte, offset int64) int {
	d := len(s.delim)
	// A delimiter may straddle what has been read before and b.
	if t := len(s.tail); t > 0 && len(b) > 0 {
		joint := append(append([]byte{}, s.tail...), b[:min(len(b), d-1)]...)
		for i := 0; i+d <= len(joint); i++ {
			if bytes.Equal(joint[i:i+d], s.delim) && s.at+int64(i+d-t) >= offset {
				return i + d - t
			}
		}
	}
	from := int(min(max(offset-int64(d)-s.at, 0), int64(len(b))))
	if i := bytes.Index(b[from:], s.delim); i >= 0 {
		return from + i + d
	}
	s.tail = append(s.tail, b[max(len(b)-(d-1), 0):]...)
	s.tail = s.tail[max(len(s.tail)-(d-1), 0):]
	return -1
}
