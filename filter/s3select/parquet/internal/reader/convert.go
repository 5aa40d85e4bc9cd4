package reader

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// Physical types.
const (
	physBool = iota
	physInt32
	physInt64
	physInt96
	physFloat
	physDouble
	physBytes
	physFixed
)

// Logical types, by their number in the union, and the converted types of old.
const (
	logicalString    = 1
	logicalMap       = 2
	logicalList      = 3
	logicalEnum      = 4
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTime      = 7
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalNull      = 11
	logicalJSON      = 12
	logicalBSON      = 13
	logicalUUID      = 14
	logicalFloat16   = 15

	convertedUTF8            = 0
	convertedMap             = 1
	convertedMapKeyValue     = 2
	convertedList            = 3
	convertedEnum            = 4
	convertedDecimal         = 5
	convertedDate            = 6
	convertedTimeMillis      = 7
	convertedTimeMicros      = 8
	convertedTimestampMillis = 9
	convertedTimestampMicros = 10
	convertedUint8           = 11
	convertedUint64          = 14
	convertedInt8            = 15
	convertedInt64           = 18
	convertedJSON            = 19
	convertedBSON            = 20
	convertedInterval        = 21
)

// A converter makes a value of the language of a physical one: bits of a number,
// or bytes. It may append to the arena, and borrow from it and from the bytes.
type converter func(bits uint64, b []byte, arena *[]byte) (value.Value, error)

// converterOf is the leaf's converter, nil if there is none for its type.
func converterOf(e *element) converter {
	switch e.physical {
	case physBool:
		return func(bits uint64, _ []byte, _ *[]byte) (value.Value, error) { return value.OfBool(bits != 0), nil }
	case physInt32, physInt64:
		return ofInteger(e)
	case physInt96:
		return ofInt96
	case physFloat:
		return ofFloat
	case physDouble:
		return func(bits uint64, _ []byte, _ *[]byte) (value.Value, error) {
			return number(math.Float64frombits(bits)), nil
		}
	case physBytes, physFixed:
		return ofBytes(e)
	}
	return nil
}

// legacy is the logical type that a converted type stands for.
func legacy(e *element) int16 {
	switch c := e.converted; {
	case c == convertedUTF8:
		return logicalString
	case c == convertedEnum:
		return logicalEnum
	case c == convertedDecimal:
		return logicalDecimal
	case c == convertedDate:
		return logicalDate
	case c == convertedTimeMillis, c == convertedTimeMicros:
		e.unit = int16(c - convertedTimeMillis + 1)
		return logicalTime
	case c == convertedTimestampMillis, c == convertedTimestampMicros:
		e.unit, e.utc = int16(c-convertedTimestampMillis+1), true
		return logicalTimestamp
	case c >= convertedUint8 && c <= convertedUint64:
		e.bits, e.signed = 8<<(c-convertedUint8), false
		return logicalInteger
	case c >= convertedInt8 && c <= convertedInt64:
		e.bits, e.signed = 8<<(c-convertedInt8), true
		return logicalInteger
	case c == convertedJSON:
		return logicalJSON
	case c == convertedBSON:
		return logicalBSON
	}
	return 0
}

// unsigned reports that the bits of an INT32 or INT64 have no sign.
func (e *element) unsigned() bool {
	return e.logical == logicalInteger && !e.signed
}

