//go:build !purego

package base64

import "golang.org/x/sys/cpu"

// The sizes from which vectors are used, in bytes of src: the least that they
// take.
const (
	minEncode = 28
	minDecode = 48
)

// encodeAVX2 encodes the first bytes of the n at src, a multiple of 24, and returns
// how many; fewer than 28 are left. dst may be before src in the same memory, by a
// third of n or more: a block is read before it is written over, and so are the
// next ones.
//
// It is here because that of segmentio/asm takes 80 ns on current Intel processors
// before it begins, for mixing SSE with AVX, and cannot be used in place; that for
// decoding takes one block at a time.
//
//go:noescape
func encodeAVX2(dst, src *byte, n int) int

// decodeAVX2 decodes the first letters of the n at src, a multiple of 32, and
// returns how many: those up to a block with anything else among them, or up to
// the last 47. It writes no more than all n letters can stand for.
//
//go:noescape
func decodeAVX2(dst, src *byte, n int) int

var hasAVX2 = cpu.X86.HasAVX2

// inPlace says that encodeVector bears the overlap of EncodeTail.
const inPlace = true

// encodeVector encodes the first bytes of src, a multiple of 3, and returns how
// many. There are minEncode of them, at least.
func encodeVector(dst, src []byte) int {
	_ = dst[EncodedLen(len(src))-1]
	if !hasAVX2 {
		return 0
	}
	return encodeAVX2(&dst[0], &src[0], len(src))
}

// decodeVector decodes the first letters of src, a multiple of 4, and returns how
// many. There are minDecode of them, at least.
func decodeVector(dst, src []byte) int {
	_ = dst[len(src)/4*3-1-2]
	if !hasAVX2 {
		return 0
	}
	return decodeAVX2(&dst[0], &src[0], len(src))
}
