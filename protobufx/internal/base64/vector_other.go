//go:build !amd64 || purego

package base64

import asm "github.com/segmentio/asm/base64"

// The sizes from which vectors are used, in bytes of src. Where there is no vector
// code both ways are the same.
const (
	minEncode = 128
	minDecode = 128
)

// inPlace says that encodeVector bears the overlap of EncodeTail.
const inPlace = false

// encodeVector encodes the first bytes of src, a multiple of 3, and returns how
// many. There are minEncode of them, at least.
func encodeVector(dst, src []byte) int {
	n := len(src) / 3 * 3
	asm.StdEncoding.Encode(dst, src[:n])
	return n
}

// decodeVector decodes the first letters of src, a multiple of 4, and returns how
// many. There are minDecode of them, at least.
func decodeVector(dst, src []byte) int {
	n := len(src)/4*4 - 4 // without padding
	if _, err := asm.StdEncoding.Decode(dst, src[:n]); err != nil {
		return 0
	}
	return n
}
