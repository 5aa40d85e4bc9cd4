package secrets

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// decode turns raw into a T. Its error wraps ErrDecode or ErrTooLarge and no
// text of a decoder, which may quote the value.
func decode[T any](raw Raw, custom func([]byte, any) error) (v T, err error) {
	if len(raw.Data) > maxData {
		return v, fmt.Errorf("%w: %d bytes, want at most %d", ErrTooLarge, len(raw.Data), maxData)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w into %T: the decoder panicked (%T)", ErrDecode, v, p)
		}
	}()
	if custom != nil {
		if err := custom(raw.Data, &v); err != nil {
			var zero T
			return zero, fmt.Errorf("%w into %s: %s", ErrDecode, reflect.TypeFor[T](), describe(err, len(raw.Data)))
		}
		return v, nil
	}
	switch p := any(&v).(type) {
	case *string:
		if raw.Binary {
			return v, fmt.Errorf("%w into string: the value is binary, use []byte", ErrDecode)
		}
		*p = string(raw.Data)
		return v, nil
	case *Redacted:
		if raw.Binary {
			return v, fmt.Errorf("%w into Redacted: the value is binary, use []byte", ErrDecode)
		}
		*p = Redact(string(raw.Data))
		return v, nil
	case *[]byte:
		*p = append([]byte(nil), raw.Data...)
		return v, nil
	}
	if err := json.Unmarshal(raw.Data, &v); err != nil {
		var zero T
		return zero, fmt.Errorf("%w into %s: %s", ErrDecode, reflect.TypeFor[T](), describe(err, len(raw.Data)))
	}
	return v, nil
}

// describe says what is wrong with a value without quoting it. The text of an
// error that doesn't come from encoding/json is withheld, unless it has a method
// SecretSafe, by which its author says that it never quotes its input.
func describe(err error, size int) string {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	var safe interface {
		error
		SecretSafe()
	}
	switch {
	case errors.As(err, &safe):
		return safe.Error()
	case size == 0:
		return "the value is empty"
	case errors.As(err, &syntax):
		return fmt.Sprintf("not JSON at byte %d of %d", syntax.Offset, size)
	case errors.As(err, &typ):
		kind, _, _ := strings.Cut(typ.Value, " ") // "number 42" names the value
		if typ.Field == "" {
			return fmt.Sprintf("the value is a JSON %s", kind)
		}
		// typ.Field is a path of Go or JSON field names; map keys may be the
		// secret's own and are left out.
		return fmt.Sprintf("a field of Go type %s is a JSON %s (%s.%s)", typ.Type, kind, typ.Struct, lastField(typ))
	}
	return fmt.Sprintf("decoding failed (%T, text withheld)", err)
}

func lastField(e *json.UnmarshalTypeError) string {
	if i := strings.LastIndexByte(e.Field, '.'); i >= 0 {
		return e.Field[i+1:]
	}
	return e.Field
}
