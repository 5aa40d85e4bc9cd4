package jsonscan_test

// The reference: the scanner in its simplest form, which the fast one must equal
// in where it ends and where it fails.

import "errors"

var errRef = errors.New("invalid")

// refSkip returns the end of the value at b[i], or the offset of the byte that
// makes it invalid.
func refSkip(b []byte, i, depth int) (int, error) {
	at := func(i int) byte {
		if i < len(b) {
			return b[i]
		}
		return 0
	}
	switch c := at(i); {
	case c == '"':
		return refString(b, i)
	case c == '-' || c >= '0' && c <= '9':
		return refNumber(b, i)
	case c == '[' || c == '{':
		closing := c + 2
		if depth++; depth > 10000 {
			return i, errRef
		}
		if i = refSpace(b, i+1); at(i) == closing {
			return i + 1, nil
		}
		for {
			var err error
			if c == '{' {
				if i, err = refString(b, i); err != nil {
					return i, err
				}
				if i = refSpace(b, i); at(i) != ':' {
					return i, errRef
				}
				i = refSpace(b, i+1)
			}
			if i, err = refSkip(b, i, depth); err != nil {
				return i, err
			}
			i = refSpace(b, i)
			if at(i) == closing {
				return i + 1, nil
			}
			if at(i) != ',' {
				return i, errRef
			}
			i = refSpace(b, i+1)
		}
	}
	for _, lit := range []string{"null", "true", "false"} {
		if at(i) != lit[0] {
			continue
		}
		for j := range len(lit) {
			if at(i+j) != lit[j] {
				return i + j, errRef
			}
		}
		return i + len(lit), nil
	}
	return i, errRef
}

func refSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

func refString(b []byte, i int) (int, error) {
	if i >= len(b) || b[i] != '"' {
		return i, errRef
	}
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return i, errRef
		case c == '\\':
			if i++; i >= len(b) {
				return i, errRef
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					if i++; i >= len(b) || !(b[i] >= '0' && b[i] <= '9' || b[i] >= 'a' && b[i] <= 'f' || b[i] >= 'A' && b[i] <= 'F') {
						return i, errRef
					}
				}
			default:
				return i, errRef
			}
		}
	}
	return i, errRef
}

func refNumber(b []byte, i int) (int, error) {
	digits := func() bool {
		start := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > start
	}
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return i, errRef
	}
	if i < len(b) && b[i] == '.' {
		if i++; !digits() {
			return i, errRef
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return i, errRef
		}
	}
	return i, nil
}
