package jsonscan

import "strconv"

// MaxDepth is how deep arrays and objects may nest, the limit of encoding/json.
const MaxDepth = 10000

// A SyntaxError says what is wrong with the JSON text, and where.
type SyntaxError struct {
	Offset int    // index of the offending byte; len(b) if the text ends too early
	Msg    string // what was found, and what may stand there
}

func (e *SyntaxError) Error() string {
	return "invalid JSON at offset " + strconv.Itoa(e.Offset) + ": " + e.Msg
}

// unexpected reports the byte at b[i], or the end of the text, where want
// should have been.
func unexpected(b []byte, i int, want string) error {
	if i >= len(b) {
		return &SyntaxError{len(b), "the text ends where " + want + " is expected"}
	}
	return &SyntaxError{i, "found " + strconv.QuoteRuneToASCII(rune(b[i])) + " where " + want + " is expected"}
}
