package value

import (
	"math"
	"math/big"
	"strconv"
)

// MaxDigits is the precision of a DECIMAL. Results are rounded to it, half to
// even.
const MaxDigits = 38

// maxExp bounds the exponent, so that no text can ask for a number that takes
// gigabytes to write out.
const maxExp = 1 << 20

// A Dec is a base-10 number, coef × 10^exp. It is not changed once made.
type Dec struct {
	coef big.Int
	exp  int
}

var pow10s = func() (p [80]*big.Int) {
	p[0], p[1] = big.NewInt(1), big.NewInt(10)
	for i := 2; i < len(p); i++ {
		p[i] = new(big.Int).Mul(p[i-1], p[1])
	}
	return p
}()

func pow10(n int) *big.Int {
	if n < len(pow10s) {
		return pow10s[n]
	}
	p := pow10(n / 2)
	p = new(big.Int).Mul(p, p)
	if n%2 == 1 {
		p.Mul(p, pow10s[1])
	}
	return p
}

// DecInt is the decimal i.
func DecInt(i int64) *Dec {
	d := new(Dec)
	d.coef.SetInt64(i)
	return d
}

// DecFloat is the shortest decimal that reads back as f; nil for infinities and
// NaN.
func DecFloat(f float64) *Dec {
	d, _ := ParseDec(strconv.AppendFloat(nil, f, 'e', -1, 64))
	return d
}

// ParseDec reads digits with an optional sign, point and exponent (e or Ion's
// d). More than 38 digits are rounded.
func ParseDec(b []byte) (*Dec, bool) {
	d := new(Dec)
	i, neg := 0, false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		neg = b[i] == '-'
		i++
	}
	digits := make([]byte, 0, 40)
	n, point := 0, false
	for ; i < len(b); i++ {
		c := b[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		n++
		digits = append(digits, c)
		if point {
			d.exp--
		}
	}
	if n == 0 {
		return nil, false
	}
	if i < len(b) {
		if b[i]|0x20 != 'e' && b[i]|0x20 != 'd' {
			return nil, false
		}
		e, err := strconv.Atoi(string(b[i+1:]))
		if err != nil || e > maxExp || e < -maxExp {
			return nil, false
		}
		d.exp += e
	}
	if d.exp > maxExp || d.exp < -maxExp {
		return nil, false
	}
	if _, ok := d.coef.SetString(string(digits), 10); !ok {
		return nil, false
	}
	if neg {
		d.coef.Neg(&d.coef)
	}
	return d.round(), true
}

func (d *Dec) digits() int {
	if d.coef.Sign() == 0 {
		return 1
	}
	// The bit length says the digits but for one.
	n := int(float64(d.coef.BitLen()-1)*math.Log10(2)) + 1
	if d.coef.CmpAbs(pow10(n)) >= 0 {
		n++
	}
	return n
}

// round brings d, which nobody else has yet, to 38 digits.
func (d *Dec) round() *Dec {
	for {
		over := d.digits() - MaxDigits
		if over <= 0 {
			return d
		}
		d.shift(over)
	}
}

// shift drops the last n digits, rounding half to even.
func (d *Dec) shift(n int) {
	var rem big.Int
	d.coef.QuoRem(&d.coef, pow10(n), &rem)
	d.exp += n
	switch half := rem.CmpAbs(new(big.Int).Rsh(pow10(n), 1)); {
	case half > 0, half == 0 && d.coef.Bit(0) == 1:
		d.coef.Add(&d.coef, big.NewInt(int64(rem.Sign())))
	}
}

// Sign is -1, 0 or 1.
func (d *Dec) Sign() int { return d.coef.Sign() }

// aligned returns both coefficients at the smaller exponent.
func aligned(a, b *Dec) (x, y *big.Int, exp int) {
	x, y, exp = &a.coef, &b.coef, a.exp
	switch {
	case a.exp > b.exp:
		x, exp = new(big.Int).Mul(x, pow10(a.exp-b.exp)), b.exp
	case b.exp > a.exp:
		y = new(big.Int).Mul(y, pow10(b.exp-a.exp))
	}
	return x, y, exp
}

