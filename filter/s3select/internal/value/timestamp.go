package value

import (
	"strconv"
	"time"
)

// Part is a part of a timestamp.
type Part uint8

const (
	Year Part = iota
	Month
	Day
	Hour
	Minute
	Second
	TimezoneHour
	TimezoneMinute
)

// A Time is a point in time with its own precision and offset from UTC. What
// is beyond the precision has its least value: 2010T is 2010-01-01T00:00Z. It
// is not changed once made.
type Time struct {
	t         time.Time // the local date and clock, kept as if it were UTC; whole seconds
	precision Part      // Year, Month, Day, Minute or Second
	fraction  string    // decimal digits of the second
	offset    int       // minutes east of UTC
	known     bool      // false: no offset, written -00:00
}

// Now is the time of UTCNOW: milliseconds, in UTC.
func Now(t time.Time) *Time {
	t = t.UTC()
	ms := strconv.Itoa(1000 + t.Nanosecond()/1e6)[1:]
	return &Time{t: t.Truncate(time.Second), precision: Second, fraction: ms, known: true}
}

// FromTime is a TIMESTAMP of t with its offset, to the nanosecond where that is
// not zero. It is not ok beyond the years 1 to 9999 and where the offset has seconds.
func FromTime(t time.Time) (_ *Time, ok bool) {
	_, offset := t.Zone()
	local := time.Unix(t.Unix()+int64(offset), 0).UTC()
	r := &Time{t: local, precision: Second, offset: offset / 60, known: true}
	if n := t.Nanosecond(); n != 0 {
		r.fraction = strconv.Itoa(1e9 + n)[1:]
	}
	return r, local.Year() >= 1 && local.Year() <= 9999 && offset%60 == 0
}

// FromUnix is the TIMESTAMP sec seconds after 1970, with a fraction of so many
// decimal digits, in UTC or, where that is not known, without an offset. It is
// not ok beyond the years 1 to 9999.
func FromUnix(sec, fraction int64, digits int, utc bool) (_ *Time, ok bool) {
	t := &Time{precision: Second, known: utc}
	if digits > 0 {
		var b [20]byte
		for i := digits - 1; i >= 0; i-- {
			b[i] = byte('0' + fraction%10)
			fraction /= 10
		}
		t.fraction = string(b[:digits])
	}
	if sec < minUnix || sec > maxUnix {
		return nil, false
	}
	t.t = time.Unix(sec, 0).UTC()
	return t, true
}

// FromDays is the date that many days after 1970-01-01. It is not ok beyond the
// years 1 to 9999.
func FromDays(days int64) (_ *Time, ok bool) {
	if days < minUnix/86400 || days > maxUnix/86400 {
		return nil, false
	}
	return &Time{t: time.Unix(days*86400, 0).UTC(), precision: Day}, true
}

// The first and the last second of the years 1 to 9999.
const (
	minUnix = -62135596800
	maxUnix = 253402300799
)

// instant is the point in time, to the second.
func (t *Time) instant() int64 { return t.t.Unix() - int64(t.offset)*60 }

