package jsonscan

// SkipNumber validates the number that starts at b[i] and returns the index
// just past it.
func SkipNumber(b []byte, i int) (end int, err error) {
	if uint(i) < uint(len(b)) && b[i] == '-' {
		i++
	}
	if uint(i) < uint(len(b)) && b[i] == '0' {
		i++
	} else if i, err = skipDigits(b, i); err != nil {
		return i, err
	}
	if uint(i) >= uint(len(b)) {
		return i, nil
	}
	if b[i] == '.' {
		if i, err = skipDigits(b, i+1); err != nil || i >= len(b) {
			return i, err
		}
	}
	if b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return skipDigits(b, i)
	}
	return i, nil
}

// skipDigits skips one or more decimal digits.
func skipDigits(b []byte, i int) (int, error) {
	start := i
	for uint(i) < uint(len(b)) && b[i]-'0' <= 9 {
		i++
	}
	if i == start {
		return i, unexpected(b, i, "a digit")
	}
	return i, nil
}
