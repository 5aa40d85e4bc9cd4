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

const (
	symbols = "yMdahHmsSnXx"
	longest = "452122229155" // run of each, in digits
)

// ParseFormat compiles a pattern: runs of format symbols, other characters that
// are no letters, and text in single quotes, where two quotes are one.
func ParseFormat(pattern string) (Format, error) {
	var f Format
	for i := 0; i < len(pattern); {
		var k token
		c := pattern[i]
		switch at := strings.IndexByte(symbols, c); {
		case c == '\'':
			j := i + 1
			var quoted []byte
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
				quoted = append(quoted, pattern[j])
			}
			if k.text = string(quoted); j == i+1 {
				k.text = "'"
			}
			i = j + 1
		case at >= 0:
			k.symbol = c
			for ; i < len(pattern) && pattern[i] == c; i++ {
				k.n++
			}
			if most := int(longest[at] - '0'); k.n > most || c == 'y' && k.n == 3 {
				return nil, fault.New("EvaluatorInvalidTimestampFormatPatternToken", "%q is not valid in the format pattern %q: %q may be repeated up to %d times", pattern[i-k.n:i], pattern, c, most)
			}
		default:
			r, size := utf8.DecodeRuneInString(pattern[i:])
			if unicode.IsLetter(r) {
				return nil, fault.New("EvaluatorInvalidTimestampFormatPatternSymbol", "%q is no symbol of the format pattern %q: use one of %s, or quote it", r, pattern, symbols)
			}
			k.text = pattern[i : i+size]
			i += size
		}
		if n := len(f); n > 0 && k.symbol == 0 && f[n-1].symbol == 0 {
			f[n-1].text += k.text
		} else {
			f = append(f, k)
		}
	}
	return f, nil
}

// Append formats t.
func (f Format) Append(dst []byte, t *Time) []byte {
	year, month, day := t.t.Date()
	hour, minute, second := t.t.Clock()
	for _, k := range f {
		n := -1 // to be written with at least k.n digits
		switch k.symbol {
		case 0:
			dst = append(dst, k.text...)
		case 'y':
			if n = year; k.n == 2 {
				n %= 100
			}
		case 'M':
			switch name := month.String(); k.n {
			case 3:
				dst = append(dst, name[:3]...)
			case 4:
				dst = append(dst, name...)
			case 5:
				dst = append(dst, name[0])
			default:
				n = int(month)
			}
		case 'd':
			n = day
		case 'a':
			dst = append(dst, "AP"[hour/12], 'M')
		case 'h':
			n = (hour+11)%12 + 1
		case 'H':
			n = hour
		case 'm':
			n = minute
		case 's':
			n = second
		case 'S':
			dst = append(dst, (t.fraction + "000000000")[:k.n]...)
		case 'n':
			n, _ = strconv.Atoi((t.fraction + "000000000")[:9])
		case 'X', 'x':
			dst = k.appendZone(dst, t.offset)
		}
		if n >= 0 {
			dst = appendPadded(dst, n, k.n)
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
	t, ok := f.parse(s)
	if !ok {
		return nil, fault.New("ValueParseFailure", "%q does not match the timestamp format pattern", s)
	}
	return t, nil
}

func (f Format) parse(s string) (*Time, bool) {
	t := &Time{}
	year, month, day, hour, minute, second, pm := 1, 1, 1, 0, 0, 0, -1
	p := formatParser{rest: s, ok: true}
	for _, k := range f {
		switch k.symbol {
		case 0:
			p.rest, p.ok = strings.CutPrefix(p.rest, k.text)
		case 'y':
			if k.n == 2 {
				if year = p.number(k, 0, 99, 2); year < 70 {
					year += 100
				}
				year += 1900
			} else {
				year = p.number(k, 1, 9999, 4)
			}
		case 'M':
			t.precision = max(t.precision, Month)
			if k.n >= 3 {
				month, p.rest, p.ok = monthName(p.rest, k.n == 3)
			} else {
				month = p.number(k, 1, 12, 2)
			}
		case 'd':
			t.precision = max(t.precision, Day)
			day = p.number(k, 1, 31, 2)
		case 'a':
			if p.ok = len(p.rest) >= 2; p.ok {
				switch strings.ToUpper(p.rest[:2]) {
				case "AM":
					pm = 0
				case "PM":
					pm = 1
				default:
					p.ok = false
				}
				p.rest = p.rest[2:]
			}
		case 'h':
			t.precision = max(t.precision, Minute)
			hour = p.number(k, 1, 12, 2) % 12
		case 'H':
			t.precision = max(t.precision, Minute)
			hour = p.number(k, 0, 23, 2)
		case 'm':
			t.precision = max(t.precision, Minute)
			minute = p.number(k, 0, 59, 2)
		case 's':
			t.precision = max(t.precision, Second)
			second = p.number(k, 0, 59, 2)
		case 'S':
			if p.ok = len(p.rest) >= k.n && allDigits(p.rest[:k.n]); p.ok {
				t.fraction, p.rest = p.rest[:k.n], p.rest[k.n:]
			}
		case 'n':
			n := p.number(k, 0, 999999999, 9)
			t.fraction = strings.TrimRight(strconv.Itoa(1000000000 + n)[1:], "0")
		case 'X', 'x':
			t.known = true
			t.offset, p.rest, p.ok = k.zone(p.rest)
		}
		if !p.ok {
			return nil, false
		}
	}
	if pm == 1 {
		hour += 12
	}
	t.t = time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return t, p.rest == "" && t.t.Day() == day
}

// A formatParser holds what is still to be read, and whether it fits so far.
type formatParser struct {
	rest string
	ok   bool
}

// number reads a number: of exactly k.n digits if the symbol is repeated, up to
// width otherwise.
func (p *formatParser) number(k token, low, high, width int) (v int) {
	most := width
	if k.n > 1 {
		most = k.n
	}
	s, i := p.rest, 0
	for i < len(s) && i < most && s[i] >= '0' && s[i] <= '9' {
		v = v*10 + int(s[i]-'0')
		i++
	}
	p.rest, p.ok = s[i:], i > 0 && (k.n == 1 || i == k.n) && v >= low && v <= high
	return v
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
