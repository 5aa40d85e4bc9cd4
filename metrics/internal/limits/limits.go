// Package limits knows what CloudWatch accepts in the Embedded Metric Format.
//
// A check returns why something is not accepted, for an error, or "".
package limits

import (
	"strings"
	"unicode/utf8"

	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// The limits of the Embedded Metric Format, from its specification
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html),
// and where the PutMetricData API that stands behind it is stricter, from
// MetricDatum and Dimension of the CloudWatch API reference.
const (
	Metrics          = 100  // metric definitions per directive
	Values           = 100  // values per metric and document
	Dimensions       = 30   // dimensions per set
	maxDimensionName = 250  // characters
	maxDimensionVal  = 1024 // characters
	maxMetricName    = 255  // characters; the API's, the format's schema says 1,024
	maxNamespace     = 255  // characters; the API's, the format's schema says 1,024
	maxValue         = 0x1p360

	// A log event is limited to 1 MiB, of which PutLogEvents counts 26 bytes
	// itself. The default stays below the 64 KiB at which a bufio.Scanner with
	// its default buffer, as log pipes use it, gives up.
	LineMax     = 1<<20 - 26
	LineMin     = 4096
	LineDefault = 64<<10 - 1

	// Reserve is the most that one metric with one value can take in a line:
	// its name twice at four bytes a character, and about 130 bytes of syntax.
	Reserve = 2*4*maxMetricName + 160
)

// The name that holds the metadata of every document.
const Metadata = "_aws"

// MetricName returns why name can't be a metric's, or "".
func MetricName(name string) string {
	if len(name) <= maxMetricName && plain(name) { // the usual case in one pass
		if name == Metadata {
			return "the name is reserved for the metadata object"
		}
		return ""
	}
	switch {
	case name == "":
		return "the name is empty, allowed are 1 to 255 characters"
	case !utf8.ValidString(name):
		return "the name is not valid UTF-8"
	case utf8.RuneCountInString(name) > maxMetricName:
		return "the name is longer than 255 characters"
	case hasControl(name):
		return "the name has a control character"
	case strings.TrimSpace(name) == "":
		return "the name is blank"
	}
	return ""
}

// Namespace returns why ns can't be a namespace, or "".
func Namespace(ns string) string {
	switch {
	case ns == "":
		return "the namespace is empty, allowed are 1 to 255 characters"
	case len(ns) > maxNamespace:
		return "the namespace is longer than 255 characters"
	case ns[0] == ':':
		return "the namespace starts with a colon"
	case strings.HasPrefix(ns, "AWS/"):
		return "the prefix AWS/ belongs to AWS services"
	}
	blank := true
	for i := range len(ns) {
		c := ns[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '.', c == '-', c == '_', c == '/', c == '#', c == ':':
			blank = false
		case c == ' ':
		default:
			return "the namespace may hold only A-Z a-z 0-9 . - _ / # : and space"
		}
	}
	if blank {
		return "the namespace is blank"
	}
	return ""
}

// DimensionName returns why name can't be a dimension's, or "".
func DimensionName(name string) string {
	switch {
	case name == "":
		return "the name is empty, allowed are 1 to 250 characters"
	case name == Metadata:
		return "the name is reserved for the metadata object"
	case len(name) > maxDimensionName && utf8.RuneCountInString(name) > maxDimensionName:
		return "the name is longer than 250 characters"
	case name[0] == ':':
		return "the name starts with a colon"
	}
	if !plain(name) {
		return "the name must be printable ASCII and not blank"
	}
	return ""
}

// DimensionValue returns why v can't be a dimension's value, or "".
func DimensionValue(v string) string {
	switch {
	case v == "":
		return "the value is empty, allowed are 1 to 1,024 characters"
	case len(v) > maxDimensionVal && utf8.RuneCountInString(v) > maxDimensionVal:
		return "the value is longer than 1,024 characters"
	}
	if !plain(v) {
		return "the value must be printable ASCII and not blank"
	}
	return ""
}

// PropertyKey returns why key can't be a property's, or "".
func PropertyKey(key string) string {
	switch {
	case key == "":
		return "the key is empty"
	case key == Metadata:
		return "the key is reserved for the metadata object"
	}
	for i := range len(key) {
		if key[i] >= utf8.RuneSelf {
			if !utf8.ValidString(key) {
				return "the key is not valid UTF-8"
			}
			break
		}
	}
	return ""
}

// InRange reports whether v can be a metric's value.
func InRange(v float64) bool { return v >= -maxValue && v <= maxValue }

// Value returns why v can't be a metric's value, or "".
func Value(v float64) string {
	switch {
	case InRange(v):
		return ""
	case v != v:
		return "the value is NaN"
	case v-v != 0:
		return "the value is infinite"
	default:
		return "the value is outside ±2^360"
	}
}

// units are CloudWatch's, from the StandardUnit of MetricDatum.
var units = [...]emf.MetricUnit{
	emf.Count, emf.Milliseconds, emf.None, emf.Seconds, emf.Microseconds, emf.Bytes, emf.Percent,
	emf.Kilobytes, emf.Megabytes, emf.Gigabytes, emf.Terabytes,
	emf.Bits, emf.Kilobits, emf.Megabits, emf.Gigabits, emf.Terabits,
	emf.BytesSecond, emf.KilobytesSecond, emf.MegabytesSecond, emf.GigabytesSecond, emf.TerabytesSecond,
	emf.BitsSecond, emf.KilobitsSecond, emf.MegabitsSecond, emf.GigabitsSecond, emf.TerabitsSecond,
	emf.CountSecond,
}

const BadUnit = "the unit is none of CloudWatch's 27, which are prozz's emf constants"

// Unit returns u as a constant, so that no caller's string is kept alive.
func Unit(u emf.MetricUnit) (known emf.MetricUnit, ok bool) {
	if u == "" {
		return "", true
	}
	for i := range units {
		if units[i] == u {
			return units[i], true
		}
	}
	return "", false
}

// IsUnit reports whether u is a unit.
func IsUnit(u []byte) bool {
	for i := range units {
		if string(units[i]) == string(u) {
			return true
		}
	}
	return false
}

// plain reports whether s is printable ASCII with at least one character that
// is not a space.
func plain(s string) bool {
	blank := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' {
			return false
		}
		blank = blank && c == ' '
	}
	return !blank
}

func hasControl(s string) bool {
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029' {
			return true
		}
	}
	return false
}

// Timestamp returns why CloudWatch does not take the time at the moment now, both in
// milliseconds since 1970, or "".
func Timestamp(ms, now int64) string {
	const past, future = 14 * 24 * 60 * 60 * 1000, 2 * 60 * 60 * 1000
	if ms < now-past || ms > now+future {
		return "it is not between 14 days ago and in 2 hours"
	}
	return ""
}
