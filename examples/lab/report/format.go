package report

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// none stands for a figure that there is not.
const none = "–"

// count writes a number with a comma for thousands.
func count(n int) string {
	s := strconv.Itoa(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// figure writes three significant digits, and whole numbers from 100 on.
func figure(x float64) string {
	switch a := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return none
	case a >= 99.95:
		return count(int(math.Round(x)))
	case a >= 9.995:
		return trim(strconv.FormatFloat(x, 'f', 1, 64))
	case a >= 0.995:
		return trim(strconv.FormatFloat(x, 'f', 2, 64))
	case a == 0:
		return "0"
	default:
		return strconv.FormatFloat(x, 'g', 2, 64)
	}
}

// trim drops the zeros at the end of a fraction; s has one.
func trim(s string) string { return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") }

// span writes a duration; zero is none.
func span(d time.Duration) string {
	switch {
	case d <= 0:
		return none
	case d < time.Millisecond:
		return figure(float64(d)/float64(time.Microsecond)) + " µs"
	case d < time.Second:
		return figure(float64(d)/float64(time.Millisecond)) + " ms"
	default:
		return figure(d.Seconds()) + " s"
	}
}

// size writes bytes; zero is none.
func size(n int64) string {
	if n <= 0 {
		return none
	}
	return figure(float64(n)/(1<<20)) + " MB"
}

// ratio writes b/a; it is none where a or b is not a number, or both are 0.
func ratio(a, b float64) string {
	switch {
	case math.IsNaN(a) || math.IsNaN(b) || a == 0 && b == 0:
		return ""
	case a == 0:
		return "∞"
	case b == 0:
		return "0×"
	}
	switch q := b / a; {
	case math.IsInf(q, 0) || q < 0:
		return ""
	case q >= 0.00095 && q < 0.0095:
		return strconv.FormatFloat(q, 'f', 4, 64) + "×"
	case q < 0.00095:
		return strconv.FormatFloat(q, 'g', 2, 64) + "×"
	case q < 0.995:
		return strconv.FormatFloat(q, 'f', 2, 64) + "×"
	default:
		return figure(q) + "×"
	}
}

// share writes a part of a whole in percent.
func share(part, whole int) string {
	if whole <= 0 {
		return none
	}
	return percent(float64(part) / float64(whole))
}

func percent(x float64) string {
	switch p := 100 * x; {
	case math.IsNaN(p) || math.IsInf(p, 0):
		return none
	case p > 0 && p < 0.05:
		return "<0.1 %"
	case p > 99.95 && p < 100:
		return ">99.9 %"
	default:
		return trim(strconv.FormatFloat(p, 'f', 1, 64)) + " %"
	}
}

// dollars writes USD with cents, and below a cent two significant digits.
func dollars(x float64) string {
	if math.Abs(x) >= 0.01 && math.Abs(x) < 99.995 {
		return "$" + strconv.FormatFloat(x, 'f', 2, 64)
	}
	return "$" + figure(x)
}
