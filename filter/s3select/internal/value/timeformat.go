package value

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// A Format is a compiled pattern of TO_STRING and TO_TIMESTAMP.
type Format []token

// A token is a run of one format symbol, or literal text (symbol 0).
type token struct {
	symbol byte
	n      int
	text   string
}

const symbols = "yMdahHmsSnXx"

// longest is the longest run of each symbol.
var longest = map[byte]int{'y': 4, 'M': 5, 'd': 2, 'a': 1, 'h': 2, 'H': 2, 'm': 2, 's': 2, 'S': 9, 'n': 1, 'X': 5, 'x': 5}

// ParseFormat compiles a pattern: runs of format symbols, other characters that
// are no letters, and text in single quotes, where two quotes are one.
func ParseFormat(pattern string) (Format, error) {
	var f Format
	text := func(s string) {
		if n := len(f); n > 0 && f[n-1].symbol == 0 {
			f[n-1].text += s
		} else {
			f = append(f, token{text: s})
		}
	}
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			j := i + 1
			var quoted strings.Builder
			for ; ; j++ {
				if j == len(pattern) {
					return nil, fault.New("EvaluatorUnterminatedTimestampFormatPatternToken", "the quote in the format pattern %q is not closed", pattern)
				}
				if pattern[j] == '\'' {
					if j+1 == len(pattern) || pattern[j+1] != '\'' {
						break
					}
					j++
				}
				quoted.WriteByte(pattern[j])
			}
			if j == i+1 {
				quoted.WriteByte('\'')
			}
			text(quoted.String())
			i = j + 1
		case strings.IndexByte(symbols, c) >= 0:
			j := i
			for j < len(pattern) && pattern[j] == c {
				j++
			}
			if n := j - i; n > longest[c] || c == 'y' && n == 3 {
				return nil, fault.New("EvaluatorInvalidTimestampFormatPatternToken", "%q is not valid in the format pattern %q: %q may be repeated up to %d times", pattern[i:j], pattern, c, longest[c])
			}
			f = append(f, token{symbol: c, n: j - i})
			i = j
		default:
			r, size := utf8.DecodeRuneInString(pattern[i:])
			if unicode.IsLetter(r) {
				return nil, fault.New("EvaluatorInvalidTimestampFormatPatternSymbol", "%q is no symbol of the format pattern %q: use one of %s, or quote it", r, pattern, symbols)
			}
			text(pattern[i : i+size])
			i += size
		}
	}
	return f, nil
}

// Append formats t.
func (f Format) Append(dst []byte, t *Time) []byte {
	for _, k := range f {
		switch k.symbol {
		case 0:
			dst = append(dst, k.text...)
		case 'y':
			switch y := t.t.Year(); k.n {
			case 2:
				dst = appendPadded(dst, y%100, 2)
			default:
				dst = appendPadded(dst, y, k.n)
			}
		case 'M':
			switch m := t.t.Month(); k.n {
			case 3:
				dst = append(dst, m.String()[:3]...)
			case 4:
				dst = append(dst, m.String()...)
			case 5:
				dst = append(dst, m.String()[0])
			default:
				dst = appendPadded(dst, int(m), k.n)
			}
		case 'd':
			dst = appendPadded(dst, t.t.Day(), k.n)
		case 'a':
			if t.t.Hour() < 12 {
				dst = append(dst, "AM"...)
			} else {
				dst = append(dst, "PM"...)
			}
		case 'h':
			dst = appendPadded(dst, (t.t.Hour()+11)%12+1, k.n)
		case 'H':
			dst = appendPadded(dst, t.t.Hour(), k.n)
		case 'm':
			dst = appendPadded(dst, t.t.Minute(), k.n)
		case 's':
			dst = appendPadded(dst, t.t.Second(), k.n)
		case 'S':
			dst = append(dst, (t.fraction + "000000000")[:k.n]...)
		case 'n':
			n, _ := strconv.Atoi((t.fraction + "000000000")[:9])
			dst = strconv.AppendInt(dst, int64(n), 10)
		case 'X', 'x':
			dst = k.appendZone(dst, t.offset)
		}
	}
	return dst
}

func (k token) appendZone(dst []byte, offset int) []byte {
	switch {
	case k.symbol == 'X' && offset == 0:
		return append(dst, 'Z')
	case k.n == 1 && offset%60 == 0:
		return appendOffset(dst, offset, "")[:len(dst)+3]
	case k.n == 3 || k.n == 5:
		return appendOffset(dst, offset, ":")
	}
	return appendOffset(dst, offset, "")
}

// forParsing is the error of a pattern that TO_TIMESTAMP cannot read by.
func (f Format) forParsing() error {
	const fields = "yMdHmsSX"
	var have [len(fields)]bool
	var half, ampm bool
	for _, k := range f {
		c := k.symbol
		switch {
		case c == 0:
			continue
		case c == 'M' && k.n == 5:
			return fault.New("EvaluatorInvalidTimestampFormatPatternSymbolForParsing", "MMMMM, a month's first letter, cannot be parsed")
		case c == 'a':
			if ampm {
				return duplicate(c)
			}
			ampm = true
			continue
		case c == 'h':
			half, c = true, 'H'
		case c == 'n':
			c = 'S'
		case c == 'x':
			c = 'X'
		}
		i := strings.IndexByte(fields, c)
		if have[i] {
			return duplicate(k.symbol)
		}
		have[i] = true
	}
	// A field is of no use without the ones above it; that of a and of an offset
	// is the hour.
	last := -1
	for i, ok := range have[:7] {
		if ok || i <= 3 && (ampm || have[7]) {
			last = i
		}
	}
	for i := range last + 1 {
		if !have[i] {
			return fault.New("EvaluatorInvalidTimestampFormatPattern", "the format pattern lacks %c, which something else in it needs", fields[i])
		}
	}
	switch {
	case last < 0:
		return fault.New("EvaluatorInvalidTimestampFormatPattern", "the format pattern has no year")
	case half != ampm:
		return fault.New("EvaluatorTimestampFormatPatternHourClockAmPmMismatch", "the format pattern needs both h and a, or H alone")
	}
	return nil
}

