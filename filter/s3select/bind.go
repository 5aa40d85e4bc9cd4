package s3select

import (
	"errors"
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
			return value.Value{}, errors.New("the time is outside of the years 1 to 9999, or its offset has seconds")
		}
		return value.OfTime(t), nil
	}
	v := reflect.ValueOf(p)
	switch k := v.Kind(); {
	case k == reflect.Bool:
		return value.OfBool(v.Bool()), nil
	case k == reflect.String:
		s := v.String()
		if !utf8.ValidString(s) {
			return value.Value{}, errors.New("the string is not UTF-8")
		}
		return value.OfString([]byte(s)), nil
	case k == reflect.Pointer && v.IsNil():
		return value.NullValue, nil
	case k == reflect.Pointer:
		return bindScalar(v.Elem().Interface())
	case v.CanInt():
		return value.OfInt(v.Int()), nil
	case v.CanUint():
		u := v.Uint()
		if u > math.MaxInt64 {
			return value.Value{}, errors.New("the integer is above 9223372036854775807")
		}
		return value.OfInt(int64(u)), nil
	case v.CanFloat():
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return value.Value{}, errors.New("the float is no number")
		}
		return value.OfFloat(f), nil
	}
	return value.Value{}, fmt.Errorf("a %T cannot be a parameter: use nil, a bool, a number, a string, a time.Time or a slice of these", p)
}
