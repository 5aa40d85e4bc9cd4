package filter

import (
	"fmt"
	"slices"
	"strings"
)

// A Text is a field of a record of S that holds strings: it has no comparison
// with numbers. Of an array any element counts.
type Text[S Source] struct {
	path []string
}

// Is matches any of the strings. One that is an IP address matches any spelling
// of it.
func (t Text[S]) Is(values ...string) Pattern[S] { return leafOf[S](t.path, values, text) }

// Prefix matches strings that begin with any of the values.
func (t Text[S]) Prefix(values ...string) Pattern[S] {
	return leafOf[S](t.path, values, operator("prefix"))
}

// Suffix matches strings that end with any of the values.
func (t Text[S]) Suffix(values ...string) Pattern[S] {
	return leafOf[S](t.path, values, operator("suffix"))
}

// EqualsIgnoreCase matches any of the strings without regard to case.
func (t Text[S]) EqualsIgnoreCase(values ...string) Pattern[S] {
	return leafOf[S](t.path, values, operator("equals-ignore-case"))
}

// AnythingBut matches a field that is there and is none of the strings.
func (t Text[S]) AnythingBut(values ...string) Pattern[S] { return butOf[S](t.path, values, text) }

// Exists matches a field that is there, null included.
func (t Text[S]) Exists() Pattern[S] {
	return leafOf[S](t.path, []string{`{"exists":true}`}, verbatim)
}

// Missing matches where the field is not there.
func (t Text[S]) Missing() Pattern[S] {
	return leafOf[S](t.path, []string{`{"exists":false}`}, verbatim)
}

// A Field is a field of a record of S that holds any JSON scalar. Of an array any
// element counts. Exists and Missing look at scalars only: an object is missing.
type Field[S Source] struct {
	Text[S]
}

// IsNumber matches any of the numbers by value: 300 is 300.0.
func (f Field[S]) IsNumber(values ...float64) Pattern[S] { return leafOf[S](f.path, values, number) }

// IsBool matches true or false.
func (f Field[S]) IsBool(value bool) Pattern[S] {
	return leafOf[S](f.path, []string{fmt.Sprint(value)}, verbatim)
}

// IsNull matches null.
func (f Field[S]) IsNull() Pattern[S] { return leafOf[S](f.path, []string{"null"}, verbatim) }

// AnythingButNumber matches a field that is there and is none of the numbers.
func (f Field[S]) AnythingButNumber(values ...float64) Pattern[S] {
	return butOf[S](f.path, values, number)
}

// LessThan matches numbers below x.
func (f Field[S]) LessThan(x float64) Pattern[S] { return f.compare("<", x) }

// AtMost matches numbers up to x.
func (f Field[S]) AtMost(x float64) Pattern[S] { return f.compare("<=", x) }

// GreaterThan matches numbers above x.
func (f Field[S]) GreaterThan(x float64) Pattern[S] { return f.compare(">", x) }

// AtLeast matches numbers from x on.
func (f Field[S]) AtLeast(x float64) Pattern[S] { return f.compare(">=", x) }

// Between matches numbers from low to high, both included. Low has to be less
// than high.
func (f Field[S]) Between(low, high float64) Pattern[S] {
	p := leafOf[S](f.path, []float64{low, high}, number)
	switch e := p.e; {
	case e.err != nil:
	case low >= high:
		e.err = fmt.Errorf("%s: the range from %v to %v is empty or one number: low has to be less than high (for one number use IsNumber)",
			strings.Join(f.path, "."), low, high)
	default:
		e.items = []string{`{"numeric":[">=",` + e.items[0] + `,"<=",` + e.items[1] + `]}`}
	}
	return p
}

func (f Field[S]) compare(op string, x float64) Pattern[S] {
	return leafOf[S](f.path, []float64{x}, func(x float64) (string, error) {
		s, err := number(x)
		return `{"numeric":["` + op + `",` + s + `]}`, err
	})
}

func textAt[S Source](path ...string) Text[S]   { return Text[S]{path} }
func fieldAt[S Source](path ...string) Field[S] { return Field[S]{Text[S]{path}} }

func join(name string, more []string, before ...string) []string {
	return slices.Concat(before, []string{name}, more)
}
