package handler

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

type order struct {
	ID    string  `json:"id"`
	Lines []line  `json:"lines"`
	Note  *string `json:"note"`
	Small int8    `json:"small"`
}

type line struct {
	SKU      string    `json:"sku"`
	Quantity int       `json:"quantity"`
	Due      time.Time `json:"due"`
}

type anything struct{ raw string }

func (a *anything) UnmarshalJSON(b []byte) error {
	a.raw = string(b)
	return nil
}

type fussy struct{}

var errFussy = errors.New("fussy")

func (*fussy) UnmarshalJSON([]byte) error { return errFussy }

func decodeAs[In any](text string, o options) (In, error) {
	var in In
	err := decoderFor[In](&o).decode([]byte(text), &in)
	return in, err
}

func TestDecodeErrors(t *testing.T) {
	known := options{disallowUnknownFields: true}
	for _, c := range []struct {
		text   string
		o      options
		member string
		offset int
		text2  string // part of the message
	}{
		{``, options{}, "", 0, "the text is empty"},
		{` `, options{}, "", 1, "the text is empty"},
		{`null`, options{}, "", 0, "null where a value is expected"},
		{` null `, options{}, "", 1, "null where a value is expected"},
		{`nul`, options{}, "", 3, "null"},
		{`{"id":"1"} x`, options{}, "", 11, "the end of the text"},
		{`{"id":"1"}{}`, options{}, "", 10, "the end of the text"},
		{`{"id":"1"} x`, known, "", 11, "the end of the text"},
		{`{"id":1}`, options{}, "id", 6, "a number where a string is expected"},
		{`[]`, options{}, "", 0, "an array where an object is expected"},
		{`"x"`, options{}, "", 0, "a string where an object is expected"},
		{`{"lines":[{"sku":"a"},{"quantity":"3"}]}`, options{}, "lines[1].quantity", 34, "a string where an integer from -9223372036854775808 to 9223372036854775807 is expected"},
		{`{"lines":[{"quantity":1.5}]}`, options{}, "lines[0].quantity", 22, "a number where an integer"},
		{`{"lines":{}}`, options{}, "lines", 9, "an object where an array is expected"},
		{`{"lines":[[]]}`, options{}, "lines[0]", 10, "an array where an object is expected"},
		{`{"small":128}`, options{}, "small", 9, "an integer from -128 to 127 is expected"},
		{`{"note":true}`, options{}, "note", 8, "a boolean where a string is expected"},
		{`{"lines":[{"sku":"a"},{"sku":x}]}`, options{}, "lines[1].sku", 29, "found 'x'"},
		{`{"lines":[{"sku":"a"`, options{}, "lines[0]", 20, "the text ends"},
		{`{"lines":[{"due":"soon"}]}`, options{}, "", -1, "soon"},
		{`{"id":"1","Extra":2}`, known, "Extra", 18, "not known"},
		{`{"lines":[{"sku":"a","color":"red"}]}`, known, "lines[0].color", 29, "not known"},
		{`{"lines":[{"x":1}],"x":2}`, known, "x", -1, "not known"}, // two of that name
		{`{"id":1}`, known, "id", 6, "a number where a string is expected"},
	} {
		_, err := decodeAs[order](c.text, c.o)
		var e *DecodeError
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v is no DecodeError", c.text, err)
			continue
		}
		if e.Member != c.member || e.Offset != c.offset || !strings.Contains(e.Error(), c.text2) {
			t.Errorf("%s: %v (member %q, offset %d), want member %q, offset %d and %q", c.text, e, e.Member, e.Offset, c.member, c.offset, c.text2)
		}
		if e.Err == nil || errors.Unwrap(e) != e.Err {
			t.Errorf("%s: Err = %v", c.text, e.Err)
		}
	}
	if _, err := decodeAs[fussy](`{}`, options{}); !errors.Is(err, errFussy) {
		t.Errorf("an UnmarshalJSON error is lost: %v", err)
	}
}

