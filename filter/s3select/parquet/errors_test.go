package parquet_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/filter/s3select/parquet"
)

// Names and queries that do not fit the file.
func TestErrors(t *testing.T) {
	file := read(t, "parquet-go-v1.parquet")
	for _, c := range []struct {
		sql, code string
		offset    int
	}{
		{`SELECT s.nosuch FROM S3Object s`, "MissingHeaderName", 7},
		{`SELECT s."S" FROM S3Object s`, "MissingHeaderName", 7},
		{`SELECT s.dup FROM S3Object s`, "AmbiguousFieldName", 7},
		{`SELECT s.st.c FROM S3Object s WHERE s.i32 = 1`, "MissingHeaderName", 7},
		{`SELECT * FROM S3Object s WHERE x > 1`, "MissingHeaderName", 31},
		{`SELECT s.i32 FROM S3Object[*].st s`, "InvalidKeyPath", -1},
		{`SELECT s.i32 FROM S3Object s WHERE s.i32 LIKE 'a'`, "LikeInvalidInputs", 35},
	} {
		var out strings.Builder
		q := s3select.Query{SQL: c.sql, Input: s3select.Input{Format: "PARQUET", Parquet: parquet.Read}}
		_, err := q.Run(t.Context(), bytes.NewReader(file), &out)
		if e, ok := err.(*s3select.Error); !ok || e.Code != c.code || e.Offset != c.offset {
			t.Errorf("%s: %v, want %s at %d", c.sql, err, c.code, c.offset)
		}
	}
}

func TestNames(t *testing.T) {
	file := read(t, "parquet-go-v1.parquet")
	for sql, want := range map[string]string{
		`SELECT s.I32 FROM S3Object s LIMIT 1`:                                    `{"I32":0}`,
		`SELECT S3Object.i32 FROM S3Object LIMIT 1`:                               `{"i32":0}`,
		`SELECT i32, s.i32.x FROM S3Object[*] s WHERE i32 = 39`:                   `{"i32":39}`,
		`SELECT COUNT(s."dup") AS n, COUNT(s."Dup") FROM S3Object s`:              `{"n":40,"_2":40}`,
		`SELECT MAX(s.i32) AS m FROM S3Object s WHERE s.i32 < 20`:                 `{"m":19}`,
		`SELECT s.i32 / 2 AS half, s.d32 - s.d32 AS none FROM S3Object s LIMIT 1`: `{"half":0,"none":0.00}`,
	} {
		if got, err := query(t, sql, file); err != nil || got != want+"\n" {
			t.Errorf("%s: %s %v, want %s", sql, got, err, want)
		}
	}
}

// A flat row goes into CSV, a nested one does not.
func TestCSV(t *testing.T) {
	file := read(t, "parquet-go-v1.parquet")
	csv := func(sql string) (string, error) {
		var out strings.Builder
		q := s3select.Query{SQL: sql, Input: s3select.Input{Format: "PARQUET", Parquet: parquet.Read}, Output: s3select.Output{Format: "CSV"}}
		_, err := q.Run(t.Context(), bytes.NewReader(file), &out)
		return out.String(), err
	}
	if got, err := csv("SELECT s.i32, s.e, s.\"day\" FROM S3Object s WHERE s.i32 = 3"); err != nil || strings.Count(got, ",") != 2 || !strings.HasPrefix(got, "3,") {
		t.Error(got, err)
	}
	for _, sql := range []string{"SELECT * FROM S3Object", "SELECT s.st FROM S3Object s", "SELECT s.\"list\" FROM S3Object s"} {
		if _, err := csv(sql); !hasCode(err, "UnsupportedSqlStructure") {
			t.Error(sql, err)
		}
	}
}

// What a query of Parquet must have.
func TestInput(t *testing.T) {
	file := read(t, "parquet-go-v1.parquet")
	for name, c := range map[string]struct {
		in   s3select.Input
		r    io.Reader
		code string
	}{
		"no reader":   {s3select.Input{Format: "PARQUET"}, bytes.NewReader(file), "InvalidDataSource"},
		"a stream":    {s3select.Input{Format: "PARQUET", Parquet: parquet.Read}, io.MultiReader(bytes.NewReader(file)), "InvalidDataSource"},
		"compression": {s3select.Input{Format: "PARQUET", Parquet: parquet.Read, Compression: "GZIP"}, bytes.NewReader(file), "InvalidCompressionFormat"},
	} {
		q := s3select.Query{SQL: "SELECT * FROM S3Object", Input: c.in}
		if _, err := q.Run(t.Context(), c.r, io.Discard); !hasCode(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Where the reader stands is of no account, and it stays there.
	r := bytes.NewReader(file)
	r.Seek(100, io.SeekStart)
	q := s3select.Query{SQL: "SELECT COUNT(*) FROM S3Object", Input: s3select.Input{Format: "PARQUET", Parquet: parquet.Read}}
	stats, err := q.Run(t.Context(), r, io.Discard)
	if err != nil || stats.Records != 40 || r.Len() != len(file)-100 {
		t.Error(stats, err, r.Len())
	}
}
