package jsonscan

// SkipNumber validates the number that starts at b[i] and returns the index
// just past it.
func SkipNumber(b []byte, i int) (end int, err error) {
	if uint(i) < uint(len(b)) && b[i] == '-' {
		i++
	}
	// Most numbers are digits, or digits, a point and digits, and end within the
	// next eight bytes: that takes one look, and no branch per digit.
	if i+8 <= len(b) {
		w := load(b, i)
		others := nonDigits(w)
		n := firstByte(others)
		if b[i] == '0' && n > 1 {
			return i + 1, nil // digits do not follow a zero
		}
		if others != 0 && n > 0 {
			if b[i+n] == '.' {
				m := firstByte(others & (others - 1))
				if m < 8 && m > n+1 && b[i+m]|0x20 != 'e' {
					return i + m, nil
				}
			} else if b[i+n]|0x20 != 'e' {
				return i + n, nil
			}
		}
	}
	return skipLongNumber(b, i)
}

// skipLongNumber is SkipNumber after the sign.
func skipLongNumber(b []byte, i int) (end int, err error) {
	if uint(i) < uint(len(b)) && b[i] == '0' {
		i++
	} else if i, err = skipDigits(b, i); err != nil {
		return i, err
	}
	if uint(i) < uint(len(b)) && b[i] == '.' {
		if i, err = skipDigits(b, i+1); err != nil {
			return i, err
		}
	}
	if uint(i) < uint(len(b)) && b[i]|0x20 == 'e' {
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
	for ; i+8 <= len(b); i += 8 {
		if others := nonDigits(load(b, i)); others != 0 {
			i += firstByte(others)
			goto done
		}
	}
	for uint(i) < uint(len(b)) && b[i]-'0' <= 9 {
		i++
	}
done:
	if i == start {
		return i, unexpected(b, i, "a digit")
	}
	return i, nil
}
