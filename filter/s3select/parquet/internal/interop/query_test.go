package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/filter/s3select/parquet"
)

var rounds = flag.Int("rounds", 60, "files that are queried as Parquet and as JSON")

// The columns by what may be done with them without an error.
var (
	numbers = []string{"i32", "i64", "dict", "delta", "u32", "u64", "i8", "f32", "f64", "d32", "d64", "d38", "st.a", "op.a", `"Dup"`, `"dup"`, "rep[0]", "rep[1]", "deep[0].x", "deep[1].z[0]"}
	words   = []string{"s", "t", "dl", "e", "uuid", "plain", "opaque", "st.b", "op.b", `"list"[0]`, `"list"[2]`, "deep[0].y", "S", "Dl"}
	times   = []string{`"day"`, "ms", "us", "ns"}
	other   = []string{"b", `"list"`, "rep", `"map"`, "st", "op", "deep", "deep[0]", "deep[0].z", `"map".a`, `"map"."1"`}
)

func (m maker) column(kinds ...[]string) string {
	k := kinds[m.IntN(len(kinds))]
	return "s." + k[m.IntN(len(k))]
}

func (m maker) number() string {
	return m.pick("0", "1", "2", "-1", "5", "100", "2.5", "-3.25", "1e1", "4000000000", "9223372036854775807", "12345678901.5")
}

func (m maker) text() string {
	return "'" + m.pick("", "a", "ab", "abc", "b", "é", "z", "RED", "zebra", "1", "8") + "'"
}

func (m maker) comparison() string { return m.pick(" = ", " <> ", " < ", " <= ", " > ", " >= ") }

func (m maker) condition(depth int) string {
	if depth > 0 && m.IntN(3) > 0 {
		x, y := m.condition(depth-1), m.condition(depth-1)
		return m.pick("("+x+" AND "+y+")", "("+x+" OR "+y+")", "NOT ("+x+")")
	}
	switch m.IntN(12) {
	case 0, 1, 2:
		return m.column(numbers) + m.comparison() + m.number()
	case 3:
		return m.text() + m.comparison() + m.column(words)
	case 4:
		return m.column(words) + m.comparison() + m.text()
	case 5:
		return m.column(numbers, words) + m.pick(" BETWEEN ", " NOT BETWEEN ") + m.pick(m.number()+" AND "+m.number(), m.text()+" AND "+m.text())
	case 6:
		return m.column(numbers, words) + m.pick(" IN (", " NOT IN (") + m.number() + ", " + m.text() + ", " + m.number() + ")"
	case 7:
		return m.column(numbers, words, times, other) + m.pick(" IS NULL", " IS NOT NULL")
	case 8:
		return m.column(words) + m.pick(" LIKE ", " NOT LIKE ") + m.pick("'a%'", "'%b'", "'ab'", "'_'", "'z%a'", "'RE%'", "'\\%'")
	case 9:
		return "CAST(" + m.column(times) + " AS TIMESTAMP)" + m.comparison() + m.pick("`2020-09-13T12:35:00Z`", "`2000T`", "`2020-09-13T12:30:33.087Z`")
	case 10:
		return m.column(numbers) + m.comparison() + m.column(numbers)
	}
	return m.pick("s.b = TRUE", "s.b", "s.b IS NULL", "1 IN s.rep", "'a' IN s.\"list\"", "s.s = NULL", "s.i32 = 'a'", "FALSE", "1 IN s.deep[*].x")
}

func (m maker) statement() string {
	var items []string
	agg := m.IntN(5) == 0
	for range 1 + m.IntN(3) {
		switch {
		case agg:
			items = append(items, m.pick("COUNT(*)", "COUNT("+m.column(numbers, words)+")", "MIN("+m.column(numbers)+")", "MAX("+m.column(words)+")", "SUM("+m.column(numbers[:5])+")"))
		case m.IntN(6) == 0:
			items = append(items, "COALESCE("+m.column(words)+", 'none')")
		case m.IntN(6) == 0:
			items = append(items, "EXTRACT(YEAR FROM CAST("+m.column(times)+" AS TIMESTAMP))")
		default:
			c := m.column(numbers, words, times, other)
			if strings.HasPrefix(c, "s.op.") {
				c = "COALESCE(" + c + ", NULL)" // in a struct that is NULL, JSON has it MISSING
			}
			items = append(items, c)
		}
	}
	list := strings.Join(items, ", ")
	if !agg && m.IntN(4) == 0 {
		list = "*"
	}
	sql := "SELECT " + list + " FROM S3Object s"
	if m.IntN(5) > 0 {
		sql += " WHERE " + m.condition(2)
	}
	if m.IntN(5) == 0 {
		sql += fmt.Sprintf(" LIMIT %d", m.IntN(10))
	}
	return sql
}

