package engine

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// Any split of any object gives every record exactly once, in order: 1 to 64
// ranges, boundaries anywhere, on delimiters and inside them too.
func TestSlicesExactlyOnce(t *testing.T) {
	for _, delim := range []string{"\n", "\r\n", "<>!"} {
		for round := range 300 {
			rnd := rand.New(rand.NewPCG(uint64(round), 7))
			var records []string
			for i := range rnd.IntN(40) {
				records = append(records, fmt.Sprintf("%d%s", i, strings.Repeat("<\r", rnd.IntN(4))+strings.Repeat("x", rnd.IntN(1+round%9))))
				if rnd.IntN(5) == 0 {
					records[i] = ""
				}
			}
			data := strings.Join(records, delim)
			if rnd.IntN(2) == 0 && len(records) > 0 {
				data += delim
			}
			k := 1 + round%64
			cuts := []int64{0}
			for range k - 1 {
				cuts = append(cuts, int64(rnd.IntN(len(data)+1)))
			}
			cuts = append(cuts, int64(len(data)))
			for i := range cuts { // insertion sort, a few
				for j := i; j > 0 && cuts[j] < cuts[j-1]; j-- {
					cuts[j], cuts[j-1] = cuts[j-1], cuts[j]
				}
			}
			var got strings.Builder
			for i := range k {
				var r io.Reader = strings.NewReader(data[From(cuts[i], delim):])
				if round%3 == 0 {
					r = iotest.OneByteReader(r)
				}
				b, err := io.ReadAll(NewSlice(r, cuts[i], cuts[i+1], delim))
				if err != nil {
					t.Fatal(err)
				}
				got.Write(b)
				if s := string(b); s != "" {
					at := got.Len() - len(b)
					if at < int(cuts[i]) || at >= int(cuts[i+1]) {
						t.Fatalf("range %d-%d starts with the record at %d", cuts[i], cuts[i+1], at)
					}
					if at > 0 && !strings.HasSuffix(data[:at], delim) {
						t.Fatalf("range %d-%d starts inside a record", cuts[i], cuts[i+1])
					}
				}
			}
			if got.String() != data {
				t.Fatalf("%q cut at %v gives %q", data, cuts, got.String())
			}
		}
	}
}