// Cmp compares two points in time: -1, 0 or 1.
func (t *Time) Cmp(o *Time) int {
	if a, b := t.instant(), o.instant(); a != b {
		return compareInts(a, b)
	}
	f, g := t.fraction, o.fraction
	for i := 0; i < len(f) || i < len(g); i++ {
		a, b := byte('0'), byte('0')
		if i < len(f) {
			a = f[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return compareInts(int64(a), int64(b))
		}
	}
	return 0
}

// Part is what EXTRACT answers.
func (t *Time) Part(p Part) int64 {
	switch p {
	case Year:
		return int64(t.t.Year())
	case Month:
		return int64(t.t.Month())
	case Day:
		return int64(t.t.Day())
	case Hour:
		return int64(t.t.Hour())
	case Minute:
		return int64(t.t.Minute())
	case Second:
		return int64(t.t.Second())
	case TimezoneHour:
		return int64(t.offset / 60)
	}
	return int64(t.offset % 60)
}

// Add is DATE_ADD: n more of the part, with at least the part's precision. It
// is nil beyond the years 1 to 9999.
func (t *Time) Add(p Part, n int64) *Time {
	const most = 400_000_000_000 // seconds: more than 9999 years
	if n > most || n < -most {
		return nil
	}
	r := *t
	switch p {
	case Year, Month:
		if p == Year {
			n *= 12
		}
		r.t = addMonths(t.t, n)
	case Day:
		r.t = addSeconds(t.t, n, 86400)
	case Hour:
		r.t = addSeconds(t.t, n, 3600)
	case Minute:
		r.t = addSeconds(t.t, n, 60)
	case Second:
		r.t = addSeconds(t.t, n, 1)
	}
	if p == Hour {
		p = Minute // a clock is written with its minutes
	}
	r.precision = max(r.precision, p)
	if y := r.t.Year(); r.t.IsZero() && n != 0 && !t.t.IsZero() || y < 1 || y > 9999 {
		return nil
	}
	return &r
}

// addMonths keeps the day of the month, or takes the last one of a shorter month.
func addMonths(t time.Time, n int64) time.Time {
	if n > 120_000 || n < -120_000 {
		return time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	y, m, d := t.Date()
	first := time.Date(y, m+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1)
}

func addSeconds(t time.Time, n, unit int64) time.Time {
	if n > 400_000_000_000/unit || n < -400_000_000_000/unit {
		return time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Unix(t.Unix()+n*unit, 0).UTC()
}

// Diff is DATE_DIFF: the whole parts from a to b. Years and months go by the
// local dates, all else by the time that passes.
func Diff(p Part, a, b *Time) int64 {
	if p <= Month {
		months := int64(b.t.Year()-a.t.Year())*12 + int64(b.t.Month()-a.t.Month())
		switch {
		case months > 0 && b.t.Day() < a.t.Day():
			months--
		case months < 0 && b.t.Day() > a.t.Day():
			months++
		}
		if p == Year {
			return months / 12
		}
		return months
	}
	seconds := b.instant() - a.instant()
	// A fraction makes a difference only where it makes the last second whole.
	switch f := (&Time{fraction: b.fraction}).Cmp(&Time{fraction: a.fraction}); {
	case seconds > 0 && f < 0:
		seconds--
	case seconds < 0 && f > 0:
		seconds++
	}
	return seconds / [...]int64{Day: 86400, Hour: 3600, Minute: 60, Second: 1}[p]
}

// Append writes the time as Ion and the W3C note spell it; a date ends in T.
func (t *Time) Append(dst []byte) []byte {
	dst = appendPadded(dst, t.t.Year(), 4)
	if t.precision >= Month {
		dst = append(dst, '-')
		dst = appendPadded(dst, int(t.t.Month()), 2)
	}
	if t.precision >= Day {
		dst = append(dst, '-')
		dst = appendPadded(dst, t.t.Day(), 2)
	}
	dst = append(dst, 'T')
	if t.precision <= Day {
		return dst
	}
	dst = appendPadded(dst, t.t.Hour(), 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, t.t.Minute(), 2)
	if t.precision >= Second {
		dst = append(dst, ':')
		dst = appendPadded(dst, t.t.Second(), 2)
		if t.fraction != "" {
			dst = append(dst, '.')
			dst = append(dst, t.fraction...)
		}
	}
	if !t.known {
		return append(dst, "-00:00"...)
	}
	if t.offset == 0 {
		return append(dst, 'Z')
	}
	return appendOffset(dst, t.offset, ":")
}

func appendOffset(dst []byte, offset int, colon string) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, sign)
	dst = appendPadded(dst, offset/60, 2)
	dst = append(dst, colon...)
	return appendPadded(dst, offset%60, 2)
}

func appendPadded(dst []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for range width - len(s) {
		dst = append(dst, '0')
	}
	return append(dst, s...)
}

// ParseTime reads a timestamp of the W3C note: 2010T, 2010-02T, 2010-02-03 with
// or without T, or a clock of at least minutes with Z or an offset. Literals may
// leave the offset out, which is then unknown.
func ParseTime(b []byte, literal bool) (*Time, bool) {
	p := timeParser{b: b}
	t := &Time{}
	year, month, day := p.digits(4, 1, 9999), 1, 1
	var hour, minute, second int
	switch {
	case p.literal('T'):
		return p.finish(t, year, month, day, 0, 0, 0)
	case !p.literal('-'):
		return nil, false
	}
	month, t.precision = p.digits(2, 1, 12), Month
	switch {
	case p.literal('T'):
		return p.finish(t, year, month, day, 0, 0, 0)
	case !p.literal('-'):
		return nil, false
	}
	day, t.precision = p.digits(2, 1, 31), Day
	if !p.literal('T') || p.i == len(b) {
		return p.finish(t, year, month, day, 0, 0, 0)
	}
	hour, t.precision = p.digits(2, 0, 23), Minute
	p.expect(':')
	minute = p.digits(2, 0, 59)
	if p.literal(':') {
		second, t.precision = p.digits(2, 0, 59), Second
		if p.literal('.') {
			start := p.i
			for p.i < len(b) && b[p.i] >= '0' && b[p.i] <= '9' {
				p.i++
			}
			p.bad = p.bad || p.i == start
			t.fraction = string(b[start:p.i])
		}
	}
	switch {
	case p.literal('Z'):
		t.known = true
	case p.i == len(b) && literal:
	default:
		neg := p.literal('-')
		if !neg {
			p.expect('+')
		}
		h := p.digits(2, 0, 23)
		p.expect(':')
		t.offset, t.known = h*60+p.digits(2, 0, 59), true
		if neg {
			t.known = t.offset != 0
			t.offset = -t.offset
		}
	}
	return p.finish(t, year, month, day, hour, minute, second)
}

type timeParser struct {
	b   []byte
	i   int
	bad bool
}

func (p *timeParser) literal(c byte) bool {
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *timeParser) expect(c byte) {
	if !p.literal(c) {
		p.bad = true
	}
}

// digits reads a number of n digits. It is not inlined: there are eight calls.
//
//go:noinline
func (p *timeParser) digits(n, low, high int) (v int) {
	for range n {
		if p.i == len(p.b) || p.b[p.i] < '0' || p.b[p.i] > '9' {
			p.bad = true
			return low
		}
		v = v*10 + int(p.b[p.i]-'0')
		p.i++
	}
	if v < low || v > high {
		p.bad = true
	}
	return v
}

func (p *timeParser) finish(t *Time, year, month, day, hour, minute, second int) (*Time, bool) {
	if p.bad || p.i != len(p.b) {
		return nil, false
	}
	t.t = time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return t, t.t.Day() == day
}
