package jsonscan

// Space returns the index of the first byte at or after b[i] that is not JSON
// white space, len(b) if there is none.
func Space(b []byte, i int) int {
	// Mostly there is none, so this much is inlined.
	if uint(i) < uint(len(b)) && b[i] > ' ' {
		return i
	}
	return skipSpaces(b, i)
}

//go:noinline
func skipSpaces(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' {
		switch b[i] {
		case '\n', '\r', '\t':
			i++
		case ' ':
			i++
			// Indentation: the first byte that differs ends a run of spaces.
			for i+8 <= len(b) {
				x := load(b, i) ^ ones*' '
				if x != 0 {
					i += firstByte(x)
					break
				}
				i += 8
			}
		default:
			return i
		}
	}
	return i
}
