package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

func FuzzAppendQuote(f *testing.F) {
	for _, s := range texts {
		if len(s) < 1000 {
			f.Add(s)
		}
	}
	for c := range 256 {
		for _, n := range []int{0, 1, 6, 7, 8, 15} {
			f.Add(strings.Repeat("x", n) + string([]byte{byte(c)}) + "tail of it")
		}
	}
	f.Add("\u2027\u2028\u2029\u202a<>&\x7f\u0080\U0010ffff\xed\xa0\x80\xf4\x90\x80\x80")
	f.Fuzz(func(t *testing.T, s string) {
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSuffix(buf.String(), "\n")
		if got := string(jsonscan.AppendQuote([]byte("x"), s)); got != "x"+want {
			t.Errorf("AppendQuote(%q) = %s, want %s", s, got[1:], want)
		}
		if got := string(jsonscan.AppendQuoteBytes(nil, []byte(s))); got != want {
			t.Errorf("AppendQuoteBytes(%q) = %s, want %s", s, got, want)
		}
	})
}
