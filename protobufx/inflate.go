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

// inflate appends what the gzip in src stands for to dst. The size that its end
// tells is checked against the limit first, and no more than that is taken.
func (c *Codec) inflate(dst, src []byte) ([]byte, error) {
	if len(src) < 18 {
		return dst, badGzip(nil)
	}
	size := int(binary.LittleEndian.Uint32(src[len(src)-4:]))
	// Deflate expands at most 1032 times: a larger claim is a lie, or cut off.
	if size/1032 > len(src) {
		return dst, badGzip(nil)
	}
	if err := c.checkSize(size); err != nil {
		return dst, err
	}
	f := inflaters.Get().(*inflater)
	defer inflaters.Put(f)
	f.src.Reset(src)
	if err := f.z.Reset(&f.src); err != nil {
		return dst, badGzip(err)
	}
	f.z.Multistream(false)
	n := len(dst)
	dst = slices.Grow(dst, size)[:n+size]
	if _, err := io.ReadFull(&f.z, dst[n:]); err != nil {
		return dst[:n], badGzip(err)
	}
	var more [1]byte
	if k, err := f.z.Read(more[:]); k > 0 || err != io.EOF || f.src.Len() > 0 {
		return dst[:n], badGzip(err)
	}
	return dst, nil
}

func badGzip(err error) error {
	return &Error{Status: http.StatusBadRequest, Message: errGzip.Error(), Err: err}
}
