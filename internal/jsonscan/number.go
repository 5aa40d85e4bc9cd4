package jsonscan

// SkipNumber validates the number that starts at b[i] and returns the index
// just past it.
func SkipNumber(b []byte, i int) (end int, err error) {
	if uint(i) < uint(len(b)) && b[i] == '-' {
		i++
	}
	// Most numbers are digits, or digits, a point and digits. What of that lies in
	// the next eight bytes takes one look, and no branch per digit.
	if i+8 <= len(b) {
		others := nonDigits(load(b, i))
		n := firstByte(others)
		if b[i] == '0' && n > 1 {
			return i + 1, nil // digits do not follow a zero
		}
		point := n > 0 && n < 7 && b[i+n] == '.'
		if point {
			first := n + 1
			if n = firstByte(others & (others - 1)); n == first {
				return i + n, unexpected(b, i+n, "a digit")
			}
		}
		if n == 8 {
			return skipLongNumber(b, i+8, point)
		}
		if n > 0 && b[i+n] != '.' && b[i+n]|0x20 != 'e' {
			return i + n, nil
		}
	}
	// The plain way: what is left is short, wrong, or rare.
	if uint(i) < uint(len(b)) && b[i] == '0' {
		i++
	} else if i, err = skipDigits(b, i); err != nil {
		return i, err
	}
	return skipFraction(b, i)
}

// skipLongNumber is SkipNumber from within the digits, before or after the point.
func skipLongNumber(b []byte, i int, point bool) (int, error) {
	i = moreDigits(b, i)
	if point {
		return skipExponent(b, i)
	}
	return skipFraction(b, i)
}

// skipFraction skips what may follow the digits before the point.
func skipFraction(b []byte, i int) (_ int, err error) {
	if uint(i) < uint(len(b)) && b[i] == '.' {
		if i, err = skipDigits(b, i+1); err != nil {
			return i, err
		}
	}
	return skipExponent(b, i)
}

// skipExponent skips the exponent, if there is one.
func skipExponent(b []byte, i int) (int, error) {
	if uint(i) >= uint(len(b)) || b[i]|0x20 != 'e' {
		return i, nil
	}
	if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	return skipDigits(b, i)
}

// skipDigits skips one or more decimal digits.
func skipDigits(b []byte, i int) (int, error) {
	end := moreDigits(b, i)
	if end == i {
		return i, unexpected(b, i, "a digit")
	}
	return end, nil
}

// moreDigits skips any number of decimal digits.
func moreDigits(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if others := nonDigits(load(b, i)); others != 0 {
			return i + firstByte(others)
		}
	}
	for uint(i) < uint(len(b)) && b[i]-'0' <= 9 {
		i++
	}
	return i
}
