// Package base64 is the standard base64 encoding with padding at the speed of
// memory: vector instructions (segmentio/asm) from the size where they win, the
// standard library below it.
package base64

import (
	"encoding/base64"
	"sync"
	"unsafe"

	asm "github.com/segmentio/asm/base64"
)

// EncodedLen returns the length of n bytes in base64.
func EncodedLen(n int) int { return (n + 2) / 3 * 4 }

// Encode encodes src into dst, which must have EncodedLen(len(src)) bytes and
// must not overlap it.
func Encode(dst, src []byte) {
	if len(src) < minEncode {
		base64.StdEncoding.Encode(dst, src)
		return
	}
	if uintptr(unsafe.Pointer(&src[0]))%page < 4 {
		// The vector code on amd64 looks at the four bytes before src, with a
		// mask. Where they are on a page before, the processor may stop to make
		// sure of the mask, which takes longer than the rest.
		base64.StdEncoding.Encode(dst, src[:lead])
		dst, src = dst[lead/3*4:], src[lead:]
	}
	asm.StdEncoding.Encode(dst, src)
}

const (
	page = 4096 // bytes, the least of any system
	lead = 12   // bytes; a multiple of 3, and more than 4
)

// Append appends src in base64 to dst.
func Append(dst, src []byte) []byte {
	n, k := len(dst), EncodedLen(len(src))
	dst = grow(dst, k)[:n+k]
	Encode(dst[n:], src)
	return dst
}

// EncodeTail encodes the last n bytes of b over the whole of b, which must have
// EncodedLen(n) bytes. Reading is never behind writing: what the first i bytes
// become ends at 4i/3, and i more than len(b)-n is where reading goes on.
func EncodeTail(b []byte, n int) {
	if n < minEncode {
		var raw [minEncode]byte // copied: encoders don't promise to bear an overlap
		copy(raw[:], b[len(b)-n:])
		base64.StdEncoding.Encode(b, raw[:n])
		return
	}
	c := chunks.Get().(*[lead + chunk]byte)
	raw := c[lead:]
	for src := b[len(b)-n:]; len(src) > 0; {
		k := copy(raw, src)
		src = src[k:]
		Encode(b, raw[:k])
		b = b[EncodedLen(k):]
	}
	chunks.Put(c)
}

// chunk is a multiple of 3, at home in the first cache.
const chunk = 3 << 10 // bytes

// chunks are not on the stack, as what vector code is given never is.
var chunks = sync.Pool{New: func() any { return new([lead + chunk]byte) }}

// AppendDecode appends to dst what src stands for. As in the standard library,
// line breaks count for nothing, and the error is a CorruptInputError with the
// offset in src.
func AppendDecode(dst, src []byte) ([]byte, error) {
	if len(src) < minDecode {
		return base64.StdEncoding.AppendDecode(dst, src)
	}
	n := len(dst)
	dst = grow(dst, base64.StdEncoding.DecodedLen(len(src)))
	k, err := asm.StdEncoding.Decode(dst[n:cap(dst)], src)
	if err != nil {
		// Found out again: the vector code counts from where it stopped.
		return base64.StdEncoding.AppendDecode(dst[:n], src)
	}
	return dst[:n+k], nil
}

// grow returns b with room for n more bytes.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(b, make([]byte, n)...)[:len(b)]
}
