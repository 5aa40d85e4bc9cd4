package s3select_test

import (
	"bytes"
	"io"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// Rows that are skipped allocate nothing, whatever is looked at.
func TestSkippedRowsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	csv := s3select.Input{Format: "CSV"}
	for _, q := range []s3select.Query{
		{SQL: "SELECT s.n FROM S3Object s WHERE s.text = 'none'", Input: jsonLines},
		{SQL: "SELECT s.n FROM S3Object s WHERE s.n > 1000000000 AND s.text LIKE '%no%'", Input: jsonLines},
		{SQL: "SELECT s.n FROM S3Object s WHERE s.nope IS NOT MISSING OR s.n IN (-1, -2)", Input: jsonLines},
		{SQL: "SELECT s.n FROM S3Object s WHERE CHAR_LENGTH(s.text) > 1000 OR s.n BETWEEN -2 AND -1", Input: jsonLines},
		{SQL: "SELECT _1 FROM S3Object s WHERE _2 = 'none'", Input: csv},
		{SQL: "SELECT _1 FROM S3Object s WHERE CAST(_1 AS INT) > 1000000000", Input: csv},
	} {
		allocs := func(rows int) float64 {
			data := numberedLines(rows)
			if q.Input.Format == "CSV" {
				data = csvOf(rows)[len("n,text\r\n"):]
			}
			return testing.AllocsPerRun(5, func() {
				if stats, err := q.Run(t.Context(), bytes.NewReader(data), io.Discard); err != nil || stats.Rows != 0 || stats.Records != int64(rows) {
					t.Fatal(stats, err)
				}
			})
		}
		if few, many := allocs(1000), allocs(2000); many > few+5 {
			t.Errorf("%s: %v allocations for 1000 rows, %v for 2000", q.SQL, few, many)
		}
	}
}

// A repeated reads the same bytes again and again.
type repeated struct {
	b    []byte
	i    int
	left int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.left)], r.b[r.i:])
	r.i = (r.i + n) % len(r.b)
	r.left -= n
	return n, nil
}

// Memory does not grow with the object.
func TestMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // everything that is ever allocated counts
	line := numberedLines(97)
	q := all
	q.SQL += " WHERE s.n < 50"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stats, err := q.Run(t.Context(), &repeated{b: line, left: len(line) * 40000}, io.Discard)
	runtime.ReadMemStats(&after)
	if err != nil || stats.BytesScanned < 200<<20 {
		t.Fatal(stats, err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("%d bytes for an object of %d", grown, stats.BytesScanned)
	}
}
