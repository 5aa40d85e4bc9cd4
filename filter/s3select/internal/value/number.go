package value

import (
	"math"
	"math/bits"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Arith computes x op y, op one of + - * / %. Unknown operands make NULL. Two
// INTs stay an INT, a FLOAT makes a FLOAT, all else is a DECIMAL.
func Arith(op byte, x, y *Value) (Value, error) {
	if x.Unknown() || y.Unknown() {
		return NullValue, nil
	}
	if !x.Number() || !y.Number() {
		k := x.Kind
		if x.Number() {
			k = y.Kind
		}
		return Value{}, fault.New("IncorrectSqlFunctionArgumentType", "%c needs numbers, not %s: CAST it", op, k)
	}
	if (op == '/' || op == '%') && y.zero() {
		return Value{}, fault.New("IllegalSqlFunctionArgument", "division by zero")
	}
	switch {
	case x.Kind == Int && y.Kind == Int:
		return arithInt(op, x.Int(), y.Int())
	case x.Kind == Float || y.Kind == Float:
		return arithFloat(op, x.AsFloat(), y.AsFloat())
	}
	a, b := x.AsDec(), y.AsDec()
	var r *Dec
	switch op {
	case '+':
		r = a.Add(b)
	case '-':
		r = a.Add(b.Neg())
	case '*':
		r = a.Mul(b)
	case '/':
		r = a.Quo(b)
	case '%':
		r = a.Rem(b)
	}
	if r == nil || r.exp > maxExp || r.exp < -maxExp {
		return Value{}, fault.New("NumberFormatError", "the result of %c is beyond the range of a DECIMAL", op)
	}
	return OfDec(r), nil
}

func arithInt(op byte, a, b int64) (Value, error) {
	r, ok := int64(0), true
	switch op {
	case '+':
		r = a + b
		ok = (r > a) == (b > 0)
	case '-':
		r = a - b
		ok = (r < a) == (b > 0)
	case '*':
		hi, lo := bits.Mul64(uint64(a), uint64(b))
		r = int64(lo)
		// The signed high word must only repeat the sign.
		h := int64(hi)
		if a < 0 {
			h -= b
		}
		if b < 0 {
			h -= a
		}
		ok = h == r>>63
	case '/':
		ok = a != math.MinInt64 || b != -1
		r = a / b
	case '%':
		r = a % b
	}
	if !ok {
		return Value{}, fault.New("IntegerOverflow", "%d %c %d does not fit 64 bits", a, op, b)
	}
	return OfInt(r), nil
}

func arithFloat(op byte, a, b float64) (Value, error) {
	var r float64
	switch op {
	case '+':
		r = a + b
	case '-':
		r = a - b
	case '*':
		r = a * b
	case '/':
		r = a / b
	case '%':
		r = math.Mod(a, b)
	}
	if math.IsInf(r, 0) || math.IsNaN(r) {
		return Value{}, fault.New("NumberFormatError", "%v %c %v is beyond the range of a FLOAT", a, op, b)
	}
	return OfFloat(r), nil
}

// Neg is -x.
func Neg(x *Value) (Value, error) {
	switch x.Kind {
	case Missing, Null:
		return NullValue, nil
	case Int:
		return arithInt('-', 0, x.Int())
	case Float:
		return OfFloat(-x.Float()), nil
	case Decimal:
		return OfDec(x.Dec().Neg()), nil
	}
	return Value{}, fault.New("IncorrectSqlFunctionArgumentType", "- needs a number, not %s: CAST it", x.Kind)
}

func (v *Value) zero() bool {
	switch v.Kind {
	case Int:
		return v.bits == 0
	case Float:
		return v.Float() == 0
	}
	return v.Dec().Sign() == 0
}

// AsFloat is a number as a float64.
func (v *Value) AsFloat() float64 {
	switch v.Kind {
	case Int:
		return float64(v.Int())
	case Float:
		return v.Float()
	}
	if v.dec == nil {
		if f, ok := jsonscan.ParseFloat(v.Text); ok {
			return f
		}
	}
	return v.Dec().Float()
}

// AsDec is a number as a DECIMAL.
func (v *Value) AsDec() *Dec {
	switch v.Kind {
	case Int:
		return DecInt(v.Int())
	case Float:
		if d := DecFloat(v.Float()); d != nil {
			return d
		}
		return new(Dec)
	}
	return v.Dec()
}
