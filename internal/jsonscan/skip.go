package jsonscan

// Skip validates the value that starts at b[i] (no white space before it) and
// returns the index just past it.
func Skip(b []byte, i int) (end int, err error) {
	switch KindAt(b, i) {
	case String:
		return skipText(b, i+1)
	case Number:
		return SkipNumber(b, i)
	case Array, Object:
		return skipNested(b, i, 0)
	}
	return skipLiteral(b, i)
}

// Valid validates b as one JSON text: a value with nothing but white space
// around it. It is nil exactly when json.Valid(b) is true.
func Valid(b []byte) error {
	end, err := Skip(b, Space(b, 0))
	if err != nil {
		return err
	}
	return End(b, end)
}

// End reports anything but white space at or after b[i].
func End(b []byte, i int) error {
	if i = Space(b, i); i < len(b) {
		return unexpected(b, i, "the end of the text")
	}
	return nil
}

// skipNested skips the array or object at b[i], inside so many others. Its
// stack of open brackets is one word; only what nests deeper than that recurses,
// one call for every 64 levels.
func skipNested(b []byte, i, outer int) (_ int, err error) {
	var objects uint64 // the lowest bit is the innermost bracket: 1 for an object
	depth := 0
open:
	if outer+depth >= MaxDepth {
		return i, &SyntaxError{i, "nested deeper than 10000"}
	}
	if depth == 64 {
		if i, err = skipNested(b, i, outer+64); err != nil {
			return i, err
		}
		goto after
	}
	depth++
	if b[i] == '[' {
		objects <<= 1
		if i = Space(b, i+1); i < len(b) && b[i] == ']' {
			goto closing
		}
		goto value
	}
	objects = objects<<1 | 1
	if i = Space(b, i+1); i < len(b) && b[i] == '}' {
		goto closing
	}

name:
	if uint(i) >= uint(len(b)) || b[i] != '"' {
		return i, unexpected(b, i, "a member's name")
	}
	if end := shortText(b, i+1); end > 0 {
		i = end
	} else if i, err = skipText(b, i+1); err != nil {
		return i, err
	}
	if uint(i) < uint(len(b)) && b[i] == ':' {
		i = Space(b, i+1)
	} else if i, err = skipColon(b, i); err != nil {
		return i, err
	}

value:
	if uint(i) >= uint(len(b)) {
		return i, unexpected(b, i, "a value")
	}
	switch kinds[b[i]] {
	case String:
		i, err = skipText(b, i+1)
	case Number:
		i, err = SkipNumber(b, i)
	case Array, Object:
		goto open
	default:
		i, err = skipLiteral(b, i)
	}
	if err != nil {
		return i, err
	}

after:
	i = Space(b, i)
	if uint(i) < uint(len(b)) {
		c := b[i]
		if c == ',' {
			i = Space(b, i+1)
			if objects&1 != 0 {
				goto name
			}
			goto value
		}
		if c == '}' && objects&1 != 0 || c == ']' && objects&1 == 0 {
			goto closing
		}
	}
	if objects&1 != 0 {
		return i, unexpected(b, i, "',' or '}'")
	}
	return i, unexpected(b, i, "',' or ']'")

closing:
	i++
	objects >>= 1
	if depth--; depth > 0 {
		goto after
	}
	return i, nil
}

// skipLiteral skips null, true or false.
func skipLiteral(b []byte, i int) (int, error) {
	lit := ""
	switch KindAt(b, i) {
	case Null:
		lit = "null"
	case True:
		lit = "true"
	case False:
		lit = "false"
	default:
		return i, unexpected(b, i, "a value")
	}
	if len(b)-i >= len(lit) && string(b[i:i+len(lit)]) == lit {
		return i + len(lit), nil
	}
	for j := range len(lit) {
		if i+j >= len(b) || b[i+j] != lit[j] {
			return i, unexpected(b, i+j, lit)
		}
	}
	return i, nil // not reached: the literal differs somewhere
}

// skipColon skips the colon after a member's name, up to the first byte of the
// value.
func skipColon(b []byte, i int) (int, error) {
	if i = Space(b, i); i >= len(b) || b[i] != ':' {
		return i, unexpected(b, i, "':'")
	}
	return Space(b, i+1), nil
}
