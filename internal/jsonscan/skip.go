package jsonscan

// Skip validates the value that starts at b[i] (no white space before it) and
// returns the index just past it.
func Skip(b []byte, i int) (end int, err error) {
	return skip(b, i, 0)
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

func skip(b []byte, i, depth int) (int, error) {
	switch KindAt(b, i) {
	case String:
		return SkipString(b, i)
	case Number:
		return SkipNumber(b, i)
	case Null:
		return skipLiteral(b, i, "null")
	case True:
		return skipLiteral(b, i, "true")
	case False:
		return skipLiteral(b, i, "false")
	case Array:
		return skipArray(b, i, depth+1)
	case Object:
		return skipObject(b, i, depth+1)
	}
	return i, unexpected(b, i, "a value")
}

func skipLiteral(b []byte, i int, lit string) (int, error) {
	for j := range len(lit) {
		if i+j >= len(b) || b[i+j] != lit[j] {
			return i, unexpected(b, i+j, lit)
		}
	}
	return i + len(lit), nil
}

func skipArray(b []byte, i, depth int) (_ int, err error) {
	if depth > MaxDepth {
		return i, &SyntaxError{i, "nested deeper than 10000"}
	}
	if i = Space(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		if i, err = skip(b, i, depth); err != nil {
			return i, err
		}
		i = Space(b, i)
		if i < len(b) && b[i] == ']' {
			return i + 1, nil
		}
		if i >= len(b) || b[i] != ',' {
			return i, unexpected(b, i, "',' or ']'")
		}
		i = Space(b, i+1)
	}
}

func skipObject(b []byte, i, depth int) (_ int, err error) {
	if depth > MaxDepth {
		return i, &SyntaxError{i, "nested deeper than 10000"}
	}
	if i = Space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		if i, err = skipName(b, i); err != nil {
			return i, err
		}
		if i, err = skip(b, i, depth); err != nil {
			return i, err
		}
		i = Space(b, i)
		if i < len(b) && b[i] == '}' {
			return i + 1, nil
		}
		if i >= len(b) || b[i] != ',' {
			return i, unexpected(b, i, "',' or '}'")
		}
		i = Space(b, i+1)
	}
}

// skipName skips a member's name and colon, up to the first byte of its value.
func skipName(b []byte, i int) (_ int, err error) {
	if i >= len(b) || b[i] != '"' {
		return i, unexpected(b, i, "a member's name")
	}
	if i, err = SkipString(b, i); err != nil {
		return i, err
	}
	return skipColon(b, i)
}

func skipColon(b []byte, i int) (int, error) {
	if i = Space(b, i); i >= len(b) || b[i] != ':' {
		return i, unexpected(b, i, "':'")
	}
	return Space(b, i+1), nil
}
