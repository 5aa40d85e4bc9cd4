package parquet_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/filter/s3select/parquet"
)

// The files of testdata are written by internal/interop.
var files = []struct{ file, lines string }{
	{"parquet-go-v1.parquet", "parquet-go.jsonl"}, {"parquet-go-v2.parquet", "parquet-go.jsonl"}, {"arrow-go.parquet", "arrow-go.jsonl"},
}

func read(t testing.TB, name string) []byte {
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func query(t testing.TB, sql string, file []byte) (string, error) {
	var out strings.Builder
	q := s3select.Query{SQL: sql, Input: s3select.Input{Format: "Parquet", Parquet: parquet.Read}}
	_, err := q.Run(t.Context(), bytes.NewReader(file), &out)
	return out.String(), err
}

// trees decodes lines of JSON; numbers are float64s.
func trees(t *testing.T, lines string) (out []any) {
	for d := json.NewDecoder(strings.NewReader(lines)); ; {
		var v any
		switch err := d.Decode(&v); err {
		case nil:
			out = append(out, v)
		case io.EOF:
			return out
		default:
			t.Fatal(err)
		}
	}
}

func TestFiles(t *testing.T) {
	for _, f := range files {
		got, err := query(t, "SELECT * FROM S3Object", read(t, f.file))
		if err != nil {
			t.Errorf("%s: %v", f.file, err)
			continue
		}
		a, b := trees(t, got), trees(t, string(read(t, f.lines)))
		if len(a) != len(b) {
			t.Fatalf("%s: %d rows, want %d", f.file, len(a), len(b))
		}
		for i := range a {
			x, _ := json.Marshal(a[i])
			y, _ := json.Marshal(b[i])
			if !bytes.Equal(x, y) {
				t.Errorf("%s: row %d is\n%s\nwant\n%s", f.file, i, x, y)
			}
		}
	}
}

// A file that is cut off anywhere is an error.
func TestTruncated(t *testing.T) {
	for _, f := range files {
		file := read(t, f.file)
		for n := 0; n < len(file); n += 31 {
			if _, err := query(t, "SELECT * FROM S3Object", file[:n]); !hasCode(err, "ParquetParsingError") {
				t.Fatalf("%s: %d bytes of %d: %v", f.file, n, len(file), err)
			}
		}
	}
}

func hasCode(err error, code string) bool {
	var e *s3select.Error
	return errors.As(err, &e) && e.Code == code
}

// typed reports that an error is one of the package's.
func typed(err error) bool {
	var e *s3select.Error
	return err == nil || errors.As(err, &e) && e.Code != ""
}

// Bytes that are wrong make an error or, where nothing tells, other values; never
// a panic.
func TestCorrupt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	wrong := 0
	for _, f := range files {
		file := read(t, f.file)
		for at := 0; at < len(file); at += 19 {
			b := bytes.Clone(file)
			b[at] ^= byte(1 << r.IntN(8))
			if at%3 == 0 {
				b[at] = byte(r.Uint32())
			}
			_, err := query(t, "SELECT * FROM S3Object s WHERE s.i32 >= 0 OR s.i32 < 0", b)
			if !typed(err) {
				t.Fatalf("%s: byte %d: %v", f.file, at, err)
			}
			if err != nil {
				wrong++
			}
		}
	}
	if wrong < 200 {
		t.Errorf("only %d errors", wrong)
	}
}

// footer makes a file of nothing but a footer.
func footer(thrift ...byte) []byte {
	b := append([]byte("PAR1"), thrift...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(thrift)))
	return append(b, "PAR1"...)
}

// A few bytes that claim a lot get no memory.
func TestHostileFooter(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0x07} // 2^31-1
	for name, file := range map[string][]byte{
		"schema":     footer(append([]byte{0x29, 0xfc}, huge...)...),
		"row groups": footer(append([]byte{0x49, 0xfc}, huge...)...),
		"name":       footer(append([]byte{0x29, 0x1c, 0x48}, huge...)...),
		"skipped":    footer(append([]byte{0x59, 0xfb}, huge...)...),
		"map":        footer(append([]byte{0xeb}, huge...)...),
		"nested":     footer(bytes.Repeat([]byte{0xdc}, 1<<16)...),
		"lists":      footer(append([]byte{0xd9}, bytes.Repeat([]byte{0x19}, 1<<16)...)...),
		"children":   footer(append(append([]byte{0x29, 0x1c, 0x55}, 0xfe, 0xff, 0xff, 0xff, 0x0f), 0, 0)...),
		"empty":      footer(),
		"size":       append([]byte("PAR1"), append(huge[:4], "PAR1"...)...),
		"short":      []byte("PAR1PAR1"),
		"nothing":    nil,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := query(t, "SELECT COUNT(*) FROM S3Object", file)
		runtime.ReadMemStats(&after)
		if !hasCode(err, "ParquetParsingError") {
			t.Errorf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
			t.Errorf("%s: %d bytes were allocated", name, n)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(read(f, "small.parquet"), "SELECT * FROM S3Object s WHERE s.a > 1 OR s.s LIKE 'a%'")
	f.Add(read(f, "small.parquet"), "SELECT s.l[0], s.a FROM S3Object s WHERE s.a IS NULL")
	f.Fuzz(func(t *testing.T, file []byte, sql string) {
		if _, err := query(t, sql, file); !typed(err) {
			t.Error(err)
		}
	})
}
