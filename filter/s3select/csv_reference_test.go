package s3select_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// The ways to find columns, and to pass over records without looking at them,
// agree with encoding/csv and a loop.
func TestCSVAgainstReference(t *testing.T) {
	for round := range *rounds {
		rnd := rand.New(rand.NewPCG(uint64(round), 3))
		quotes := rnd.IntN(3) == 0
		var data strings.Builder
		for range rnd.IntN(30) {
			for c := range 1 + rnd.IntN(12) {
				if c > 0 {
					data.WriteByte(',')
				}
				v := []string{"ab", "a", "abab", "", "x", "longer than eight", "12", "aab"}[rnd.IntN(8)]
				if quotes && rnd.IntN(4) == 0 {
					v = `"` + v + []string{"", `""`, ",", `,"",`}[rnd.IntN(4)] + `"`
				}
				data.WriteString(v)
			}
			data.WriteString("\n")
			if rnd.IntN(8) == 0 {
				data.WriteString([]string{"\n", "#ab,ab\n"}[rnd.IntN(2)])
			}
		}
		col, other, out := 1+rnd.IntN(11), 1+rnd.IntN(11), 1+rnd.IntN(11)
		op := []string{"AND", "OR"}[rnd.IntN(2)]
		q := s3select.Query{
			SQL:    fmt.Sprintf("SELECT _%d AS v FROM S3Object WHERE _%d = 'ab' %s _%d < 'b'", out, col, op, other),
			Input:  s3select.Input{Format: "CSV"},
			Output: s3select.Output{Format: "JSON"},
		}
		want, n := csvReference(data.String(), col, other, out, op == "OR")
		for _, strict := range []bool{false, true} {
			q.Strict = strict
			var got strings.Builder
			stats, err := q.Run(t.Context(), strings.NewReader(data.String()), &got)
			if err != nil || got.String() != want || stats.Records != n {
				t.Fatalf("%s\n%s got %s %v %d records\nwant %s %d records", q.SQL, data.String(), got.String(), err, stats.Records, want, n)
			}
		}
	}
}

func csvReference(data string, col, other, out int, or bool) (rows string, records int64) {
	r := csv.NewReader(strings.NewReader(data))
	r.Comment, r.FieldsPerRecord = '#', -1
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, records
		} else if err != nil {
			panic(err)
		}
		records++
		a := col <= len(rec) && rec[col-1] == "ab"
		b := other <= len(rec) && rec[other-1] < "b"
		if a && b || or && (a || b) {
			if out <= len(rec) {
				rows += fmt.Sprintf("{\"v\":%q}\n", rec[out-1])
			} else {
				rows += "{}\n"
			}
		}
	}
}
