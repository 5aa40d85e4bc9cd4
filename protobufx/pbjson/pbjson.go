// Package pbjson is JSON as protobuf defines it, for package protobufx:
//
//	protobufx.Handle(f, protobufx.JSON(pbjson.Format{}))
//
// It is a package of its own because it costs a function 0.4 MB.
package pbjson

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Format is ProtoJSON: https://protobuf.dev/programming-guides/json. The zero
// value is ready to use. It is a protobufx.Format, and safe for concurrent use.
type Format struct {
	// UseProtoNames keeps field names as they are in the .proto file, instead of
	// lowerCamelCase. Both are read.
	UseProtoNames bool
	// EmitDefaults also writes fields without presence that have their default
	// value.
	EmitDefaults bool
}

// AppendMarshal appends m in JSON without white space, so that equal messages
// are equal bytes in every build: what protojson writes differs between builds
// on purpose.
func (f Format) AppendMarshal(dst []byte, m proto.Message) ([]byte, error) {
	n := len(dst)
	out, err := protojson.MarshalOptions{UseProtoNames: f.UseProtoNames, EmitDefaultValues: f.EmitDefaults}.MarshalAppend(dst, m)
	if err != nil {
		return dst, fmt.Errorf("pbjson: %w", err)
	}
	return out[:n+compact(out[n:])], nil
}

// compact takes the white space out of valid JSON, in place, and returns what is
// left of its length.
func compact(b []byte) int {
	w := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case ' ', '\n', '\t', '\r':
		case '"':
			end, err := jsonscan.SkipString(b, i)
			if err != nil { // not of protojson's making
				return w + copy(b[w:], b[i:])
			}
			w += copy(b[w:], b[i:end])
			i = end - 1
		default:
			b[w] = b[i]
			w++
		}
	}
	return w
}

// Unmarshal decodes b into m, which is reset. Names that the message doesn't have
// are an error unless discardUnknown is set. The error says where, and never
// quotes the input.
func (f Format) Unmarshal(b []byte, m proto.Message, discardUnknown bool) error {
	err := protojson.UnmarshalOptions{DiscardUnknown: discardUnknown}.Unmarshal(b, m)
	if err == nil {
		return nil
	}
	name := string(m.ProtoReflect().Descriptor().FullName())
	if syntax := jsonscan.Valid(b); syntax != nil {
		return fmt.Errorf("the body is no JSON: %w", syntax)
	}
	return errors.New("the body is no " + name + " in JSON" + position(err.Error()))
}

// position returns " at line 1:2" from the message of protojson's errors, which
// quote the input and have no other form.
func position(message string) string {
	_, rest, ok := strings.Cut(message, "(line ")
	if !ok {
		return ""
	}
	at, _, ok := strings.Cut(rest, ")")
	if !ok || strings.Trim(at, "0123456789:") != "" {
		return ""
	}
	return " at line " + at
}
