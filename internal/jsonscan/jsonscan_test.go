package jsonscan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

var texts = []string{
	``, ` `, `null`, ` true `, `false`, `nul`, `nullx`, `[]`, `{}`, `[`, `]`, `{`, `}`, `[,]`, `[1,]`, `[1 2]`, `{"a"}`, `{"a":}`,
	`{"a":1,}`, `{"a":1 "b":2}`, `{a:1}`, `{"a":1}`, `{"a":{"b":[1,2,{"c":null}]},"d":"e"}`, `[[[[]]]]`, `0`, `-0`, `01`, `-`, `1.`, `.5`,
	`1.5`, `1e5`, `1E+5`, `1e-5`, `1e`, `1e+`, `+1`, `1.5e300`, `"`, `""`, `"a`, `"\"`, `"\\"`, `"\/\b\f\n\r\t\""`, `"\x"`, `"\u12"`, `"\u12g4"`,
	`"\u00e9"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83dx"`, `"\ud83d\u0041"`, "\"a\nb\"", "\"\x00\"", "\"\x7f\"", "\"\xff\xfe\"", "\"é\"",
	`{"a":1} x`, `1 2`, "\ufeff1", "[\v1]", `{"\u0061":1,"a":2}`, `{"":1}`, `"` + strings.Repeat("abcdefgh", 40) + `"`,
	strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
}

func TestValid(t *testing.T) {
	for _, s := range texts {
		checkValid(t, []byte(s))
	}
}

func FuzzValid(f *testing.F) {
	for _, s := range texts {
		if len(s) < 1000 {
			f.Add([]byte(s))
		}
	}
	f.Fuzz(checkValid)
}

func checkValid(t *testing.T, b []byte) {
	if err := jsonscan.Valid(b); (err == nil) != json.Valid(b) {
		t.Errorf("Valid(%.100q) = %v, json.Valid = %v", b, err, json.Valid(b))
	}
}

func FuzzString(f *testing.F) {
	for _, s := range texts {
		if len(s) < 1000 {
			f.Add([]byte(s), s)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, other string) {
		var want string
		if jsonscan.KindAt(b, 0) != jsonscan.String || json.Unmarshal(b, &want) != nil {
			return
		}
		end, err := jsonscan.SkipString(b, 0)
		if err != nil {
			t.Fatalf("SkipString(%q): %v", b, err)
		}
		if got := string(jsonscan.AppendString(nil, b[:end])); got != want {
			t.Errorf("AppendString(%q) = %q, want %q", b, got, want)
		}
		if !jsonscan.EqualString(b[:end], want) {
			t.Errorf("EqualString(%q, %q) is false", b, want)
		}
		if jsonscan.EqualString(b[:end], other) != (want == other) {
			t.Errorf("EqualString(%q, %q) = %v", b, other, want != other)
		}
	})
}

func TestFind(t *testing.T) {
	b := []byte(` {"a":{"x":[1,{"b":2}],"\u0062":"in"},"c":null,"a":"second"} `)
	for _, c := range []struct {
		path []string
		want string
	}{
		{[]string{"a", "b"}, `"in"`}, {[]string{"c"}, "null"}, {[]string{"c", "d"}, ""}, {[]string{"zzz"}, ""}, {[]string{"a", "x", "b"}, ""},
	} {
		if got, err := jsonscan.Find(b, c.path...); err != nil || string(got) != c.want {
			t.Errorf("Find(%q) = %q, %v, want %q", c.path, got, err, c.want)
		}
	}
}
