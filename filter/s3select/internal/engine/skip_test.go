package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// skip gives what jsonscan.Skip gives, wherever a value ends and its text does.
func TestSkipIsJSONScans(t *testing.T) {
	check := func(text string) {
		t.Helper()
		b := []byte(text)
		b = b[:len(b):len(b)]
		got, err := skip(b, 0)
		want, wantErr := jsonscan.Skip(b, 0)
		var at, wantAt *jsonscan.SyntaxError
		if errors.As(err, &at) != errors.As(wantErr, &wantAt) || err == nil && got != want || err != nil && at.Offset != wantAt.Offset {
			t.Fatalf("skip(%q) = %d, %v, want %d, %v", b, got, err, want, wantErr)
		}
	}
	for n := range 26 {
		for c := range 256 {
			// One byte that may be special among others, in a string and behind a number.
			for _, after := range []string{"", `"`, `n"`, `\"`, `aaaaaaaa"`, `aaaaaaaaa",`, `","b":12345678`} {
				check(`"` + strings.Repeat("a", n) + string([]byte{byte(c)}) + after)
			}
			for _, after := range []string{"", ",", "2,", "5}", ".5,", "00000000", ",\"b\":1234567", "e5,\"b\":1234"} {
				digits := "9123456789876543210123456789"[:n]
				for _, before := range []string{"", "0", "-", "-0", "1."} {
					check(before + digits + string([]byte{byte(c)}) + after)
				}
			}
		}
	}
	for _, text := range []string{"true", "false", "nul", "null,", "{}", "[1,2", `{"a":1}, `, ""} {
		for n := range 10 {
			check(text + strings.Repeat(" ", n))
		}
	}
}

// A second name is found wherever it stands, and nothing else is.
func TestMayName(t *testing.T) {
	for _, c := range []struct {
		token string
		want  bool
	}{{`"name"`, true}, {`"NAME"`, true}, {`"nAmE"`, true}, {`"name`, false}, {`name"`, false}, {`"nam"`, false}, {`"names"`, false}, {`"n.me"`, false}, {`"` + "\x0eame" + `"`, false}} {
		for before := range 40 {
			for after := range 40 {
				b := []byte(strings.Repeat("x", before) + c.token + strings.Repeat("x", after))
				if got := mayName(b[:len(b):len(b)], "name"); got != c.want {
					t.Fatalf("mayName(%q) = %v", b, got)
				}
			}
		}
	}
	for c := range 256 {
		b := fmt.Appendf(nil, "%s\"%s\"%s", strings.Repeat(" ", c%20), string([]byte{byte(c)}), strings.Repeat(" ", c%17))
		if got := mayName(b, "_"); got != (c == '_') {
			t.Fatalf("mayName(%q) = %v", b, got)
		}
	}
}
