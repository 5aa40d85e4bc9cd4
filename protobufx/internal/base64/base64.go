// Package base64 is the standard base64 encoding with padding at the speed of
// memory: vector instructions from the size where they win, on amd64 our own,
// elsewhere those of segmentio/asm.
package base64

import (
	"encoding/base64"
	"sync"
)

// EncodedLen returns the length of n bytes in base64.
func EncodedLen(n int) int { return (n + 2) / 3 * 4 }

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// Encode encodes src into dst, which must have EncodedLen(len(src)) bytes and
// must not overlap it.
func Encode(dst, src []byte) {
	if len(src) >= minEncode {
		n := encodeVector(dst, src)
		dst, src = dst[n/3*4:], src[n:]
	}
	// Not the standard library: the call would take as long as the letters, and
	// it doesn't promise to bear the overlap of EncodeTail.
	for len(src) >= 3 {
		v := uint(src[0])<<16 | uint(src[1])<<8 | uint(src[2])
		_ = dst[3]
		dst[0], dst[1], dst[2], dst[3] = alphabet[v>>18&63], alphabet[v>>12&63], alphabet[v>>6&63], alphabet[v&63]
		dst, src = dst[4:], src[3:]
	}
	switch len(src) {
	case 1:
		v := uint(src[0]) << 4
		_ = dst[3]
		dst[0], dst[1], dst[2], dst[3] = alphabet[v>>6&63], alphabet[v&63], '=', '='
	case 2:
		v := uint(src[0])<<10 | uint(src[1])<<2
		_ = dst[3]
		dst[0], dst[1], dst[2], dst[3] = alphabet[v>>12&63], alphabet[v>>6&63], alphabet[v&63], '='
	}
}

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
	if n < minEncode || inPlace {
		Encode(b, b[len(b)-n:])
		return
	}
	c := chunks.Get().(*[chunk]byte)
	for src := b[len(b)-n:]; len(src) > 0; {
		k := copy(c[:], src)
		src = src[k:]
		Encode(b, c[:k])
		b = b[EncodedLen(k):]
	}
	chunks.Put(c)
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
	return appendDecode(dst, src)
}

func appendDecode(dst, src []byte) ([]byte, error) {
	n := len(dst)
	dst = grow(dst, base64.StdEncoding.DecodedLen(len(src)))
	k := decodeVector(dst[n:cap(dst)], src)
	n += k / 4 * 3
	out, err := base64.StdEncoding.AppendDecode(dst[:n], src[k:])
	if corrupt, ok := err.(base64.CorruptInputError); ok {
		return out, corrupt + base64.CorruptInputError(k)
	}
	return out, err
}

// grow returns b with room for n more bytes.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(b, make([]byte, n)...)[:len(b)]
}
