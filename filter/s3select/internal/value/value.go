// Package value holds the types of S3 Select's SQL: what they compare, compute
// and convert to.
package value

import (
	"math"
	"strconv"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Kind is the type of a Value.
type Kind uint8

const (
	Missing Kind = iota
	Null
	Bool
	Int
	Float
	Decimal
	String
	Timestamp
	List   // raw JSON
	Struct // raw JSON
)

var kindNames = [...]string{"MISSING", "NULL", "BOOL", "INT", "FLOAT", "DECIMAL", "STRING", "TIMESTAMP", "LIST", "STRUCT"}

func (k Kind) String() string { return kindNames[k] }

// A Value is one value of the language. The zero Value is MISSING.
type Value struct {
	Kind Kind
	bits uint64 // Bool, Int, Float
	Text []byte // String: its text; List, Struct: JSON; Int, Float, Decimal from JSON: the token
	dec  *Dec
	time *Time
}

// NullValue is NULL.
var NullValue = Value{Kind: Null}

// OfBool, OfInt and the others make values.
func OfBool(b bool) Value {
	v := Value{Kind: Bool}
	if b {
		v.bits = 1
	}
	return v
}

// OfInt is an INT.
func OfInt(i int64) Value { return Value{Kind: Int, bits: uint64(i)} }

// OfFloat is a FLOAT.
func OfFloat(f float64) Value { return Value{Kind: Float, bits: math.Float64bits(f)} }

// OfDec is a DECIMAL.
func OfDec(d *Dec) Value { return Value{Kind: Decimal, dec: d} }

// OfString is a STRING that borrows b.
func OfString(b []byte) Value { return Value{Kind: String, Text: b} }

// OfTime is a TIMESTAMP.
func OfTime(t *Time) Value { return Value{Kind: Timestamp, time: t} }

// OfJSON is a LIST or STRUCT that borrows raw JSON.
func OfJSON(k Kind, raw []byte) Value { return Value{Kind: k, Text: raw} }

// OfNumber is the number that a JSON token stands for: an INT if it is an
// integer that 64 bits hold, a FLOAT if it has an exponent, a DECIMAL otherwise.
func OfNumber(token []byte) Value {
	if i, ok := jsonscan.ParseInt(token); ok {
		v := OfInt(i)
		v.Text = token
		return v
	}
	for _, c := range token {
		if c == 'e' || c == 'E' {
			if f, ok := jsonscan.ParseFloat(token); ok {
				v := OfFloat(f)
				v.Text = token
				return v
			}
			break
		}
	}
	// The decimal itself is parsed by whoever asks for it.
	return Value{Kind: Decimal, Text: token}
}

// Unknown reports NULL or MISSING.
func (v *Value) Unknown() bool { return v.Kind <= Null }

// True reports the boolean TRUE.
func (v *Value) True() bool { return v.Kind == Bool && v.bits != 0 }

// Int is the INT's value.
func (v *Value) Int() int64 { return int64(v.bits) }

// Float is the FLOAT's value.
func (v *Value) Float() float64 { return math.Float64frombits(v.bits) }

// Time is the TIMESTAMP's value.
func (v *Value) Time() *Time { return v.time }

// Dec is the DECIMAL's value.
func (v *Value) Dec() *Dec {
	if v.dec == nil {
		v.dec, _ = ParseDec(v.Text)
		if v.dec == nil {
			v.dec = new(Dec)
		}
	}
	return v.dec
}

// Number reports INT, FLOAT or DECIMAL.
func (v *Value) Number() bool { return v.Kind >= Int && v.Kind <= Decimal }

// AppendText appends the value as CAST to STRING and CSV spell it. NULL and
// MISSING are empty.
func (v *Value) AppendText(dst []byte) []byte {
	switch v.Kind {
	case Bool:
		return strconv.AppendBool(dst, v.bits != 0)
	case String, List, Struct:
		return append(dst, v.Text...)
	case Timestamp:
		return v.time.Append(dst)
	case Int, Float, Decimal:
		return v.appendNumber(dst)
	}
	return dst
}

func (v *Value) appendNumber(dst []byte) []byte {
	switch {
	case v.Text != nil: // as it stood in the input
		return append(dst, v.Text...)
	case v.Kind == Int:
		return strconv.AppendInt(dst, v.Int(), 10)
	case v.Kind == Decimal:
		return v.dec.Append(dst)
	}
	return appendFloat(dst, v.Float())
}

// appendFloat writes the shortest digits that read back the same, with an
// exponent below 1e-6 and from 1e21 on, as encoding/json does.
func appendFloat(dst []byte, f float64) []byte {
	if a := math.Abs(f); a == 0 || a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-4] == 'e' && dst[n-2] == '0' { // e-07 is e-7
		dst = append(dst[:n-2], dst[n-1])
	}
	return dst
}

// AppendJSON appends the value as JSON; NULL and MISSING are null.
func (v *Value) AppendJSON(dst []byte) []byte {
	switch v.Kind {
	case Missing, Null:
		return append(dst, "null"...)
	case String:
		return jsonscan.AppendQuoteBytes(dst, v.Text)
	case Timestamp:
		dst = append(dst, '"')
		dst = v.time.Append(dst)
		return append(dst, '"')
	case List, Struct:
		return AppendCompact(dst, v.Text)
	}
	return v.AppendText(dst)
}

// AppendCompact appends valid JSON without its insignificant white space; a
// string's escapes become the shortest ones.
func AppendCompact(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '"':
			end, err := jsonscan.SkipString(raw, i)
			if err != nil {
				return append(dst, raw[i:]...)
			}
			if token := raw[i:end]; jsonscan.Escaped(token) {
				dst = jsonscan.AppendQuoteBytes(dst, jsonscan.AppendString(nil, token))
			} else {
				dst = append(dst, token...)
			}
			i = end
		default:
			j := i + 1
			for j < len(raw) && raw[j] > ' ' && raw[j] != '"' {
				j++
			}
			dst = append(dst, raw[i:j]...)
			i = j
		}
	}
	return dst
}
