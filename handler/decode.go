package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A DecodeError says what in the JSON of an event or of an HTTP body does not
// fit its Go type, and where. Its text names members and types in the terms of
// JSON: it carries no value of the event and no name of a Go type.
type DecodeError struct {
	// Member is the path of the member, as in lines[2].quantity. It is empty
	// for the whole value, and where encoding/json does not tell.
	Member string
	// Offset is the byte offset in the JSON text of the value, or of the byte
	// that breaks the syntax. It is -1 where encoding/json does not tell, as
	// for the error of an UnmarshalJSON method.
	Offset int
	// Err is what is wrong: a [*json.UnmarshalTypeError], a syntax error, or
	// whatever an UnmarshalJSON or UnmarshalText method returned.
	Err error

	reason string // Err in the terms of JSON, if that is not its own text
}

func (e *DecodeError) Error() string {
	reason := e.reason
	if reason == "" {
		reason = e.Err.Error()
	}
	where := ""
	if e.Member != "" {
		where += " of member " + strconv.Quote(e.Member)
	}
	if e.Offset >= 0 {
		where += " at offset " + strconv.Itoa(e.Offset)
	}
	return "invalid JSON" + where + ": " + reason
}

// Unwrap returns Err.
func (e *DecodeError) Unwrap() error { return e.Err }

var errNull = errors.New("null where a value is expected")

// DisallowUnknownFields, an option of JSON, HTTP, Endpoint and the batch
// adapters, makes a member that the input type does not have an error.
func DisallowUnknownFields() Option {
	return Option{"DisallowUnknownFields", onJSON | onHTTP | onEndpoint | onBatch, func(o *options) error {
		o.disallowUnknownFields = true
		return nil
	}}
}

// A decoder decodes JSON texts for one Go type, strictly: what encoding/json
// accepts, except for null where the type cannot say null, and, by option,
// members that the type does not have.
type decoder struct {
	plan            *plan // nil where encoding/json does it all
	nullOK          bool
	disallowUnknown bool
}

// decoderFor is worked out once per adapter.
func decoderFor[In any](o *options) decoder {
	t := reflect.TypeFor[In]()
	return decoder{plan: planFor(t), nullOK: acceptsNull(t), disallowUnknown: o.disallowUnknownFields}
}

// acceptsNull reports whether a null can be told from other values in a t, or
// t decides for itself what null means.
func acceptsNull(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	}
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// decode decodes b, which it does not retain, into the zero value of the type
// that in points to. After an error that may be half-filled. Every error is a
// *DecodeError.
func (d decoder) decode(b []byte, in any) error { return d.decodeWith(b, in, nil) }

// decodeWith is decode for one of many values: where small is not nil, short
// strings share allocations in it.
func (d decoder) decodeWith(b []byte, in any, small *strings.Builder) error {
	if !d.nullOK {
		if i := jsonscan.Space(b, 0); jsonscan.KindAt(b, i) == jsonscan.Null && jsonscan.Valid(b) == nil {
			return &DecodeError{Offset: i, Err: errNull}
		}
	}
	if d.plan != nil {
		v := reflect.ValueOf(in).Elem()
		if d.plan.decodeWith(b, v, d.disallowUnknown, small) {
			return nil
		}
		v.SetZero()
	}
	var err error
	if d.disallowUnknown {
		err = decodeKnown(b, in)
	} else {
		err = json.Unmarshal(b, in)
	}
	if err != nil {
		return describe(b, err)
	}
	return nil
}

// decodeKnown refuses unknown members, which json.Unmarshal cannot.
func decodeKnown(b []byte, in any) error {
	if err := jsonscan.Valid(b); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode(in)
}

// describe says where in b, and in which words, err arose.
func describe(b []byte, err error) *DecodeError {
	if syntax, ok := errors.AsType[*jsonscan.SyntaxError](jsonscan.Valid(b)); ok {
		e := &DecodeError{Offset: syntax.Offset, Err: syntax, reason: syntax.Msg}
		e.Member, _ = locate(b, -1)
		if jsonscan.Space(b, 0) == len(b) {
			e.reason = "the text is empty"
		}
		return e
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		e := &DecodeError{Err: mismatch}
		e.Member, e.Offset = locate(b, int(mismatch.Offset)+offsetShift())
		e.reason = kindWord(jsonscan.KindAt(b, e.Offset)) + " where " + typeWord(mismatch.Type) + " is expected"
		return e
	}
	e := &DecodeError{Offset: -1, Err: err}
	// encoding/json has no type for this error; where its text is another one
	// day, only the place is lost.
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if name, err := strconv.Unquote(quoted); err == nil {
			e.reason = "a member of this name is not known"
			e.Member = clip(name)
			if path, offset, unique := findName(b, name); unique {
				e.Member, e.Offset = path, offset
			}
		}
	}
	return e
}

