package interop

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/filter/s3select/parquet"
)

// A log has ten columns, of which queries read one or two.
type log struct {
	Time    int64   `parquet:"time,timestamp(millisecond)"`
	Status  int32   `parquet:"status"`
	Path    string  `parquet:"path"`
	Host    string  `parquet:"host,dict"`
	Agent   string  `parquet:"agent"`
	Bytes   int64   `parquet:"bytes"`
	Took    float64 `parquet:"took"`
	User    *string `parquet:"user,optional"`
	Request string  `parquet:"request"`
	Trace   string  `parquet:"trace"`
}

const (
	logRows      = 1_000_000
	logsInGroup  = 100_000
	hits         = logRows / 100
	selectStatus = "SELECT s.path FROM S3Object s WHERE s.status >= 500"
)

// logs is a file of some 120 MB, in the order of time; one row in a hundred is a
// failure.
func logs(b *testing.B) (path string, size int64) {
	path = filepath.Join(os.TempDir(), "lambdatune-logs.parquet")
	if info, err := os.Stat(path); err == nil {
		return path, info.Size()
	}
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := pq.NewGenericWriter[log](f, pq.MaxRowsPerRowGroup(logsInGroup), pq.Compression(&pq.Snappy))
	r := rand.New(rand.NewPCG(1, 1))
	hex := func(n int) string {
		s := fmt.Sprintf("%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64())
		return s[:n]
	}
	batch := make([]log, 0, 1000)
	for i := range logRows {
		l := log{
			Time: 1_700_000_000_000 + int64(i)*100, Status: 200 + int32(r.IntN(200)), Path: "/api/orders/" + hex(16), Host: fmt.Sprint("host-", r.IntN(50)),
			Agent: "Mozilla/5.0 " + hex(20), Bytes: r.Int64N(1e6), Took: r.Float64(), Request: hex(32), Trace: "Root=1-" + hex(35),
		}
		if i%100 == 0 {
			l.Status = 500
		}
		if batch = append(batch, l); len(batch) == cap(batch) {
			if _, err := w.Write(batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	info, _ := os.Stat(path)
	return path, info.Size()
}

// BenchmarkQuery counts the whole file as read, whatever is really read of it.
func BenchmarkQuery(b *testing.B) {
	path, size := logs(b)
	for _, c := range []struct {
		name, sql string
		rows      int64
	}{
		{"OneOfTen", selectStatus, hits},
		{"Count", "SELECT COUNT(*) FROM S3Object s WHERE s.status >= 500", 1},
		{"String", "SELECT s.status FROM S3Object s WHERE s.path = '/api/orders/5000000000000000'", 0},
		{"OneHour", "SELECT s.path FROM S3Object s WHERE s.\"time\" < `2023-11-14T22:20:00Z` AND s.status >= 500", 40},
		{"Everything", "SELECT * FROM S3Object s WHERE s.bytes >= 0", logRows},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			var scanned int64
			for b.Loop() {
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				q := s3select.Query{SQL: c.sql, Input: s3select.Input{Format: "PARQUET", Parquet: parquet.Read}}
				stats, err := q.Run(b.Context(), f, io.Discard)
				f.Close()
				if err != nil || stats.Rows != c.rows {
					b.Fatal(stats, err)
				}
				scanned = stats.BytesScanned
			}
			b.ReportMetric(float64(scanned), "fetched-B/op")
			b.ReportMetric(float64(logRows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrow/s")
		})
	}
}

// A counter counts what is read.
type counter struct {
	r io.ReaderAt
	n int64
}

func (c *counter) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(p, at)
	c.n += int64(n)
	return n, err
}

// BenchmarkPlainReader does OneOfTen as one would with parquet-go: every row into
// a struct, or a struct that has only the two columns.
func BenchmarkPlainReader(b *testing.B) {
	path, size := logs(b)
	b.Run("AllColumns", func(b *testing.B) {
		plain(b, path, size, func(l *log) bool { return l.Status >= 500 && strings.HasPrefix(l.Path, "/") })
	})
	type two struct {
		Status int32  `parquet:"status"`
		Path   string `parquet:"path"`
	}
	b.Run("TwoColumns", func(b *testing.B) {
		plain(b, path, size, func(l *two) bool { return l.Status >= 500 && strings.HasPrefix(l.Path, "/") })
	})
}

func plain[T any](b *testing.B, path string, size int64, hit func(*T) bool) {
	b.SetBytes(size)
	b.ReportAllocs()
	var read int64
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		c := &counter{r: f}
		file, err := pq.OpenFile(c, size, pq.SkipPageIndex(true), pq.SkipBloomFilters(true), pq.ReadBufferSize(64<<10))
		if err != nil {
			b.Fatal(err)
		}
		r := pq.NewGenericReader[T](file)
		rows := make([]T, 1000)
		found := 0
		for {
			n, err := r.Read(rows)
			for i := range rows[:n] {
				if hit(&rows[i]) {
					found++
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		r.Close()
		f.Close()
		if found != hits {
			b.Fatal(found)
		}
		read = c.n
	}
	b.ReportMetric(float64(read), "fetched-B/op")
}

// BenchmarkFloor decompresses the pages of the one column and looks at its
// numbers: what no reader can do without.
func BenchmarkFloor(b *testing.B) {
	path, size := logs(b)
	file, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	for b.Loop() {
		f, err := pq.OpenFile(bytes.NewReader(file), size, pq.SkipPageIndex(true), pq.SkipBloomFilters(true))
		if err != nil {
			b.Fatal(err)
		}
		found := 0
		for _, rg := range f.RowGroups() {
			pages := rg.ColumnChunks()[1].Pages()
			for {
				p, err := pages.ReadPage()
				if err == io.EOF {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				data := p.Data()
				for _, v := range data.Int32() {
					if v >= 500 {
						found++
					}
				}
				pq.Release(p)
			}
			pages.Close()
		}
		if found != hits {
			b.Fatal(found)
		}
	}
}