// options are how the file is written.
func (m maker) options() []pq.WriterOption {
	codec := []compress.Codec{&pq.Uncompressed, &pq.Snappy, &pq.Gzip, &pq.Zstd}[m.IntN(4)]
	return []pq.WriterOption{
		pq.Compression(codec), pq.DataPageVersion(1 + m.IntN(2)), pq.PageBufferSize(64 << m.IntN(8)),
		pq.MaxRowsPerRowGroup(int64(1 + m.IntN(200))), pq.DataPageStatistics(m.IntN(2) == 0), pq.DictionaryMaxBytes(int64(64 << m.IntN(8))),
	}
}

func run(t testing.TB, sql string, format string, in io.Reader) (string, s3select.Stats, error) {
	var out strings.Builder
	q := s3select.Query{SQL: sql, Input: s3select.Input{Format: format, Parquet: parquet.Read}}
	stats, err := q.Run(t.Context(), in, &out)
	return out.String(), stats, err
}

// The same rows give the same results from Parquet and from JSON.
func TestAgainstJSON(t *testing.T) {
	results, rows := 0, int64(0)
	for i := range *rounds {
		m := maker{rand.New(rand.NewPCG(uint64(i), 7))}
		data := make([]row, m.IntN(400))
		var lines strings.Builder
		for k := range data {
			data[k] = m.row()
			if m.IntN(2) == 0 {
				data[k].I32 = int32(k) // so that row groups differ
			}
			lines.WriteString(data[k].line())
		}
		file := write(t, data, m.options()...)
		for range 20 {
			sql := m.statement()
			got, stats, err := run(t, sql, "PARQUET", bytes.NewReader(file))
			want, wantStats, wantErr := run(t, sql, "JSON", strings.NewReader(lines.String()))
			if code(err) != code(wantErr) || strings.HasPrefix(code(err), "Parse") {
				t.Fatalf("round %d: %s: %v, from JSON %v", i, sql, err, wantErr)
			}
			if same(got, want) != nil {
				t.Fatalf("round %d: %s: %v\n%s\nfrom JSON\n%s", i, sql, same(got, want), got, want)
			}
			if err == nil && stats.Records != wantStats.Records {
				t.Fatalf("round %d: %s: %d records, from JSON %d", i, sql, stats.Records, wantStats.Records)
			}
			if err == nil {
				results++
				rows += stats.Rows
			}
		}
	}
	t.Logf("%d results of %d rows", results, rows)
	if results < *rounds*15 || rows < int64(*rounds)*100 {
		t.Error("too few queries had a result for the test to mean anything")
	}
}

func code(err error) string {
	var e *s3select.Error
	if err != nil && !errors.As(err, &e) {
		return err.Error()
	}
	if e != nil {
		return e.Code
	}
	return ""
}

// same compares rows, numbers by what they are worth.
func same(got, want string) error {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(g) != len(w) {
		return fmt.Errorf("%d rows, not %d", len(g)-1, len(w)-1)
	}
	for i := range g {
		if g[i] == w[i] {
			continue
		}
		a, b := tokens(g[i]), tokens(w[i])
		if len(a) != len(b) {
			return fmt.Errorf("row %d", i)
		}
		for k := range a {
			x, ok := a[k].(json.Number)
			y, ok2 := b[k].(json.Number)
			if ok != ok2 || !ok && a[k] != b[k] || ok && !equal(x, y) {
				return fmt.Errorf("row %d: %v, not %v", i, a[k], b[k])
			}
		}
	}
	return nil
}

func equal(x, y json.Number) bool {
	a, ok := new(big.Rat).SetString(string(x))
	b, ok2 := new(big.Rat).SetString(string(y))
	return ok && ok2 && a.Cmp(b) == 0
}

func tokens(s string) (out []json.Token) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	for {
		t, err := d.Token()
		if err != nil {
			return out
		}
		out = append(out, t)
	}
}
