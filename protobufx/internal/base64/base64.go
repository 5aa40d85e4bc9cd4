// Package base64 is the standard base64 encoding with padding at the speed of
// memory: vector instructions (segmentio/asm) from the size where they win, the
// standard library below it.
package base64

import (
	"encoding/base64"
	"sync"

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
	asm.StdEncoding.Encode(dst, src)
}

// Append appends src in base64 to dst.
func Append(dst, src []byte) []byte {
	if len(src) < minEncode {
		return base64.StdEncoding.AppendEncode(dst, src)
	}
	n := len(dst)
	dst = append(dst, make([]byte, EncodedLen(len(src)))...)
	asm.StdEncoding.Encode(dst[n:], src)
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
	raw := chunks.Get().(*[chunk]byte)
	for src := b[len(b)-n:]; len(src) > 0; {
		k := copy(raw[:], src)
		src = src[k:]
		Encode(b, raw[:k])
		b = b[EncodedLen(k):]
	}
	chunks.Put(raw)
}

// chunk is a multiple of 3, at home in the first cache.
const chunk = 3 << 10 // bytes

// chunks are not on the stack, as what vector code is given never is.
var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

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
