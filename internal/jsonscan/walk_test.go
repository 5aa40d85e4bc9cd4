package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// decoderTokens flattens b by the token stream of encoding/json.
func decoderTokens(b []byte) (tokens []string, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	for {
		switch t, err := d.Token(); {
		case err == io.EOF:
			return tokens, nil
		case err != nil:
			return nil, err
		default:
			if s, ok := t.(string); ok {
				t = fmt.Sprintf("%q", s)
			}
			tokens = append(tokens, fmt.Sprint(t))
		}
	}
}

// walkTokens flattens the value at b[i] by walks. It enters nested values where
// they stand, or takes their bytes and walks these, and leaves no member out.
func walkTokens(b []byte, i int, byValue bool, tokens []string) ([]string, int, error) {
	var err error
	switch jsonscan.KindAt(b, i) {
	case jsonscan.Object:
		tokens = append(tokens, "{")
		o := jsonscan.WalkObject(b, i)
		for o.Next() {
			if b[o.NamePos()] != '"' || !bytes.HasPrefix(b[o.NamePos():], o.NameToken()) {
				return nil, 0, errors.New("the name is not at its place")
			}
			tokens = append(tokens, fmt.Sprintf("%q", o.Name(nil)))
			if byValue {
				v := o.Value()
				if v == nil {
					break
				}
				var end int
				if tokens, end, err = walkTokens(v, 0, byValue, tokens); err != nil || end != len(v) {
					return nil, 0, errors.Join(err, errors.New("a value's bytes are not that value"))
				}
				continue
			}
			var end int
			if tokens, end, err = walkTokens(b, o.Pos(), byValue, tokens); err != nil {
				return nil, 0, err
			}
			o.Resume(end)
		}
		return append(tokens, "}"), o.End(), o.Err()
	case jsonscan.Array:
		tokens = append(tokens, "[")
		a := jsonscan.WalkArray(b, i)
		for a.Next() {
			if byValue {
				v := a.Value()
				if v == nil {
					break
				}
				var end int
				if tokens, end, err = walkTokens(v, 0, byValue, tokens); err != nil || end != len(v) {
					return nil, 0, errors.Join(err, errors.New("a value's bytes are not that value"))
				}
				continue
			}
			var end int
			if tokens, end, err = walkTokens(b, a.Pos(), byValue, tokens); err != nil {
				return nil, 0, err
			}
			a.Resume(end)
		}
		return append(tokens, "]"), a.End(), a.Err()
	}
	end, err := jsonscan.Skip(b, i)
	if err != nil {
		return nil, 0, err
	}
	token := string(b[i:end])
	switch jsonscan.KindAt(b, i) {
	case jsonscan.String:
		token = fmt.Sprintf("%q", jsonscan.AppendString(nil, b[i:end]))
	case jsonscan.Null:
		token = "<nil>"
	}
	return append(tokens, token), end, nil
}

func checkWalk(t *testing.T, b []byte) {
	t.Helper()
	valid := json.Valid(b)
	var want []string
	if valid {
		var err error
		if want, err = decoderTokens(b); err != nil {
			t.Fatalf("decoder on %.200q: %v", b, err)
		}
	}
	for _, byValue := range []bool{false, true} {
		got, end, err := walkTokens(b, jsonscan.Space(b, 0), byValue, nil)
		if err == nil {
			err = jsonscan.End(b, end)
		}
		if (err == nil) != valid {
			t.Fatalf("walk (by value: %v) over %.200q: %v, json.Valid = %v", byValue, b, err, valid)
		}
		if valid && !slices.Equal(got, want) {
			t.Fatalf("walk (by value: %v) over %.200q: %q, want %q", byValue, b, got, want)
		}
	}
	// A walk that takes nothing still validates all.
	if jsonscan.KindAt(b, 0) == jsonscan.Object {
		o := jsonscan.WalkObject(b, 0)
		members := 0
		for o.Next() {
			members++
		}
		if (o.Err() == nil && jsonscan.End(b, o.End()) == nil) != valid {
			t.Fatalf("skipping walk over %.200q: %v, json.Valid = %v", b, o.Err(), valid)
		}
		if o.Next() || o.Value() != nil {
			t.Fatalf("walk over %.200q goes on after its end", b)
		}
	}
}

func TestWalk(t *testing.T) {
	for _, s := range texts {
		if len(s) < 1000 { // walking is the caller's recursion
			checkWalk(t, []byte(s))
		}
	}
	for _, e := range events {
		checkWalk(t, e.json)
	}
	b := []byte(`{"a": [1, {"x\ty":null},"s" ] , "b":{}, "c":{"d":[[],[ ]]}}`)
	for i := range b {
		checkWalk(t, b[:i:i])
		for _, c := range []byte(`"\{}[],: 1nx` + "\x00\xff") {
			changed := slices.Clone(b)
			changed[i] = c
			checkWalk(t, changed)
		}
	}
}

func TestWalkWrongKind(t *testing.T) {
	for _, s := range []string{``, `null`, `1`, `"a"`, `[]`, `x`} {
		o := jsonscan.WalkObject([]byte(s), 0)
		if o.Next() || o.Err() == nil {
			t.Errorf("an object walk over %q: %v", s, o.Err())
		}
		a := jsonscan.WalkArray([]byte(strings.ReplaceAll(s, "[]", "{}")), 0)
		if a.Next() || a.Err() == nil {
			t.Errorf("an array walk over %q: %v", s, a.Err())
		}
	}
}

func FuzzWalk(f *testing.F) {
	for _, s := range texts {
		if len(s) < 1000 {
			f.Add([]byte(s))
		}
	}
	f.Add(restEvent(1))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 5000 {
			checkWalk(t, b)
		}
	})
}
