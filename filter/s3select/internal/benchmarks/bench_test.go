//go:build unix

package benchmarks

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/bytedance/sonic"
	"github.com/minio/simdjson-go"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// each runs f over the file again and again and checks how many rows it found.
func each(b *testing.B, kind string, f func(*testing.B, *os.File) int) {
	path, size := file(b, kind)
	b.SetBytes(size)
	b.ReportAllocs()
	rows, start, n := -1, cpu(), 0
	for ; b.Loop(); n++ {
		in, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		found := f(b, in)
		in.Close()
		if found == 0 || rows >= 0 && rows != found {
			b.Fatalf("%d rows, then %d", rows, found)
		}
		rows = found
	}
	// On a shared machine the processor time says more than the wall clock.
	b.ReportMetric(float64(n)*float64(size)/1e6/(cpu()-start).Seconds(), "MB/cpu-s")
}

// cpu is the processor time of the process.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func query(q s3select.Query) func(*testing.B, *os.File) int {
	return func(b *testing.B, in *os.File) int {
		stats, err := q.Run(b.Context(), in, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		return int(stats.Rows)
	}
}

func lines(b *testing.B, in io.Reader, f func([]byte) bool) (rows int) {
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 1<<20), 1<<20)
	for s.Scan() {
		if f(s.Bytes()) {
			rows++
		}
	}
	return rows
}

var jsonIn = s3select.Input{Format: "JSON"}

func BenchmarkJSON(b *testing.B) {
	early := s3select.Query{SQL: "SELECT s.id, s.path FROM S3Object s WHERE s.city = 'Reykjavik'", Input: jsonIn}
	exact := s3select.Query{SQL: `SELECT s."id", s."path" FROM S3Object s WHERE s."city" = 'Reykjavik'`, Input: jsonIn}
	late := s3select.Query{SQL: "SELECT s.id, s.path FROM S3Object s WHERE s.geo.town.name = 'Reykjavik'", Input: jsonIn}
	strict := early
	strict.Strict = true
	var sink []byte
	b.Run("early/lambdatune", func(b *testing.B) { each(b, "json", query(early)) })
	b.Run("early/lambdatune-quoted", func(b *testing.B) { each(b, "json", query(exact)) })
	b.Run("early/lambdatune-strict", func(b *testing.B) { each(b, "json", query(strict)) })
	b.Run("late/lambdatune", func(b *testing.B) { each(b, "json", query(late)) })
	b.Run("varied/lambdatune", func(b *testing.B) { each(b, "varied", query(late)) })
	b.Run("varied/simdjson-go", func(b *testing.B) { each(b, "varied", simd("geo", "town", "name")) })
	b.Run("any/encoding-json", func(b *testing.B) {
		each(b, "json", func(b *testing.B, in *os.File) int {
			return lines(b, in, func(line []byte) bool {
				var r Row
				if err := json.Unmarshal(line, &r); err != nil {
					b.Fatal(err)
				}
				return r.City == "Reykjavik" && result(&sink, &r)
			})
		})
	})
	b.Run("any/sonic", func(b *testing.B) {
		each(b, "json", func(b *testing.B, in *os.File) int {
			return lines(b, in, func(line []byte) bool {
				var r Row
				if err := sonic.Unmarshal(line, &r); err != nil {
					b.Fatal(err)
				}
				return r.City == "Reykjavik" && result(&sink, &r)
			})
		})
	})
	b.Run("early/sonic-get", func(b *testing.B) {
		each(b, "json", func(b *testing.B, in *os.File) int {
			return lines(b, in, func(line []byte) bool {
				n, err := sonic.Get(line, "city")
				if err != nil {
					b.Fatal(err)
				}
				city, _ := n.String()
				return city == "Reykjavik"
			})
		})
	})
	b.Run("early/simdjson-go", func(b *testing.B) { each(b, "json", simd("city")) })
	b.Run("late/simdjson-go", func(b *testing.B) { each(b, "json", simd("geo", "town", "name")) })
	b.Run("floor/newlines", func(b *testing.B) {
		each(b, "json", func(b *testing.B, in *os.File) int {
			return lines(b, in, func([]byte) bool { return true })
		})
	})
}

func result(sink *[]byte, r *Row) bool {
	*sink, _ = json.Marshal(map[string]any{"id": r.ID, "path": r.Path})
	return true
}

// simd parses the file in chunks of whole lines and looks at one member.
func simd(path ...string) func(*testing.B, *os.File) int {
	var reuse *simdjson.ParsedJson
	return func(b *testing.B, in *os.File) (rows int) {
		buf := make([]byte, 1<<20)
		held := 0
		for {
			n, err := in.Read(buf[held:])
			held += n
			whole := bytes.LastIndexByte(buf[:held], '\n') + 1
			if whole > 0 {
				pj, perr := simdjson.ParseND(buf[:whole], reuse)
				if perr != nil {
					b.Fatal(perr)
				}
				reuse = pj
				var elem *simdjson.Element
				pj.ForEach(func(i simdjson.Iter) error {
					var ferr error
					if elem, ferr = i.FindElement(elem, path...); ferr != nil {
						return nil
					}
					if s, _ := elem.Iter.StringBytes(); string(s) == "Reykjavik" {
						rows++
					}
					return nil
				})
				held = copy(buf, buf[whole:held])
			}
			if err != nil {
				return rows
			}
		}
	}
}

func BenchmarkCSV(b *testing.B) {
	in := s3select.Input{Format: "CSV", CSV: s3select.CSVInput{FileHeaderInfo: "USE"}}
	early := s3select.Query{SQL: "SELECT s.id, s.path FROM S3Object s WHERE s.city = 'Reykjavik'", Input: in}
	late := s3select.Query{SQL: "SELECT s.id, s.path FROM S3Object s WHERE s.town = 'Reykjavik'", Input: in}
	b.Run("early/lambdatune", func(b *testing.B) { each(b, "csv", query(early)) })
	b.Run("late/lambdatune", func(b *testing.B) { each(b, "csv", query(late)) })
	b.Run("any/encoding-csv", func(b *testing.B) {
		each(b, "csv", func(b *testing.B, f *os.File) (rows int) {
			r := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
			r.ReuseRecord = true
			for {
				rec, err := r.Read()
				if err == io.EOF {
					return rows
				}
				if err != nil {
					b.Fatal(err)
				}
				if rec[12] == "Reykjavik" {
					rows++
				}
			}
		})
	})
}
