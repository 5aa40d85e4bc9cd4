package attribute

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

// reference is the plain form of an attribute value as encoding/json reads it.
func reference(v any) (any, error) {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return nil, fmt.Errorf("%v is no attribute value", v)
	}
	for kind, v := range m {
		switch kind {
		case "S", "B":
			if s, ok := v.(string); ok {
				return s, nil
			}
		case "N":
			if s, ok := v.(string); ok {
				return number(s)
			}
		case "BOOL":
			if b, ok := v.(bool); ok {
				return b, nil
			}
		case "NULL":
			return nil, nil
		case "SS", "BS", "NS", "L":
			list, ok := v.([]any)
			if !ok {
				break
			}
			out := []any{}
			for _, e := range list {
				p, err := element(kind, e)
				if err != nil {
					return nil, err
				}
				out = append(out, p)
			}
			return out, nil
		case "M":
			return referenceMap(v)
		}
	}
	return nil, fmt.Errorf("%v is no attribute value", v)
}

func element(kind string, e any) (any, error) {
	s, text := e.(string)
	switch {
	case kind == "L":
		return reference(e)
	case !text:
		return nil, fmt.Errorf("%v is no string", e)
	case kind == "NS":
		return number(s)
	}
	return s, nil
}

func number(s string) (any, error) {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') || s[len(s)-1] < '0' || s[len(s)-1] > '9' {
		return nil, fmt.Errorf("%q is no number", s)
	}
	var n json.Number
	err := json.Unmarshal([]byte(s), &n)
	return n, err
}

func referenceMap(v any) (any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%v is no map", v)
	}
	out := map[string]any{}
	for name, v := range m {
		p, err := reference(v)
		if err != nil {
			return nil, err
		}
		out[name] = p
	}
	return out, nil
}

func parse(b []byte) (v any, err error) {
	d := json.NewDecoder(newReader(b))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

// FuzzAppend: for a type without names of its own, the plain JSON is what a
// simple reading of the image has, and both refuse the same images.
func FuzzAppend(f *testing.F) {
	for _, image := range []string{
		`{}`, `{"a":{"S":"x\u00e9\n"},"b":{"N":"-1.5e3"}}`, `{"a":{"L":[{"NULL":true},{"M":{"b":{"BOOL":false}}}]}}`, ` { "a" : { "SS" : [ "x" , "y" ] } } `,
		`{"a":{"NS":["1","2"]},"b":{"B":"AAE="},"c":{"BS":[]},"d":{"M":{}}}`, `{"a":{"N":"1 "}}`, `{"a":{"S":"x","N":"1"}}`, `{"a":{"L":{}}}`, `{"a":null}`, `[]`,
	} {
		f.Add([]byte(image))
	}
	plan, err := For(reflect.TypeFor[struct{ NewImage any }]())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, image []byte) {
		if !json.Valid(image) || hasDuplicates(image) {
			t.Skip()
		}
		change := append(append([]byte(`{"NewImage":`), image...), '}')
		got, err := plan.Append(nil, []byte(`{}`), change)
		in, _ := parse(image)
		want, wantErr := referenceMap(in)
		if (err == nil) != (wantErr == nil) {
			if err == errDepth || wantErr == nil && depth(in) > maxDepth/2 {
				t.Skip()
			}
			t.Fatalf("%s: %v, but the reference says %v", image, err, wantErr)
		}
		if err != nil {
			return
		}
		out, err := parse(got)
		if err != nil {
			t.Fatalf("%s became %s: %v", image, got, err)
		}
		if plain := out.(map[string]any)["NewImage"]; !reflect.DeepEqual(plain, want) {
			t.Errorf("%s became %s, want %v", image, got, want)
		}
	})
}

func depth(v any) int {
	d := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			d = max(d, depth(e))
		}
	case []any:
		for _, e := range v {
			d = max(d, depth(e))
		}
	default:
		return 0
	}
	return d + 1
}