// offsetShift makes an offset of encoding/json one within the value that does
// not fit: it is in there already, at the end or behind the bracket, but where
// encoding/json is built on version 2 (GOEXPERIMENT=jsonv2) it is the start.
func offsetShift() int {
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](json.Unmarshal([]byte("[]"), new(string))); ok && mismatch.Offset == 0 {
		return 1
	}
	return 0
}

func kindWord(k jsonscan.Kind) string {
	switch k {
	case jsonscan.Null:
		return "null"
	case jsonscan.False, jsonscan.True:
		return "a boolean"
	case jsonscan.Number:
		return "a number"
	case jsonscan.String:
		return "a string"
	case jsonscan.Array:
		return "an array"
	case jsonscan.Object:
		return "an object"
	}
	return "something"
}

func typeWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeWord(t.Elem())
	case reflect.Bool:
		return "a boolean"
	case reflect.String:
		return "a string"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		high := int64(math.MaxInt64) >> (64 - t.Bits())
		return fmt.Sprintf("an integer from %d to %d", -high-1, high)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return fmt.Sprintf("an integer from 0 to %d", uint64(math.MaxUint64)>>(64-t.Bits()))
	case reflect.Float32:
		return "a number of 32-bit floating point"
	case reflect.Float64:
		return "a number of 64-bit floating point"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a string of base64"
		}
		return "an array"
	case reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "another type"
}

// What an error tells of a hostile text is bounded, and so is the time to find
// it out.
const (
	maxPathDepth = 32
	maxPathName  = 64
)

// locate returns the path and the offset of the innermost value of b that the
// byte before offset at belongs to, which is the one that encoding/json was in
// when it reported at; or, where at is -1, that a syntax error breaks.
func locate(b []byte, at int) (path string, start int) {
	i := jsonscan.Space(b, 0)
	for range maxPathDepth {
		step, next := "", -1
		switch jsonscan.KindAt(b, i) {
		case jsonscan.Object:
			for o := jsonscan.WalkObject(b, i); next < 0 && o.Next(); {
				pos := o.Pos()
				if v := o.Value(); v == nil || (pos < at && at <= pos+len(v)) {
					step, next = memberStep(path, clip(string(o.Name(nil)))), pos
				}
			}
		case jsonscan.Array:
			n := 0
			for a := jsonscan.WalkArray(b, i); next < 0 && a.Next(); n++ {
				pos := a.Pos()
				if v := a.Value(); v == nil || (pos < at && at <= pos+len(v)) {
					step, next = "["+strconv.Itoa(n)+"]", pos
				}
			}
		}
		if next < 0 {
			break
		}
		path += step
		i = next
	}
	return path, i
}

// findName returns the path and the offset of the member of that name, and
// whether there is only one.
func findName(b []byte, name string) (path string, offset int, unique bool) {
	found := 0
	var visit func(i, depth int, at string) (end int)
	visit = func(i, depth int, at string) int {
		switch k := jsonscan.KindAt(b, i); {
		case depth > maxPathDepth:
		case k == jsonscan.Object:
			o := jsonscan.WalkObject(b, i)
			for o.Next() {
				step := memberStep(at, clip(string(o.Name(nil))))
				if jsonscan.EqualString(o.NameToken(), name) {
					found++
					path, offset = at+step, o.Pos()
				}
				o.Resume(visit(o.Pos(), depth+1, at+step))
			}
			return o.End()
		case k == jsonscan.Array:
			a := jsonscan.WalkArray(b, i)
			for n := 0; a.Next(); n++ {
				a.Resume(visit(a.Pos(), depth+1, at+"["+strconv.Itoa(n)+"]"))
			}
			return a.End()
		}
		end, _ := jsonscan.Skip(b, i)
		return end
	}
	visit(jsonscan.Space(b, 0), 0, "")
	return path, offset, found == 1
}

func memberStep(path, name string) string {
	if path == "" {
		return name
	}
	return "." + name
}

func clip(name string) string {
	if len(name) <= maxPathName {
		return name
	}
	end := maxPathName
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + "…"
}
