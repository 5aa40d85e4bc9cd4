package protobufx

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"
)

// An inflater undoes gzip.
type inflater struct {
	src bytes.Reader
	z   gzip.Reader
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// isGzip reports whether b begins as gzip does. No protobuf message begins so,
// as wire type 7 doesn't exist, and no JSON.
func isGzip(b []byte) bool { return len(b) > 2 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 }

var errGzip = errors.New("the body is not one complete member of gzip")

// inflate puts what the gzip in src stands for into buf. The size that its end
// tells is checked against the limit first, and no more than that is taken; of a
// large body the beginning is looked through before there is memory for the rest.
func (c *Codec) inflate(buf *buffer, src []byte, f format, m proto.Message) error {
	if len(src) < 18 {
		return badGzip(nil)
	}
	size := int(binary.LittleEndian.Uint32(src[len(src)-4:]))
	// Deflate expands at most 1032 times: a larger claim is a lie, or cut off.
	if size/1032 > len(src) {
		return badGzip(nil)
	}
	if err := c.checkSize(size); err != nil {
		return err
	}
	z := inflaters.Get().(*inflater)
	defer inflaters.Put(z)
	z.src.Reset(src)
	if err := z.z.Reset(&z.src); err != nil {
		return badGzip(err)
	}
	z.z.Multistream(false)
	first := min(size, probeSize)
	buf.b = slices.Grow(buf.b[:0], first)[:first]
	if _, err := io.ReadFull(&z.z, buf.b); err != nil {
		return badGzip(err)
	}
	if size > first {
		if err := c.probe(buf.b, size, f, m); err != nil {
			return err
		}
		buf.b = slices.Grow(buf.b, size-first)[:size]
		if _, err := io.ReadFull(&z.z, buf.b[first:]); err != nil {
			return badGzip(err)
		}
	}
	var more [1]byte
	if k, err := z.z.Read(more[:]); k > 0 || err != io.EOF || z.src.Len() > 0 {
		return badGzip(err)
	}
	return nil
}

func badGzip(err error) error {
	return &Error{Status: http.StatusBadRequest, Message: errGzip.Error(), Err: err}
}