func duplicate(c byte) error {
	return fault.New("EvaluatorTimestampFormatPatternDuplicateFields", "the format pattern has the field of %q twice", c)
}

// Parse reads s by the pattern. The precision is that of the pattern's smallest
// field.
func (f Format) Parse(s string) (*Time, error) {
	if err := f.forParsing(); err != nil {
		return nil, err
	}
	bad := func() (*Time, error) {
		return nil, fault.New("ValueParseFailure", "%q does not match the timestamp format pattern", s)
	}
	t := &Time{}
	year, month, day, hour, minute, second, pm := 1, 1, 1, 0, 0, 0, -1
	rest, ok := s, true
	for _, k := range f {
		number := func(low, high, width int) (v int) {
			v, rest, ok = digits(rest, k.n, width)
			ok = ok && v >= low && v <= high
			return v
		}
		switch k.symbol {
		case 0:
			rest, ok = strings.CutPrefix(rest, k.text)
		case 'y':
			if k.n == 2 {
				if year = number(0, 99, 2); year < 70 {
					year += 100
				}
				year += 1900
			} else {
				year = number(1, 9999, 4)
			}
		case 'M':
			t.precision = max(t.precision, Month)
			if k.n >= 3 {
				month, rest, ok = monthName(rest, k.n == 3)
			} else {
				month = number(1, 12, 2)
			}
		case 'd':
			t.precision = max(t.precision, Day)
			day = number(1, 31, 2)
		case 'a':
			if ok = len(rest) >= 2; ok {
				switch strings.ToUpper(rest[:2]) {
				case "AM":
					pm = 0
				case "PM":
					pm = 1
				default:
					ok = false
				}
				rest = rest[2:]
			}
		case 'h':
			t.precision = max(t.precision, Minute)
			hour = number(1, 12, 2) % 12
		case 'H':
			t.precision = max(t.precision, Minute)
			hour = number(0, 23, 2)
		case 'm':
			t.precision = max(t.precision, Minute)
			minute = number(0, 59, 2)
		case 's':
			t.precision = max(t.precision, Second)
			second = number(0, 59, 2)
		case 'S':
			if ok = len(rest) >= k.n && allDigits(rest[:k.n]); ok {
				t.fraction, rest = rest[:k.n], rest[k.n:]
			}
		case 'n':
			n := number(0, 999999999, 9)
			t.fraction = strings.TrimRight(strconv.Itoa(1000000000 + n)[1:], "0")
		case 'X', 'x':
			t.known = true
			t.offset, rest, ok = k.zone(rest)
		}
		if !ok {
			return bad()
		}
	}
	if rest != "" {
		return bad()
	}
	if pm == 1 {
		hour += 12
	}
	t.t = time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.t.Day() != day {
		return bad()
	}
	return t, nil
}

// digits reads a number: of exactly n digits if the symbol is repeated, up to
// width otherwise.
func digits(s string, n, width int) (v int, rest string, ok bool) {
	most := width
	if n > 1 {
		most = n
	}
	i := 0
	for i < len(s) && i < most && s[i] >= '0' && s[i] <= '9' {
		v = v*10 + int(s[i]-'0')
		i++
	}
	return v, s[i:], i > 0 && (n == 1 || i == n)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func monthName(s string, short bool) (month int, rest string, ok bool) {
	for m := time.January; m <= time.December; m++ {
		name := m.String()
		if short {
			name = name[:3]
		}
		if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
			return int(m), s[len(name):], true
		}
	}
	return 0, s, false
}

// zone reads an offset the way the symbol writes it.
func (k token) zone(s string) (minutes int, rest string, ok bool) {
	if k.symbol == 'X' && strings.HasPrefix(s, "Z") {
		return 0, s[1:], true
	}
	if len(s) < 3 || s[0] != '+' && s[0] != '-' || !allDigits(s[1:3]) {
		return 0, s, false
	}
	h, _ := strconv.Atoi(s[1:3])
	minutes, rest = h*60, s[3:]
	tail := rest
	if k.n == 3 || k.n == 5 {
		if tail, ok = strings.CutPrefix(tail, ":"); !ok {
			return 0, s, false
		}
	}
	if len(tail) >= 2 && allDigits(tail[:2]) {
		m, _ := strconv.Atoi(tail[:2])
		if m > 59 {
			return 0, s, false
		}
		minutes, rest = minutes+m, tail[2:]
	} else if k.n > 1 {
		return 0, s, false
	}
	if s[0] == '-' {
		minutes = -minutes
	}
	return minutes, rest, minutes <= 18*60 && minutes >= -18*60
}