func ofInteger(e *element) converter {
	switch e.logical {
	case logicalInteger:
		if e.unsigned() {
			return func(bits uint64, _ []byte, _ *[]byte) (value.Value, error) {
				if e.physical == physInt32 {
					bits = uint64(uint32(bits))
				}
				if bits > math.MaxInt64 {
					return value.Value{Kind: value.Decimal, Text: strconv.AppendUint(nil, bits, 10)}, nil
				}
				return value.OfInt(int64(bits)), nil
			}
		}
	case logicalDecimal:
		scale, ok := e.scaled()
		if !ok {
			return nil
		}
		return func(bits uint64, _ []byte, arena *[]byte) (value.Value, error) {
			var digits [20]byte
			return decimal(strconv.AppendInt(digits[:0], int64(bits), 10), scale, arena), nil
		}
	case logicalDate:
		return func(bits uint64, _ []byte, _ *[]byte) (value.Value, error) {
			t, ok := value.FromDays(int64(bits))
			return timestamp(t, ok)
		}
	case logicalTimestamp:
		per, digits, ok := e.clock()
		if !ok {
			return nil
		}
		utc := e.utc
		return func(bits uint64, _ []byte, _ *[]byte) (value.Value, error) {
			sec, frac := int64(bits)/per, int64(bits)%per
			if frac < 0 {
				sec, frac = sec-1, frac+per
			}
			t, ok := value.FromUnix(sec, frac, digits, utc)
			return timestamp(t, ok)
		}
	case logicalTime:
		per, _, ok := e.clock()
		if !ok {
			return nil
		}
		return func(bits uint64, _ []byte, arena *[]byte) (value.Value, error) {
			return timeOfDay(int64(bits), per, arena)
		}
	case logicalNull:
		return nothing
	}
	return func(bits uint64, _ []byte, _ *[]byte) (value.Value, error) { return value.OfInt(int64(bits)), nil }
}

// clock is how many units a second has, and their decimal digits.
func (e *element) clock() (per int64, digits int, ok bool) {
	switch e.unit {
	case 1:
		return 1e3, 3, true
	case 2:
		return 1e6, 6, true
	case 3:
		return 1e9, 9, true
	}
	return 0, 0, false
}

// scaled is the scale of a DECIMAL that the language can hold.
func (e *element) scaled() (scale int, ok bool) {
	return int(e.scale), e.precision > 0 && e.precision <= value.MaxDigits && e.scale >= 0 && e.scale <= e.precision
}

func nothing(uint64, []byte, *[]byte) (value.Value, error) { return value.NullValue, nil }

func timestamp(t *value.Time, ok bool) (value.Value, error) {
	if !ok {
		return value.Value{}, fault.New("UnsupportedParquetType", "a timestamp is outside of the years 1 to 9999")
	}
	return value.OfTime(t), nil
}

func timeOfDay(n, per int64, arena *[]byte) (value.Value, error) {
	sec, frac := n/per, n%per
	if n < 0 || sec >= 86400 {
		return value.Value{}, damaged("a TIME is outside of the day")
	}
	start := len(*arena)
	b := *arena
	for i, v := range [3]int64{sec / 3600, sec / 60 % 60, sec % 60} {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, byte('0'+v/10), byte('0'+v%10))
	}
	b = append(b, '.')
	b = append(b, strconv.FormatInt(per+frac, 10)[1:]...)
	*arena = b
	return value.OfString(b[start:len(b):len(b)]), nil
}

// ofInt96 is the timestamp of Impala and Spark: nanoseconds of a day, and the
// day's Julian number.
func ofInt96(_ uint64, b []byte, _ *[]byte) (value.Value, error) {
	const epoch = 2440588 // 1970-01-01
	nanos := int64(binary.LittleEndian.Uint64(b))
	day := int64(int32(binary.LittleEndian.Uint32(b[8:])))
	sec, frac := nanos/1e9, nanos%1e9
	if frac < 0 {
		sec, frac = sec-1, frac+1e9
	}
	t, ok := value.FromUnix((day-epoch)*86400+sec, frac, 9, true)
	return timestamp(t, ok)
}

// number is a float; what JSON has no number for is NULL.
func number(f float64) value.Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return value.NullValue
	}
	return value.OfFloat(f)
}

// ofFloat compares as the float64 of the same value, and is written with the
// digits that tell float32s apart.
func ofFloat(bits uint64, _ []byte, arena *[]byte) (value.Value, error) {
	f := math.Float32frombits(uint32(bits))
	v := number(float64(f))
	if v.Kind == value.Float {
		v.Text = single(f, arena)
	}
	return v, nil
}

