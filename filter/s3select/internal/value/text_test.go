package value_test

import (
	"bytes"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// LOWER and UPPER are those of the package bytes, for text that is ASCII and for
// any other.
func FuzzCase(f *testing.F) {
	for _, s := range []string{"", "@AZ[`az{", "Straße", "ÀB1", "a\xffB", "ǅı"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		before := string(s)
		if got, want := value.Lower(s), bytes.ToLower(s); !bytes.Equal(got, want) {
			t.Errorf("Lower(%q) = %q, want %q", s, got, want)
		}
		if got, want := value.Upper(s), bytes.ToUpper(s); !bytes.Equal(got, want) {
			t.Errorf("Upper(%q) = %q, want %q", s, got, want)
		}
		if string(s) != before {
			t.Errorf("%q became %q", before, s)
		}
	})
}
