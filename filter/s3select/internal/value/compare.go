package value

import (
	"bytes"
	"math"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Compare orders x and y; ok is false where they have no order: an unknown, a
// list or object, or two different types. All numbers are one type here: a
// FLOAT and a DECIMAL compare as floats, an INT and anything else exactly.
func Compare(x, y *Value) (c int, ok bool) {
	switch {
	case x.Kind == Int && y.Kind == Int:
		return compareInts(x.Int(), y.Int()), true
	case x.Number() && y.Number():
		return compareNumbers(x, y), true
	case x.Kind != y.Kind:
		return 0, false
	}
	switch x.Kind {
	case String:
		return bytes.Compare(x.Text, y.Text), true
	case Bool:
		return compareInts(int64(x.bits), int64(y.bits)), true
	case Timestamp:
		return x.time.Cmp(y.time), true
	}
	return 0, false
}

func compareNumbers(x, y *Value) int {
	switch {
	case x.Kind == Float && y.Kind == Int:
		return -compareIntFloat(y.Int(), x.Float())
	case x.Kind == Int && y.Kind == Float:
		return compareIntFloat(x.Int(), y.Float())
	case x.Kind == Float || y.Kind == Float:
		a, b := x.AsFloat(), y.AsFloat()
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	}
	// Two floats that are further apart than their rounding decide as well.
	if a, b := x.AsFloat(), y.AsFloat(); math.Abs(a-b) > 1e-12*(math.Abs(a)+math.Abs(b)) {
		if a < b {
			return -1
		}
		return 1
	}
	return x.AsDec().Cmp(y.AsDec())
}

// compareIntFloat is exact, although a float64 cannot hold every int64.
func compareIntFloat(i int64, f float64) int {
	switch {
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Trunc(f)
	if c := compareInts(i, int64(whole)); c != 0 {
		return c
	}
	switch {
	case f > whole:
		return -1
	case f < whole:
		return 1
	}
	return 0
}

// Equal reports whether the known values x and y are the same. Values of
// different types are not.
func Equal(x, y *Value) bool {
	if x.Kind == y.Kind && (x.Kind == List || x.Kind == Struct) {
		return equalJSON(x.Text, y.Text)
	}
	c, ok := Compare(x, y)
	return ok && c == 0
}

// OfToken is the value of one valid JSON token.
func OfToken(raw []byte) Value {
	switch jsonscan.KindAt(raw, 0) {
	case jsonscan.True:
		return OfBool(true)
	case jsonscan.False:
		return OfBool(false)
	case jsonscan.Number:
		return OfNumber(raw)
	case jsonscan.String:
		if !jsonscan.Escaped(raw) {
			return OfString(raw[1 : len(raw)-1])
		}
		return OfString(jsonscan.AppendString(nil, raw))
	case jsonscan.Array:
		return OfJSON(List, raw)
	case jsonscan.Object:
		return OfJSON(Struct, raw)
	}
	return NullValue
}

func equalJSON(a, b []byte) bool {
	x, y := OfToken(a), OfToken(b)
	switch {
	case x.Kind == Null || y.Kind == Null:
		return x.Kind == y.Kind
	case x.Kind == List && y.Kind == List:
		i, j := jsonscan.WalkArray(a, 0), jsonscan.WalkArray(b, 0)
		for i.Next() {
			if !j.Next() || !equalJSON(i.Value(), j.Value()) {
				return false
			}
		}
		return !j.Next()
	case x.Kind == Struct && y.Kind == Struct:
		return sameMembers(a, b) && sameMembers(b, a)
	}
	return Equal(&x, &y)
}

// sameMembers reports whether every member of a is in b.
func sameMembers(a, b []byte) bool {
	i := jsonscan.WalkObject(a, 0)
next:
	for i.Next() {
		name := string(i.Name(nil))
		v := i.Value()
		j := jsonscan.WalkObject(b, 0)
		for j.Next() {
			if string(j.Name(nil)) == name && equalJSON(v, j.Value()) {
				continue next
			}
		}
		return false
	}
	return true
}
