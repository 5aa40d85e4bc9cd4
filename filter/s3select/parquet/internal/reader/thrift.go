package reader

import (
	"encoding/binary"
	"errors"
	"math"
)

// The types of Thrift's compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
	thriftUUID   = 13
)

var (
	errCut   = errors.New("it ends too early")
	errWrong = errors.New("it is not well-formed")
)

// A thrift reads one message. It allocates nothing: whatever length the message
// claims is first held against the bytes that are there. After the first error
// everything reads as zero.
type thrift struct {
	b     []byte
	i     int
	err   error
	depth int
}

const maxThriftDepth = 32 // of structs and lists; Parquet's have 8

func (t *thrift) fail(err error) {
	if t.err == nil {
		t.err = err
	}
	t.i = len(t.b)
}

func (t *thrift) byte() byte {
	if t.i >= len(t.b) {
		t.fail(errCut)
		return 0
	}
	t.i++
	return t.b[t.i-1]
}

func (t *thrift) uvarint() uint64 {
	v, n := binary.Uvarint(t.b[t.i:])
	switch {
	case n == 0:
		t.fail(errCut)
		return 0
	case n < 0:
		t.fail(errWrong)
		return 0
	}
	t.i += n
	return v
}

// length is a number of things of at least one byte each.
func (t *thrift) length() int {
	n := t.uvarint()
	if n > uint64(len(t.b)-t.i) {
		if n > math.MaxInt32 {
			t.fail(errWrong)
		}
		t.fail(errCut)
		return 0
	}
	return int(n)
}

func (t *thrift) int(kind byte) int64 {
	switch kind {
	case thriftByte:
		return int64(int8(t.byte()))
	case thriftI16, thriftI32, thriftI64:
		v := t.uvarint()
		return int64(v>>1) ^ -int64(v&1)
	}
	t.fail(errWrong)
	return 0
}

// int32 is an int that 32 bits hold.
func (t *thrift) int32(kind byte) int32 {
	v := t.int(kind)
	if v != int64(int32(v)) {
		t.fail(errWrong)
		return 0
	}
	return int32(v)
}

func (t *thrift) bool(kind byte) bool {
	if kind != thriftTrue && kind != thriftFalse {
		t.fail(errWrong)
	}
	return kind == thriftTrue
}

// bytes borrows from the message; it is not nil.
func (t *thrift) bytes(kind byte) []byte {
	if kind != thriftBinary {
		t.fail(errWrong)
		return []byte{}
	}
	n := t.length()
	t.i += n
	return t.b[t.i-n : t.i : t.i]
}

// fields reads a struct; f reads a field, or reports that it does not know it.
func (t *thrift) fields(kind byte, f func(id int16, kind byte) bool) {
	if kind != thriftStruct {
		t.fail(errWrong)
	}
	if t.depth++; t.depth > maxThriftDepth {
		t.fail(errWrong)
	}
	id := int16(0)
	for t.err == nil {
		head := t.byte()
		kind := head & 15
		if head == 0 || t.err != nil {
			break
		}
		if delta := head >> 4; delta != 0 {
			id += int16(delta)
		} else {
			id = int16(t.int(thriftI16))
		}
		if !f(id, kind) {
			t.skip(kind)
		}
	}
	t.depth--
}

// list reads a list; f reads an element.
func (t *thrift) list(kind byte, f func(i int, kind byte)) {
	if kind != thriftList && kind != thriftSet {
		t.fail(errWrong)
		return
	}
	if t.depth++; t.depth > maxThriftDepth {
		t.fail(errWrong)
	}
	head := t.byte()
	n := int(head >> 4)
	if n == 15 {
		n = t.length()
	}
	for i := 0; i < n && t.err == nil; i++ {
		f(i, head&15)
	}
	t.depth--
}

func (t *thrift) skip(kind byte) {
	switch kind {
	case thriftTrue, thriftFalse: // of a field, that was all
	case thriftByte, thriftI16, thriftI32, thriftI64:
		t.int(kind)
	case thriftDouble:
		t.discard(8)
	case thriftUUID:
		t.discard(16)
	case thriftBinary:
		t.bytes(kind)
	case thriftList, thriftSet:
		t.list(kind, func(_ int, kind byte) { t.skipElement(kind) })
	case thriftMap:
		n := t.length()
		if n == 0 {
			return
		}
		kinds := t.byte()
		for range n {
			if t.err != nil {
				return
			}
			t.skipElement(kinds >> 4)
			t.skipElement(kinds & 15)
		}
	case thriftStruct:
		t.fields(kind, func(int16, byte) bool { return false })
	default:
		t.fail(errWrong)
	}
}

// skipElement differs from skip in that a bool of a list has a byte.
func (t *thrift) skipElement(kind byte) {
	if kind == thriftTrue || kind == thriftFalse {
		t.byte()
		return
	}
	t.skip(kind)
}

func (t *thrift) discard(n int) {
	if n > len(t.b)-t.i {
		t.fail(errCut)
		return
	}
	t.i += n
}
