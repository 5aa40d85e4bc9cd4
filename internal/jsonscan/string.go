package jsonscan

// SkipString validates the string whose opening quote is b[i] and returns the
// index just past its closing quote.
func SkipString(b []byte, i int) (end int, err error) {
	if uint(i) >= uint(len(b)) || b[i] != '"' {
		return i, unexpected(b, i, "a string")
	}
	return skipText(b, i+1)
}

// skipText skips the rest of a string from b[i] on, closing quote included.
func skipText(b []byte, i int) (int, error) {
	for ; i+8 <= len(b); i += 8 {
		// i moves by a constant here: a word need not wait for the one before it.
		if m := firstSpecial(load(b, i)); m != 0 {
			if i += firstByte(m); b[i] == '"' {
				return i + 1, nil
			}
			return skipEscaped(b, i)
		}
	}
	return skipTextTail(b, i)
}

// shortText is skipText for what ends within nine bytes, and 0 for all else. It
// is small enough to inline.
func shortText(b []byte, i int) int {
	if i+8 < len(b) {
		if i += firstByte(firstSpecial(load(b, i))); b[i] == '"' {
			return i + 1
		}
	}
	return 0
}

// skipEscaped is skipText from the first escape on: where there is one, there
// tend to be many. It goes by words and finds all their escapes at once, so that
// no escape waits for the one before it.
func skipEscaped(b []byte, i int) (int, error) {
	carry := uint64(0) // masks the word's first byte if the byte before escapes it
	for ; i+8 <= len(b); i += 8 {
		quote, slash, control := classes(load(b, i))
		escaped := slash<<8 | carry
		if slash&escaped != 0 {
			escaped = everyOther(slash, carry)
		}
		// What remains to be looked at: control characters, the closing quote, and
		// escapes but of quotes and backslashes.
		stops := control | quote&^escaped | escaped&^(quote|slash)
		for ; stops != 0; stops &= stops - 1 {
			at := i + firstByte(stops)
			switch c := b[at]; {
			case c == '"':
				return at + 1, nil
			case c < ' ' && stops&-stops&escaped == 0:
				return at, controlCharacter(b, at)
			case simpleEscape[c] == 0:
				if _, err := skipEscape(b, at-1); err != nil {
					return at, err
				}
			}
		}
		carry = slash &^ escaped >> 56
	}
	if carry != 0 {
		i--
	}
	return skipTextTail(b, i)
}

// everyOther returns what the backslashes of a word escape, where they stand in
// rows: each one that is not itself escaped escapes the next byte.
func everyOther(slash, carry uint64) (escaped uint64) {
	escaped = carry
	for slash &^= carry; slash != 0; {
		first := slash & -slash
		escaped |= first << 8
		slash &^= first | first<<8
	}
	return escaped
}

// skipTextTail is skipText byte by byte.
func skipTextTail(b []byte, i int) (_ int, err error) {
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			if i, err = skipEscape(b, i); err != nil {
				return i, err
			}
		case c < ' ':
			return i, controlCharacter(b, i)
		default:
			i++
		}
	}
	return i, unexpected(b, i, "the closing quote of a string")
}

func controlCharacter(b []byte, i int) error {
	return unexpected(b, i, "a character of a string (control characters must be escaped)")
}
