// Package jsonscan walks raw JSON bytes once, without allocating: skip, find,
// compare, unescape, parse numbers, and quote strings. It is what event decoding, batch splitting, pattern
// matching and the select engine stand on, and it imports only the standard
// library.
//
// # Positions
//
// Functions take the whole buffer b and an index i, and return an index into
// the same buffer. A token or value is the half-open range b[i:end]. Nothing
// here copies or retains b; a []byte that is returned points into it.
//
// # Exactness
//
// The grammar is RFC 8259's, and validity is exactly that of encoding/json:
// the same number syntax, the same escapes, no control character below U+0020
// inside a string, nesting up to [MaxDepth], and invalid UTF-8 or unpaired
// surrogates accepted in a string and replaced by U+FFFD when it is decoded.
// [Skip] validates all that it skips. Nothing validates what it does not walk:
// whoever stops early knows only that the part before is well-formed.
//
// # Speed
//
// Text is looked at eight bytes at a time, as words (swar.go). What a scanner
// waits for is not arithmetic but where the token ends, since the next look
// depends on it: so plain runs advance by a constant, a whole word's escapes are
// found at once, and a number's end takes one look where it can. Open brackets
// are the bits of one word: nesting costs one call per 64 levels. Words are
// loaded without bounds checks; each load stands right behind its own check that
// eight bytes are there, and tests run it against the end of mapped memory.
//
// # Errors
//
// Every error is a [*SyntaxError] with the byte offset in b.
package jsonscan
