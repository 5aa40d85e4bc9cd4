package s3select_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// Ranges that meet have every row once; LIMIT and aggregate functions are about
// the range. The header does not count, in whichever range it is.
func TestObjectRange(t *testing.T) {
	lines := "#" + strings.Repeat("a comment ", 8) + "\nn\n"
	for range 99 {
		lines += "1\n"
	}
	b := &bucket{data: []byte(lines)}
	client := b.client(t)
	size := int64(len(lines))
	query := func(sql string) s3select.Query {
		return s3select.Query{SQL: sql, Input: s3select.Input{CSV: s3select.CSVInput{FileHeaderInfo: "USE"}}}
	}
	for at := int64(1); at < size; at++ {
		total := 0
		for _, r := range [][2]int64{{0, at}, {at, 0}} {
			o := object
			o.Start, o.End = r[0], r[1]
			rows, err := collect(s3select.Rows[struct{ N int }](t.Context(), client, o, query("SELECT COUNT(s.n) AS n FROM S3Object s")))
			if err != nil || len(rows) != 1 {
				t.Fatal(o, rows, err)
			}
			total += rows[0].N
			n, err := s3select.Reduce(t.Context(), client, o, query("SELECT s.n FROM S3Object s LIMIT 2"), func(n int, _ struct{ N string }) (int, error) { return n + 1, nil }, nil)
			if err != nil || n != min(2, rows[0].N) {
				t.Fatal(o, n, err)
			}
		}
		if total != 99 {
			t.Fatalf("ranges that meet at %d have %d records", at, total)
		}
	}
}

// LIMIT fetches one part of a range, too.
func TestObjectRangeLimit(t *testing.T) {
	s := shelve(map[string][]byte{"k": numberedLines(50000)})
	q := all
	q.SQL += " LIMIT 1"
	o := s3select.Object{Bucket: "b", Key: "k", Start: 1000}
	rows, err := collect(s3select.Rows[numbered](t.Context(), s.client(), o, q, s3select.WithParts(512<<10, 4)))
	if gets := s.objects["k"].gets; err != nil || len(rows) != 1 || len(gets) != 1 {
		t.Error(rows, gets, err)
	}
}

func TestObjectRangeRefused(t *testing.T) {
	b := &bucket{data: numberedLines(100)}
	client := b.client(t)
	size := int64(len(b.data))
	for _, c := range []struct {
		name string
		obj  s3select.Object
		opts []s3select.Option
		want string
	}{
		{"below 0", s3select.Object{Start: -1, End: 5}, nil, "InvalidScanRange"},
		{"a negative end", s3select.Object{End: -5}, nil, "InvalidScanRange"},
		{"end before start", s3select.Object{Start: 5, End: 5}, nil, "the end must be behind the start"},
		{"behind the end", s3select.Object{Start: 5, End: size + 1, Size: size}, nil, "the object ends before"},
		{"starts at the end", s3select.Object{Start: size, Size: size}, nil, "the object ends before"},
		{"another size", s3select.Object{Start: 5, End: 10, Size: size + 1}, nil, s3select.ErrChanged.Error()},
		{"a smaller one", s3select.Object{Start: size + 5, End: size + 10, Size: size + 10}, nil, s3select.ErrChanged.Error()},
		{"another ETag", s3select.Object{Start: 5, End: 10, ETag: `"two"`}, nil, s3select.ErrChanged.Error()},
		{"Server", s3select.Object{Start: 5, End: 10}, []s3select.Option{s3select.WithBackend(s3select.Server)}, "UnsupportedSyntax"},
	} {
		c.obj.Bucket, c.obj.Key = "b", "k"
		rows, err := collect(s3select.Rows[numbered](t.Context(), client, c.obj, all, c.opts...))
		if err == nil || !strings.Contains(err.Error(), c.want) || len(rows) > 0 {
			t.Errorf("%s: %v, %v", c.name, rows, err)
		}
		if n, err := s3select.Reduce(t.Context(), client, c.obj, all, func(n int, _ numbered) (int, error) { return n + 1, nil }, nil, c.opts...); err == nil || !strings.Contains(err.Error(), c.want) || n > 0 {
			t.Errorf("%s: Reduce: %v, %v", c.name, n, err)
		}
	}
	// A header that is not found is not made up of what comes next.
	b.data = []byte(strings.Repeat("#comment\n", 8000) + "n,text\n1,a\n")
	o := s3select.Object{Bucket: "b", Key: "k", Start: 70000}
	q := s3select.Query{SQL: all.SQL, Input: s3select.Input{CSV: s3select.CSVInput{FileHeaderInfo: "USE"}}}
	var e *s3select.Error
	if rows, err := collect(s3select.Rows[numbered](t.Context(), client, o, q)); !errors.As(err, &e) || e.Code != "UnsupportedScanRangeInput" {
		t.Error(rows, err)
	}
}

// Whatever an object has in it, two ranges that meet anywhere have its rows in
// order; where the object is an error, one of them is.
func FuzzObjectRange(f *testing.F) {
	for kind := range rangeFormats {
		f.Add([]byte("\xef\xbb\xbf#c\r\nn,text\r\n\r\n1,\"a\"\"\r\"\r\n2,<>!<\r\n"), uint16(9), uint8(kind))
		f.Add([]byte("{\"n\":1,\"text\":\"\\u0041\"}\r\n \n{\"n\":2}\n<>!{}"), uint16(26), uint8(kind))
		f.Add([]byte("n,text\n1,\"open\n2,x\n"), uint16(14), uint8(kind))
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint16, kind uint8) {
		if int(at) >= len(data) || at == 0 {
			return
		}
		q := rangeFormats[int(kind)%len(rangeFormats)].query
		q.Output = s3select.Output{Format: "JSON"}
		var want bytes.Buffer
		_, werr := q.Run(t.Context(), bytes.NewReader(data), &want)
		client := shelve(map[string][]byte{"k": data}).client()
		var got bytes.Buffer
		var gerr error
		for _, r := range [][2]int64{{0, int64(at)}, {int64(at), int64(len(data))}} {
			o := s3select.Object{Bucket: "b", Key: "k", Size: int64(len(data)), Start: r[0], End: r[1]}
			for row, err := range s3select.Raw(t.Context(), client, o, q) {
				if err != nil {
					gerr = errors.Join(gerr, err)
					break
				}
				got.Write(append(row[:len(row):len(row)], '\n'))
			}
		}
		if (werr == nil) != (gerr == nil) || werr == nil && got.String() != want.String() {
			t.Errorf("%q cut at %d, %s:\n%q, %v; want\n%q, %v", data, at, q.SQL, got.String(), gerr, want.String(), werr)
		}
	})
}
