package jsonscan

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// SWAR: eight bytes of text in one word, the first in the lowest byte. A mask
// has the high bit of each byte that matches, and no other.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
	lows  = ^uint64(highs)
)

// load returns b[i:i+8] as a word. The caller has seen that i+8 <= len(b); that
// check is not repeated.
func load(b []byte, i int) uint64 {
	p := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)
	return binary.LittleEndian.Uint64((*[8]byte)(p)[:])
}

// loadString is load from a string.
func loadString(s string, i int) uint64 {
	p := unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i)
	return binary.LittleEndian.Uint64((*[8]byte)(p)[:])
}

// firstByte returns the index, 0 to 7, of the lowest byte set in the mask.
func firstByte(mask uint64) int { return bits.TrailingZeros64(mask) >> 3 }

// firstSpecial masks what ends a plain run inside a string: the quote, the
// backslash and control characters. Flipping bit 1 puts the quote right after
// the control characters and moves none of these away. Only the lowest bit of
// the mask is right: a match borrows from the byte above it.
func firstSpecial(w uint64) uint64 {
	return (((w ^ ones*2) - ones*0x21) | ((w ^ ones*'\\') - ones)) & (^w & highs)
}

// firstUnsafe is firstSpecial with every byte outside ASCII among the masked.
func firstUnsafe(w uint64) uint64 {
	return (((w ^ ones*2) - ones*0x21) | ((w ^ ones*'\\') - ones) | w) & highs
}

// classes masks the quotes, the backslashes and the control characters. No sum
// carries from one byte into the next.
func classes(w uint64) (quote, slash, control uint64) {
	t, ascii := w&lows, ^w&highs
	return ascii &^ ((t ^ ones*'"') + lows), ascii &^ ((t ^ ones*'\\') + lows), ascii &^ (t + ones*(0x80-' '))
}

// nonDigits masks the bytes that are no decimal digit. No sum carries from one
// byte into the next.
func nonDigits(w uint64) uint64 {
	x := w ^ ones*'0' // a digit becomes 0 to 9
	return (x&lows + ones*(0x80-10) | x) & highs
}

// eightDigits is the number that a word of eight decimal digits spells: pairs,
// then fours, then all eight, each step in one multiplication.
func eightDigits(w uint64) uint64 {
	w -= ones * '0'
	w = w*10 + w>>8 // the pairs in every second byte
	return ((w&0x000000ff000000ff)*(100+1000000<<32) + (w>>16&0x000000ff000000ff)*(1+10000<<32)) >> 32
}
