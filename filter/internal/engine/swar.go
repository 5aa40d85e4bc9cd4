package engine

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Eight bytes of text in one word, the first in the lowest byte, as jsonscan
// reads them. The scanner has its own so that they inline into its loop.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// load returns b[i:i+8] as a word. The caller has seen that i+8 <= len(b).
func load(b []byte, i int) uint64 {
	p := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)
	return binary.LittleEndian.Uint64((*[8]byte)(p)[:])
}

// special masks the quotes, backslashes and control characters. Only the lowest
// bit of the mask is right: a match borrows from the byte above it.
func special(w uint64) uint64 {
	return (((w ^ ones*2) - ones*0x21) | ((w ^ ones*'\\') - ones)) & (^w & highs)
}

// first returns the index, 0 to 7, of the lowest byte set in the mask, 8 if none is.
func first(mask uint64) int { return bits.TrailingZeros64(mask) >> 3 }