func TestDecodeErrorCarriesNoValue(t *testing.T) {
	for _, text := range []string{`{"id":4111111111111111}`, `{"small":4111111111111111}`, `{"lines":"4111111111111111"}`} {
		if _, err := decodeAs[order](text, options{}); err == nil || strings.Contains(err.Error(), "4111") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestDecodeErrorIsBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	deep := strings.Repeat(`{"aaaa":`, 5000) + "x"
	for _, text := range []string{`{"` + long + `":x}`, deep, strings.Repeat("[", 9000) + "}"} {
		if _, err := decodeAs[order](text, options{}); err == nil || len(err.Error()) > 3000 {
			t.Errorf("an error of %d bytes for %.30s…", len(err.Error()), text)
		}
	}
}

func TestDecodeNull(t *testing.T) {
	refused := func(err error) bool { return errors.Is(err, errNull) }
	check := func(name string, err error, want bool) {
		if refused(err) != want {
			t.Errorf("null for %s: %v, want refused = %v", name, err, want)
		}
	}
	_, err := decodeAs[order]("null", options{})
	check("a struct", err, true)
	_, err = decodeAs[[2]int]("null", options{})
	check("an array", err, true)
	_, err = decodeAs[string]("null", options{})
	check("a string", err, true)
	p, err := decodeAs[*order]("null", options{})
	check("a pointer", err, false)
	if p != nil {
		t.Errorf("null for a pointer gave %v", p)
	}
	_, err = decodeAs[map[string]int]("null", options{})
	check("a map", err, false)
	_, err = decodeAs[any]("null", options{})
	check("an interface", err, false)
	raw, err := decodeAs[json.RawMessage]("null", options{})
	check("a RawMessage", err, false)
	if string(raw) != "null" {
		t.Errorf("null for a RawMessage gave %q", raw)
	}
	a, err := decodeAs[anything]("null", options{})
	check("an Unmarshaler", err, false)
	if a.raw != "null" {
		t.Errorf("null for an Unmarshaler gave %q", a.raw)
	}
	_, err = decodeAs[time.Time]("null", options{})
	check("a time", err, false)
}

func TestDecodeDoesNotRetain(t *testing.T) {
	type event struct {
		A string          `json:"a"`
		B json.RawMessage `json:"b"`
	}
	for _, o := range []options{{}, {disallowUnknownFields: true}} {
		payload := []byte(`{"a":"text","b":{"c":[1,2]}}`)
		var in event
		if err := decoderFor[event](&o).decode(payload, &in); err != nil {
			t.Fatal(err)
		}
		for i := range payload {
			payload[i] = 'x'
		}
		if in.A != "text" || string(in.B) != `{"c":[1,2]}` {
			t.Errorf("the input changed with the payload: %+v %s", in, in.B)
		}
	}
}

// FuzzDecode checks that decode accepts what encoding/json accepts and gives
// the same values, except for what it says it refuses, and that every error
// says where.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"id":"1","lines":[{"sku":"a","quantity":2}],"small":3}`, `{"ID":"1"}`, `null`, ` null `, `{}`, `[]`, `1`, `{"id":null}`, `{"x":1}`,
		`{"lines":[{"due":"2020-01-01T00:00:00Z"}]}`, `{"lines":[{"due":1}]}`, `{"id":"1"} x`, `{"small":300}`, `{"note":"a","note":"b"}`, `{"a":{"b":[1,{"c":d}]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want order
		wantErr := json.Unmarshal(text, &want)
		got, err := decodeAs[order](string(text), options{})
		null := wantErr == nil && strings.TrimSpace(string(text)) == "null"
		if (err == nil) != (wantErr == nil && !null) {
			t.Fatalf("decode(%q): %v, encoding/json: %v", text, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("decode(%q) = %+v, want %+v", text, got, want)
		}
		var e *DecodeError
		if err != nil && (!errors.As(err, &e) || e.Offset < -1 || e.Offset > len(text)) {
			t.Errorf("decode(%q): %#v", text, err)
		}
		_, strict := decodeAs[order](string(text), options{disallowUnknownFields: true})
		if strict == nil && err != nil {
			t.Errorf("decode(%q) accepts without unknown members what it refuses with them: %v", text, err)
		}
		if unknown := strict != nil && err == nil; unknown && !strings.Contains(strict.Error(), "not known") {
			t.Errorf("decode(%q) refuses with %v", text, strict)
		}
		p, err := decodeAs[*order](string(text), options{})
		if (err == nil) != (wantErr == nil) || err == nil && (p == nil) != null {
			t.Errorf("decode(%q) to a pointer: %v, %v", text, p, err)
		}
	})
}
