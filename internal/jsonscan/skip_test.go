package jsonscan_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// checkSkip compares Skip with the reference: same end, or failure at the same
// byte.
func checkSkip(t *testing.T, b []byte) {
	t.Helper()
	start := jsonscan.Space(b, 0)
	if want := refSpace(b, 0); start != want {
		t.Fatalf("Space(%.200q) = %d, want %d", b, start, want)
	}
	want, wantErr := refSkip(b, start, 0)
	got, err := jsonscan.Skip(b, start)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("Skip(%.200q) = %d, %v, want %d, %v", b, got, err, want, wantErr)
	}
	if err == nil && got != want {
		t.Fatalf("Skip(%.200q) = %d, want %d", b, got, want)
	}
	var syntax *jsonscan.SyntaxError
	if err != nil && (!errors.As(err, &syntax) || syntax.Offset != want || syntax.Msg == "") {
		t.Fatalf("Skip(%.200q) fails with %v, want an error at %d", b, err, want)
	}
	if valid := jsonscan.Valid(b) == nil; valid != json.Valid(b) {
		t.Fatalf("Valid(%.200q) = %v", b, valid)
	}
}

func TestSkip(t *testing.T) {
	for _, s := range texts {
		checkSkip(t, []byte(s))
	}
	for _, e := range events {
		checkSkip(t, e.json)
	}
}

// Every truncation of an event, and every event with one byte changed.
func TestSkipDamaged(t *testing.T) {
	small := [][]byte{
		[]byte(`{"a": [1, -2.5e+10, 0, true, false, null, "x", {}], "\u00e9\\\"": {"b":"\\\\\"\n\/\u12aF and some more of it"} }  `),
		[]byte("[\n        \"a\\\\\", \"\\\\\\\"\\\\\\\\\\\"\",\r\n\t {\"k\":\"0123456789abcdef\",  \"l\" : \"\\n\\tx\\u0041\\\\\"}  ]"),
	}
	for _, b := range small {
		for n := range len(b) + 1 {
			checkSkip(t, b[:n:n])
		}
		for i := range b {
			for c := range 256 {
				changed := append([]byte(nil), b...)
				changed[i] = byte(c)
				checkSkip(t, changed)
			}
		}
	}
	for _, e := range events[:3] {
		for n := 0; n < len(e.json); n += 7 {
			checkSkip(t, e.json[:n:n])
		}
	}
}

// Every special byte at every place in a string around word boundaries.
func TestSkipStringAlignment(t *testing.T) {
	for _, special := range []string{`"`, `\`, `\"`, `\\`, `\\"`, `\\\"`, `\\\\"`, `\n`, `\x`, `\u0041`, `\u004`, `\u00g1`, `\ud83d\ude00`, "\x1f", "\x00", "\x7f", "\x80", "\xff", "é", "\xa2", "\xdc", `\` + "\n"} {
		for before := range 20 {
			for after := range 20 {
				s := `"` + strings.Repeat("a", before) + special + strings.Repeat("b", after)
				checkSkip(t, []byte(s))
				checkSkip(t, []byte(s+`"`))
				checkSkip(t, []byte(`[`+s+special+`",`+s+`"]`))
			}
		}
	}
}

// Numbers whose parts end at every place around word boundaries, right and wrong.
func TestSkipNumberAlignment(t *testing.T) {
	for _, sign := range []string{"", "-", "--"} {
		for whole := range 19 {
			for fraction := -1; fraction < 19; fraction++ {
				n := sign + "123456789012345678"[:whole]
				if fraction >= 0 {
					n += "." + "012345678901234567"[:fraction]
				}
				for _, end := range []string{"", "e5", "E-07", "e", ".", ".5", "-", "x", "\x00", "\xff"} {
					for _, s := range []string{n + end, "0" + n + end} {
						checkSkip(t, []byte(s))
						checkSkip(t, []byte("["+s+","+s+"]"))
						checkSkip(t, []byte(`{"a":`+s+`, "some more text":0}`))
					}
				}
			}
		}
	}
}

func TestSkipDepth(t *testing.T) {
	for _, n := range []int{1, 2, 63, 64, 65, 127, 128, 129, 640, 9999, 10000, 10001, 20000} {
		checkSkip(t, []byte(strings.Repeat("[", n)+strings.Repeat("]", n)))
		checkSkip(t, []byte(strings.Repeat("[", n)))
		checkSkip(t, []byte(strings.Repeat(`{"a":[`, n)+strings.Repeat("]}", n)))
		checkSkip(t, []byte(strings.Repeat(`[1,{"a":`, n)+"0"+strings.Repeat("},2]", n)))
		checkSkip(t, []byte(strings.Repeat(`[1,{"a":`, n)+"0"+strings.Repeat("]", n)))
		checkSkip(t, []byte(strings.Repeat("[", n)+strings.Repeat("]", n-1)+"}"))
	}
}

func FuzzSkip(f *testing.F) {
	for _, s := range texts {
		if len(s) < 1000 {
			f.Add([]byte(s))
		}
	}
	for _, e := range events {
		if len(e.json) < 10000 {
			f.Add(e.json)
		}
	}
	f.Fuzz(checkSkip)
}
