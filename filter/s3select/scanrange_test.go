package s3select_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// selectRange answers SELECT over a scan range, its end in it or not: the
// documentation and a well-known client do not agree on that.
func selectRange(data []byte, inclusive bool) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, body string) {
		var in struct {
			Expression string
			ScanRange  *struct{ Start, End int64 }
		}
		if err := xml.Unmarshal([]byte(body), &in); err != nil {
			s3Error(w, http.StatusBadRequest, "MalformedXML")
			return
		}
		start, end := int64(0), int64(len(data))
		if in.ScanRange != nil {
			start = in.ScanRange.Start
			if in.ScanRange.End > 0 {
				end = in.ScanRange.End
				if inclusive {
					end++
				}
			}
		}
		var part bytes.Buffer
		at := int64(0)
		for line := range bytes.Lines(data) {
			if at >= start && at < end {
				part.Write(line)
			}
			at += int64(len(line))
		}
		var out bytes.Buffer
		q := s3select.Query{SQL: in.Expression, Input: jsonLines}
		if _, err := q.Run(nilContext, &part, &out); err != nil {
			s3Error(w, http.StatusBadRequest, "InternalError")
			return
		}
		for out.Len() > 0 {
			w.Write(records(string(out.Next(1000))))
		}
		w.Write(statsEvent)
		w.Write(endEvent)
	}
}

// On the server too, every record counts once, however it reads the end of a
// scan range, and with empty lines and records of one byte at the boundaries.
func TestReduceOnServer(t *testing.T) {
	for _, data := range [][]byte{
		numberedLines(9000),
		[]byte(strings.Repeat("\n\n\n{\"n\":1}\n\n\n\n\n", 20000)),
		[]byte(strings.Repeat("1\n", 150000)),
	} {
		want := s3select.Stats{}
		if s, err := (s3select.Query{SQL: all.SQL, Input: jsonLines}).Run(t.Context(), bytes.NewReader(data), io.Discard); err == nil {
			want = s
		}
		for _, inclusive := range []bool{false, true} {
			b := &bucket{data: data, sel: selectRange(data, inclusive)}
			client := b.client(t)
			for _, parallel := range []int{1, 3, 4} {
				n, err := s3select.Reduce(t.Context(), client, object, all, func(a int, _ numbered) (int, error) { return a + 1, nil },
					func(a, b int) (int, error) { return a + b, nil }, s3select.WithBackend(s3select.Server), s3select.WithParts(64<<10, parallel))
				if err != nil || int64(n) != want.Rows {
					t.Errorf("%d ranges, end included %v: %d rows, want %d, %v", parallel, inclusive, n, want.Rows, err)
				}
			}
			if len(b.selSQL) < 1+3+4 {
				t.Errorf("only %d scan ranges", len(b.selSQL))
			}
		}
	}
}

// A virtual object repeats its lines.
type virtual struct {
	line []byte
	size int64
	at   int64
}

func (v *virtual) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += v.at
	case io.SeekEnd:
		offset += v.size
	}
	v.at = offset
	return offset, nil
}

func (v *virtual) Read(p []byte) (n int, err error) {
	if v.at >= v.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), v.size-v.at)]
	for n < len(p) {
		k := copy(p[n:], v.line[(v.at+int64(n))%int64(len(v.line)):])
		n += k
	}
	v.at += int64(n)
	return n, nil
}

// Reading a large object takes the parts' memory, and no more.
func TestMemoryOfParts(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("reads 128 MB")
	}
	line := numberedLines(970)
	size := int64(len(line)) * ((128 << 20) / int64(len(line)))
	b := &bucket{etag: `"one"`}
	client := b.clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", b.etag)
		http.ServeContent(w, r, "", time.Time{}, &virtual{line: line, size: size})
	}))
	q := all
	q.SQL += " WHERE s.n = 7"
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak, rows := uint64(0), 0
	for _, err := range s3select.Raw(t.Context(), client, object, q) {
		if err != nil {
			t.Fatal(err)
		}
		if rows++; rows%50 == 0 {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapSys-now.HeapReleased)
		}
	}
	grown := int64(peak) - int64(before.HeapSys-before.HeapReleased)
	if int64(rows) != size/int64(len(line)) || grown > 32<<20 {
		t.Errorf("%d rows, %d MB more memory", rows, grown>>20)
	}
	t.Logf("%d MB more memory for %d MB", grown>>20, size>>20)
}
