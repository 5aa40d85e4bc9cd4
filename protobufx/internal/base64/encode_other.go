//go:build !amd64 || purego

package base64

import asm "github.com/segmentio/asm/base64"

// inPlace says that encodeVector bears the overlap of EncodeTail.
const inPlace = false

// encodeVector encodes the first bytes of src, a multiple of 3, and returns how
// many. There are minEncode of them, at least.
func encodeVector(dst, src []byte) int {
	n := len(src) / 3 * 3
	asm.StdEncoding.Encode(dst, src[:n])
	return n
}
