package reference

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Layout says how records are read, as engine.Layout does.
type Layout struct {
	Text   string // key of data in a string, or ""
	Base64 string // key of data in base64, or ""
	Keep   bool
	Inner  string
	Hidden []string
}

// MatchRecord is Match for a record of a source.
func MatchRecord(l Layout, patterns []*Pattern, record []byte) (bool, error) {
	fields, err := Flatten(record)
	if err != nil {
		return false, err
	}
	formats := map[string]string{}
	var seen []Field
	for _, f := range fields {
		for l.Inner != "" && strings.HasPrefix(f.Path, l.Inner+".") {
			f.Path = f.Path[len(l.Inner)+1:]
		}
		top, _, nested := strings.Cut(f.Path, ".")
		if slices.Contains(l.Hidden, top) {
			continue
		}
		if top != "" && (top == l.Text || top == l.Base64) {
			if nested || len(f.in) > 0 || f.item {
				formats[top] = "json"
			} else if f.Value.Kind != 's' {
				continue
			} else if more, format, err := data(l, top, f); err != nil {
				return false, err
			} else {
				formats[top] = format
				seen = append(seen, more...)
				continue
			}
		}
		seen = append(seen, f)
	}
	for _, p := range patterns {
		for _, rule := range p.Rules {
			if matchFormats(l, formats, rule, seen) {
				return true, nil
			}
		}
	}
	return false, nil
}

// data decodes a field.
func data(l Layout, key string, f Field) ([]Field, string, error) {
	text := f.Value.Text
	if key == l.Base64 {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, "", err
		}
		if text = string(b); l.Keep && !utf8.ValidString(text) {
			return nil, "other", nil
		}
	}
	if t := strings.TrimLeft(text, " \t\r\n"); t != "" && (t[0] == '{' || t[0] == '[') && json.Valid([]byte(text)) {
		inner, err := Flatten([]byte(`{"x":` + text + `}`))
		for i := range inner {
			inner[i].Path = key + inner[i].Path[1:]
			in := map[int]int{}
			for array, element := range inner[i].in {
				in[array<<8|int(key[0])] = element // its arrays are no other's
			}
			inner[i].in = in
		}
		return inner, "json", err
	}
	return []Field{{Path: key, Value: Value{'s', text}}}, "plain", nil
}

// matchFormats is matchRule where rules for data are subject to its format.
func matchFormats(l Layout, formats map[string]string, rule map[string][]test, fields []Field) bool {
	judged := map[string][]test{}
	for path, tests := range rule {
		top, _, nested := strings.Cut(path, ".")
		if top != "" && (top == l.Text || top == l.Base64) {
			want := "plain"
			if nested {
				want = "json"
			}
			if formats[top] != want {
				if !l.Keep {
					return false
				}
				continue
			}
		}
		judged[path] = tests
	}
	return matchRule(judged, fields)
}
