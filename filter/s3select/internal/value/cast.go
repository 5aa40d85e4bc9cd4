package value

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Cast converts v to kind k. Unknown values become NULL. White space around the
// text of a number is no part of it: S3 reads a number as an Ion value.
func Cast(v *Value, k Kind) (Value, error) {
	if v.Unknown() {
		return NullValue, nil
	}
	switch k {
	case Bool:
		return castBool(v)
	case Int:
		return castInt(v)
	case Float:
		return castFloat(v)
	case Decimal:
		return castDecimal(v)
	case Timestamp:
		if v.Kind == Timestamp {
			return *v, nil
		}
		if v.Kind == String {
			if t, ok := ParseTime(v.Text, false); ok {
				return OfTime(t), nil
			}
			return castFailed(v, k)
		}
	case String:
		switch v.Kind {
		case String:
			return *v, nil
		case Float:
			return OfString(appendFloatText(nil, v)), nil
		case Bool, Int, Decimal, Timestamp:
			return OfString(v.AppendText(nil)), nil
		}
	case List, Struct:
		if v.Kind == k {
			return *v, nil
		}
	}
	return invalidCast(v, k)
}

// invalidCast is not inlined, as fault.New is not.
//
//go:noinline
func invalidCast(v *Value, k Kind) (Value, error) {
	return Value{}, fault.New("InvalidCast", "%s cannot be cast to %s", v.Kind, k)
}

// appendFloatText spells a float so that it reads back as one: 1.0, not 1.
func appendFloatText(dst []byte, v *Value) []byte {
	n := len(dst)
	dst = v.AppendText(dst)
	if !bytes.ContainsAny(dst[n:], ".eE") {
		dst = append(dst, ".0"...)
	}
	return dst
}

func castFailed(v *Value, k Kind) (Value, error) {
	text := string(v.Text)
	if len(text) > 80 {
		text = text[:80] + "…"
	}
	return Value{}, fault.New("CastFailed", "%q is no %s", text, k)
}

func castBool(v *Value) (Value, error) {
	switch v.Kind {
	case Bool:
		return *v, nil
	case Int, Float, Decimal:
		return OfBool(!v.zero()), nil
	case String:
		switch strings.ToLower(string(v.Text)) {
		case "true":
			return OfBool(true), nil
		case "false":
			return OfBool(false), nil
		}
		return castFailed(v, Bool)
	}
	return invalidCast(v, Bool)
}

func castInt(v *Value) (Value, error) {
	switch v.Kind {
	case Int:
		return *v, nil
	case Bool:
		return OfInt(int64(v.bits)), nil
	case Float:
		f := math.Trunc(v.Float())
		if f < 1<<63 && f >= -1<<63 {
			return OfInt(int64(f)), nil
		}
	case Decimal:
		if i, ok := v.Dec().Int(); ok {
			return OfInt(i), nil
		}
	case String:
		if i, ok := jsonscan.ParseInt(v.Text); ok {
			return OfInt(i), nil
		}
		text := bytes.TrimSpace(v.Text)
		s := text
		if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
			s = s[1:]
		}
		if len(s) == 0 || !allDigits(string(s)) {
			return castFailed(v, Int)
		}
		if i, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return OfInt(i), nil
		}
	default:
		return invalidCast(v, Int)
	}
	return Value{}, fault.New("IntegerOverflow", "%s does not fit the 64 bits of an INT", v.AppendText(nil))
}

func castFloat(v *Value) (Value, error) {
	switch v.Kind {
	case Float:
		return *v, nil
	case Bool:
		return OfFloat(float64(v.bits)), nil
	case Int, Decimal:
		return OfFloat(v.AsFloat()), nil
	case String:
		if f, ok := jsonscan.ParseFloat(v.Text); ok {
			return OfFloat(f), nil
		}
		text := bytes.TrimSpace(v.Text)
		if !decimalText(text) {
			return castFailed(v, Float)
		}
		f, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			return castFailed(v, Float)
		}
		return OfFloat(f), nil
	}
	return invalidCast(v, Float)
}

func castDecimal(v *Value) (Value, error) {
	switch v.Kind {
	case Decimal:
		return *v, nil
	case Bool:
		return OfDec(DecInt(int64(v.bits))), nil
	case Int, Float:
		return OfDec(v.AsDec()), nil
	case String:
		if text := bytes.TrimSpace(v.Text); decimalText(text) {
			if d, ok := ParseDec(text); ok {
				return OfDec(d), nil
			}
		}
		return castFailed(v, Decimal)
	}
	return invalidCast(v, Decimal)
}

// decimalText keeps words such as inf, and hexadecimal, out of what is taken
// for a number.
func decimalText(b []byte) bool {
	digit := false
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digit = true
		case c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E':
			return false
		}
	}
	return digit
}
