package s3select

import (
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// bind converts a Go value to what a parameter stands for.
func bind(p any) (sql.Arg, error) {
	v, err := bindScalar(p)
	if err == nil {
		return sql.Arg{Value: v}, nil
	}
	list := reflect.ValueOf(p)
	if list.Kind() != reflect.Slice && list.Kind() != reflect.Array {
		return sql.Arg{}, err
	}
	arg := sql.Arg{List: make([]value.Value, list.Len())}
	for i := range arg.List {
		if arg.List[i], err = bindScalar(list.Index(i).Interface()); err != nil {
			return sql.Arg{}, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return arg, nil
}

func bindScalar(p any) (value.Value, error) {
	switch p := p.(type) {
	case nil:
		return value.NullValue, nil
	case time.Time:
		t, ok := value.FromTime(p)
		if !ok {
			return value.Value{}, fmt.Errorf("the time is outside of the years 1 to 9999, or its offset has seconds")
		}
		return value.OfTime(t), nil
	}
	v := reflect.ValueOf(p)
	switch {
	case v.Kind() == reflect.Bool:
		return value.OfBool(v.Bool()), nil
	case v.CanInt():
		return value.OfInt(v.Int()), nil
	case v.CanUint():
		if u := v.Uint(); u <= math.MaxInt64 {
			return value.OfInt(int64(u)), nil
		}
		return value.Value{}, fmt.Errorf("the integer is above %d", int64(math.MaxInt64))
	case v.CanFloat():
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return value.Value{}, fmt.Errorf("the float is no number")
		}
		return value.OfFloat(f), nil
	case v.Kind() == reflect.String && !utf8.ValidString(v.String()):
		return value.Value{}, fmt.Errorf("the string is not UTF-8")
	case v.Kind() == reflect.String:
		return value.OfString([]byte(v.String())), nil
	case v.Kind() == reflect.Pointer && v.IsNil():
		return value.NullValue, nil
	case v.Kind() == reflect.Pointer:
		return bindScalar(v.Elem().Interface())
	}
	return value.Value{}, fmt.Errorf("a %T cannot be a parameter: use nil, a bool, a number, a string, a time.Time or a slice of these", p)
}
