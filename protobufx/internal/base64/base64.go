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
	n, k := len(dst), 0
	dst = grow(dst, len(src)/4*3+3)
	dst = dst[:cap(dst)]
	if len(src) >= minDecode {
		k = decodeVector(dst[n:], src)
		n += k / 4 * 3
	}
	// Not the standard library, where the call would take as long as the letters.
	for ; k+4 <= len(src); k += 4 {
		s, out := src[k:k+4:k+4], dst[n:n+3]
		v0, v1, v2, v3 := values[s[0]]-1, values[s[1]]-1, values[s[2]]-1, values[s[3]]-1
		v := uint(v0)<<18 | uint(v1)<<12 | uint(v2&63)<<6 | uint(v3&63)
		if v0|v1|v2|v3 < 64 {
			out[0], out[1], out[2] = byte(v>>16), byte(v>>8), byte(v)
			n += 3
			continue
		}
		if k+4 == len(src) && v0|v1 < 64 && s[3] == '=' {
			out[0], out[1] = byte(v>>16), byte(v>>8)
			if s[2] == '=' {
				return dst[:n+1], nil
			}
			if v2 < 64 {
				return dst[:n+2], nil
			}
		}
		break
	}
	if k == len(src) {
		return dst[:n], nil
	}
	// Line breaks, and what is wrong.
	dst, err := base64.StdEncoding.AppendDecode(dst[:n], src[k:])
	if corrupt, ok := err.(base64.CorruptInputError); ok {
		return dst, corrupt + base64.CorruptInputError(k)
	}
	return dst, err
}

// values are one more than what the letters stand for, 0 for what is no letter: a
// row for 16 bytes, from space on. A string is in memory that is only read.
const values = zeros + zeros +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x00\x40" +
	"\x35\x36\x37\x38\x39\x3a\x3b\x3c\x3d\x3e\x00\x00\x00\x00\x00\x00" +
	"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x00\x00\x00\x00\x00" +
	"\x00\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29" +
	"\x2a\x2b\x2c\x2d\x2e\x2f\x30\x31\x32\x33\x34\x00\x00\x00\x00\x00" +
	zeros + zeros + zeros + zeros + zeros + zeros + zeros + zeros

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// grow returns b with room for n more bytes.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(b, make([]byte, n)...)[:len(b)]
}
