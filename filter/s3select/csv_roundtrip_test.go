package s3select_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// A dialect of CSV, as both serializations have it.
type dialect struct{ field, record, quote, escape string }

func (m maker) dialect() dialect {
	d := dialect{m.pick(",", ";", "\t", "||", "€"), m.pick("\n", "|\n", "\r\n", "~"), m.pick(`"`, "'"), ""}
	d.escape = m.pick(d.quote, `"`, `\`)
	return d
}

// text is a field's value, of what makes dialects hard to read.
func (m maker) text() string {
	var b strings.Builder
	for range m.IntN(5) {
		b.WriteString(m.pick("a", "b", "ab", " ", ",", ";", "\t", "|", "€", "\n", "\r", "~", `"`, "'", `\`, "#", "é"))
	}
	return b.String()
}

// write encodes records, with quotes around what might need them.
func (d dialect) write(m maker, records [][]string) string {
	var b strings.Builder
	for _, r := range records {
		for i, v := range r {
			if i > 0 {
				b.WriteString(d.field)
			}
			if strings.Trim(v, "ab ") == "" && v != "" && m.IntN(3) > 0 {
				b.WriteString(v)
				continue
			}
			b.WriteString(d.quote)
			for j := range len(v) {
				if c := v[j : j+1]; c == d.quote || c == d.escape {
					b.WriteString(d.escape)
				}
				b.WriteByte(v[j])
			}
			b.WriteString(d.quote)
		}
		b.WriteString(d.record)
	}
	return b.String()
}

// read decodes them one byte after the other.
func (d dialect) read(t *testing.T, s string) (records [][]string) {
	t.Helper()
	for s != "" {
		var r []string
		for end := false; !end; {
			var v strings.Builder
			rest, quoted := strings.CutPrefix(s, d.quote)
			if quoted {
				for s = rest; ; {
					if s == "" {
						t.Fatal("an open quote")
					}
					c := s[:1]
					if len(s) > 1 && c == d.escape && (s[1:2] == d.quote || s[1:2] == d.escape) {
						c, s = s[1:2], s[1:]
					} else if c == d.quote {
						s = s[1:]
						break
					}
					v.WriteString(c)
					s = s[1:]
				}
			}
			for !strings.HasPrefix(s, d.field) && !strings.HasPrefix(s, d.record) {
				if quoted || s == "" {
					t.Fatalf("no delimiter at %q", s)
				}
				v.WriteByte(s[0])
				s = s[1:]
			}
			r = append(r, v.String())
			if s, end = strings.CutPrefix(s, d.record); !end {
				s = s[len(d.field):]
			}
		}
		records = append(records, r)
	}
	return records
}

// What is written in any dialect and read in any other one is the same, be it
// passed on as a whole or searched.
func TestCSVDialects(t *testing.T) {
	for round := range *rounds {
		m := maker{rand.New(rand.NewPCG(uint64(round), 5))}
		in, out := m.dialect(), m.dialect()
		var records [][]string
		n := m.IntN(6)
		if round%300 == 0 {
			n = 40_000 // more than the engine reads at once
		}
		for range n {
			r := make([]string, 1+m.IntN(4))
			for i := range r {
				r[i] = m.text()
			}
			records = append(records, r)
		}
		data := in.write(m, records)
		q := s3select.Query{
			SQL: "SELECT * FROM S3Object",
			Input: s3select.Input{Format: "CSV", CSV: s3select.CSVInput{FieldDelimiter: in.field, RecordDelimiter: in.record,
				QuoteCharacter: in.quote, QuoteEscapeCharacter: in.escape, AllowQuotedRecordDelimiter: true}},
			Output: s3select.Output{Format: "CSV", CSV: s3select.CSVOutput{FieldDelimiter: out.field, RecordDelimiter: out.record,
				QuoteCharacter: out.quote, QuoteEscapeCharacter: out.escape, QuoteFields: m.pick("", "ALWAYS")}},
		}
		if in.record == "\r\n" && m.IntN(2) == 0 {
			q.Input.CSV.RecordDelimiter = "" // then a carriage return is no part of the record
		}
		check := func(want [][]string) {
			t.Helper()
			got := written(t, q, data)
			if have := out.read(t, got); !slices.EqualFunc(have, want, slices.Equal) {
				t.Fatalf("%d: %s of %.2000q\n in %q\nout %q\n got %.2000q\nwant %.2000q", round, q.SQL, data, in, out, have, want)
			}
		}
		check(records)
		for _, r := range records[:min(len(records), 5)] {
			q.SQL = "SELECT _2 FROM S3Object WHERE _1 = '" + strings.ReplaceAll(r[0], "'", "''") + "'"
			var want [][]string
			for _, other := range records {
				if other[0] != r[0] {
					continue
				}
				second := ""
				if len(other) > 1 {
					second = other[1]
				}
				want = append(want, []string{second})
			}
			check(want)
		}
	}
}