// Cmp compares a with b: -1, 0 or 1.
func (d *Dec) Cmp(o *Dec) int {
	if s, t := d.Sign(), o.Sign(); s != t || s == 0 {
		return compareInts(int64(s), int64(t))
	}
	// The magnitudes decide, unless they are close.
	if m, n := d.digits()+d.exp, o.digits()+o.exp; m != n {
		return compareInts(int64(m), int64(n)) * d.Sign()
	}
	x, y, _ := aligned(d, o)
	return x.Cmp(y)
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// far reports that a and b are so far apart that the smaller one cannot change
// any of the 38 digits of a sum.
func far(a, b *Dec) (bigger *Dec, ok bool) {
	if a.Sign() == 0 || b.Sign() == 0 {
		return nil, false
	}
	m, n := a.digits()+a.exp, b.digits()+b.exp
	switch {
	case m > n+2*MaxDigits:
		return a, true
	case n > m+2*MaxDigits:
		return b, true
	}
	return nil, false
}

// Add is d+o.
func (d *Dec) Add(o *Dec) *Dec {
	if bigger, ok := far(d, o); ok {
		return bigger
	}
	if d.Sign() == 0 && d.exp > o.exp+2*MaxDigits {
		return o
	}
	if o.Sign() == 0 && o.exp > d.exp+2*MaxDigits {
		return d
	}
	x, y, exp := aligned(d, o)
	r := &Dec{exp: exp}
	r.coef.Add(x, y)
	return r.round()
}

// Neg is -d.
func (d *Dec) Neg() *Dec {
	r := &Dec{exp: d.exp}
	r.coef.Neg(&d.coef)
	return r
}

// Mul is d×o.
func (d *Dec) Mul(o *Dec) *Dec {
	r := &Dec{exp: d.exp + o.exp}
	r.coef.Mul(&d.coef, &o.coef)
	return r.round()
}

// Quo is d/o to 38 digits, without trailing zeros beyond the operands' scale.
// o is not zero.
func (d *Dec) Quo(o *Dec) *Dec {
	ideal := d.exp - o.exp
	if d.Sign() == 0 {
		return &Dec{exp: ideal}
	}
	up := max(MaxDigits+3+o.digits()-d.digits(), 0)
	r := &Dec{exp: ideal - up}
	var rem big.Int
	num := new(big.Int).Mul(&d.coef, pow10(up))
	r.coef.QuoRem(num, &o.coef, &rem)
	if rem.Sign() != 0 { // a sticky digit keeps halves apart from more than halves
		r.coef.Mul(&r.coef, pow10(1))
		r.coef.Add(&r.coef, big.NewInt(int64(d.Sign()*o.Sign())))
		r.exp--
	}
	r.round()
	var q, m big.Int
	for r.exp < ideal {
		q.QuoRem(&r.coef, pow10(1), &m)
		if m.Sign() != 0 {
			break
		}
		r.coef.Set(&q)
		r.exp++
	}
	return r
}

// Rem is what is left of d after the whole multiples of o, with d's sign. It is
// nil where the quotient has more digits than can be told apart.
func (d *Dec) Rem(o *Dec) *Dec {
	if d.exp-o.exp > 10*MaxDigits || o.exp-d.exp > 10*MaxDigits {
		if d.digits()+d.exp < o.digits()+o.exp {
			return d
		}
		return nil
	}
	x, y, exp := aligned(d, o)
	r := &Dec{exp: exp}
	r.coef.Rem(x, y)
	return r.round()
}

// Int is d without its fraction; not ok if 64 bits cannot hold it.
func (d *Dec) Int() (int64, bool) {
	if d.Sign() == 0 || d.digits()+d.exp <= 0 {
		return 0, true
	}
	if d.digits()+d.exp > 19 {
		return 0, false
	}
	var n big.Int
	if d.exp >= 0 {
		n.Mul(&d.coef, pow10(d.exp))
	} else {
		n.Quo(&d.coef, pow10(-d.exp))
	}
	return n.Int64(), n.IsInt64()
}

// Float is the float64 nearest to d.
func (d *Dec) Float() float64 {
	b := d.coef.Append(make([]byte, 0, 48), 10)
	b = append(b, 'e')
	b = strconv.AppendInt(b, int64(d.exp), 10)
	f, _ := strconv.ParseFloat(string(b), 64)
	return f
}

// Append writes d in plain digits, with an exponent only where those would be
// more than 60.
func (d *Dec) Append(dst []byte) []byte {
	digits := d.coef.Append(make([]byte, 0, 48), 10)
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	const zeros, most = "000000000000000000000000000000000000000000000000000000000000", 60
	n := len(digits)
	switch {
	case d.exp > 0 && d.coef.Sign() == 0:
		return append(dst, '0')
	case d.exp >= 0 && n+d.exp <= most:
		dst = append(dst, digits...)
		return append(dst, zeros[:d.exp]...)
	case d.exp < 0 && d.exp >= -most:
		point := n + d.exp
		if point <= 0 {
			dst = append(dst, "0."...)
			dst, point = append(dst, zeros[:-point]...), 0
		} else {
			dst = append(dst, digits[:point]...)
			dst = append(dst, '.')
		}
		return append(dst, digits[point:]...)
	}
	dst = append(dst, digits[0])
	if n > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	dst = append(dst, 'E')
	e := d.exp + n - 1
	if e >= 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(e), 10)
}
