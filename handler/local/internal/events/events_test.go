package events_test

import (
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/handler/local/internal/events"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // payload at source
	}{
		{"one value over several lines", "{\n  \"a\": 1\n}\n", []string{"{\n  \"a\": 1\n} at f"}},
		{"lines", "{\"a\":1}\n\n[2]\n\"three\"\n", []string{`{"a":1} at f:1`, `[2] at f:3`, `"three" at f:4`}},
		{"a byte order mark", "\xef\xbb\xbf{}", []string{"{} at f"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := events.Read(strings.NewReader(c.text), "f")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range all {
				got = append(got, string(e.Payload)+" at "+e.Source)
			}
			if strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "f: no event: want a JSON value, or one per line"},
		{" \n", "f: no event"},
		{"{}\n{\"a\":x}\n", "f:2:6: invalid character 'x'"},
		{"{\"a\":1", "f:1:7: the JSON value does not end"},
		{"plain", "f:1:1: invalid character 'p'"},
	} {
		if _, err := events.Read(strings.NewReader(c.text), "f"); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}