func single(f float32, arena *[]byte) []byte {
	start, format := len(*arena), byte('f')
	if a := math.Abs(float64(f)); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	b := strconv.AppendFloat(*arena, float64(f), format, -1, 32)
	*arena = b
	return b[start:len(b):len(b)]
}

// decimal puts the point into the digits of an integer.
func decimal(digits []byte, scale int, arena *[]byte) value.Value {
	start, b := len(*arena), *arena
	if digits[0] == '-' {
		b, digits = append(b, '-'), digits[1:]
	}
	for n := len(digits); n <= scale; n++ {
		b = append(b, '0') // before the point and, for a fraction that is small, behind it
		if n == len(digits) && scale > 0 {
			b = append(b, '.')
		}
	}
	if n := len(digits) - scale; n > 0 {
		b = append(b, digits[:n]...)
		if digits = digits[n:]; scale > 0 {
			b = append(b, '.')
		}
	}
	b = append(b, digits...)
	*arena = b
	return value.Value{Kind: value.Decimal, Text: b[start:len(b):len(b)]}
}

func ofBytes(e *element) converter {
	logical, fixed := e.logical, e.physical == physFixed
	switch {
	case logical == logicalDecimal:
		scale, ok := e.scaled()
		if !ok {
			return nil
		}
		return func(_ uint64, b []byte, arena *[]byte) (value.Value, error) { return bigDecimal(b, scale, arena) }
	case logical == logicalNull:
		return nothing
	case e.converted == convertedInterval:
		return nil
	case logical == logicalUUID && fixed && e.length == 16:
		return func(_ uint64, b []byte, arena *[]byte) (value.Value, error) {
			start, out := len(*arena), *arena
			for i, end := range [5]int{4, 6, 8, 10, 16} {
				if i > 0 {
					out = append(out, '-')
				}
				out = hex.AppendEncode(out, b[[5]int{0, 4, 6, 8, 10}[i]:end])
			}
			*arena = out
			return value.OfString(out[start:len(out):len(out)]), nil
		}
	case logical == logicalFloat16 && fixed && e.length == 2:
		return func(_ uint64, b []byte, arena *[]byte) (value.Value, error) {
			return ofFloat(uint64(math.Float32bits(half(binary.LittleEndian.Uint16(b)))), nil, arena)
		}
	case logical == logicalString, logical == logicalEnum, logical == logicalJSON, logical == 0 && !fixed:
		return func(_ uint64, b []byte, _ *[]byte) (value.Value, error) {
			if !utf8.Valid(b) {
				return value.Value{}, fault.New("InvalidTextEncoding", "the column %s has bytes that are not UTF-8", e.name)
			}
			return value.OfString(b), nil
		}
	}
	return func(_ uint64, b []byte, arena *[]byte) (value.Value, error) {
		start := len(*arena)
		out := base64.StdEncoding.AppendEncode(*arena, b)
		*arena = out
		return value.OfString(out[start:len(out):len(out)]), nil
	}
}

// bigDecimal reads a big-endian number in two's complement.
func bigDecimal(b []byte, scale int, arena *[]byte) (value.Value, error) {
	if len(b) == 0 || len(b) > 64 {
		return value.Value{}, damaged("a DECIMAL has %d bytes", len(b))
	}
	if len(b) <= 8 {
		n := int64(int8(b[0]))
		for _, c := range b[1:] {
			n = n<<8 | int64(c)
		}
		var digits [20]byte
		return decimal(strconv.AppendInt(digits[:0], n, 10), scale, arena), nil
	}
	n := new(big.Int).SetBytes(b)
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	digits := n.Append(nil, 10)
	if len(digits) > value.MaxDigits+1 || len(digits) > value.MaxDigits && digits[0] != '-' {
		return value.Value{}, damaged("a DECIMAL has more than %d digits", value.MaxDigits)
	}
	return decimal(digits, scale, arena), nil
}

// half is the float16 with these bits.
func half(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch {
	case exp == 31:
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	case exp == 0:
		f := float32(frac) / (1 << 24)
		if sign != 0 {
			f = -f
		}
		return f
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}
