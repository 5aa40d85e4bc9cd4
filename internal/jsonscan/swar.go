package jsonscan

import "math/bits"

// SWAR: eight bytes of text in one word, the first in the lowest byte. A mask
// has the high bit of each matching byte; carries make bytes above the first
// match unreliable, so only the lowest set bit of a mask counts.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// firstByte returns the index, 0 to 7, of the lowest byte set in the mask.
func firstByte(mask uint64) int { return bits.TrailingZeros64(mask) >> 3 }

// stringBytes masks the bytes that end a plain run inside a string: the quote,
// the backslash and control characters.
func stringBytes(w uint64) uint64 {
	// A byte below 0x20 borrows in w-0x20…; quote and backslash become zero
	// bytes, which borrow in x-1. &^w keeps bytes of 0x80 and above out.
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((w - ones*0x20) | (quote - ones) | (slash - ones)) &^ w & highs
}

// unsafeBytes is stringBytes and every byte outside ASCII.
func unsafeBytes(w uint64) uint64 {
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((w - ones*0x20) | (quote - ones) | (slash - ones) | w) & highs
}
