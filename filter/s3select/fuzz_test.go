package s3select_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
)

var rounds = flag.Int("rounds", 1500, "random queries that the engine is held against the reference with")

// A maker writes random statements and data that have something to do with each
// other.
type maker struct{ *rand.Rand }

func (m maker) pick(s ...string) string { return s[m.IntN(len(s))] }

func (m maker) name() string {
	return m.pick("a", "b", "A", "ab", "longername", "lOngername", "x", "é", `"a"`, `"A"`, `"b"`, `"x"`)
}

func (m maker) path() string {
	p := m.name()
	if m.IntN(3) > 0 {
		p = m.pick("s.", "S.", `"s".`, "s3object.") + p
	}
	for m.IntN(3) == 0 {
		switch m.IntN(9) {
		case 0, 1, 2, 3:
			p += "." + m.name()
		case 4:
			p += m.pick("[*]", ".*") // in WHERE only
		default:
			p += fmt.Sprintf("[%d]", m.IntN(3))
		}
	}
	return p
}

func (m maker) literal() string {
	return m.pick("1", "2", "-1", "0", "1.5", "2e0", "'a'", "'b'", "''", "'1'", "'a\"b'", "'é'", "NULL", "MISSING", "TRUE", "FALSE", "[1, 'a']", "9223372036854775807")
}

func (m maker) expr(depth int) string {
	if depth == 0 || m.IntN(4) == 0 {
		if m.IntN(2) == 0 {
			return m.path()
		}
		return m.literal()
	}
	x := func() string { return m.expr(depth - 1) }
	switch m.IntN(16) {
	case 0:
		return "(" + x() + m.pick(" + ", " - ", " * ", " / ", " % ") + x() + ")"
	case 1, 2, 3:
		return m.path() + m.pick(" = ", " <> ", " < ", " <= ", " > ", " >= ") + m.literal()
	case 4:
		return "(" + x() + m.pick(" = ", " <> ", " < ", " <= ", " > ", " >= ") + x() + ")"
	case 5, 6:
		return "(" + x() + m.pick(" AND ", " OR ") + x() + ")"
	case 7:
		return "NOT (" + x() + ")"
	case 8:
		return x() + m.pick(" IS ", " IS NOT ") + m.pick("NULL", "MISSING")
	case 9:
		return m.path() + m.pick(" IN ", " NOT IN ") + "(" + x() + ", " + x() + ")"
	case 10:
		return m.literal() + m.pick(" IN ", " NOT IN ") + m.path() + m.pick("", "", "[*]", ".*")
	case 11:
		return m.path() + m.pick(" BETWEEN ", " NOT BETWEEN ") + m.literal() + " AND " + m.literal()
	case 12:
		return m.path() + m.pick(" LIKE ", " NOT LIKE ") + m.pick("'%'", "'a%'", "'%b'", "'_'", "'%a_%'", "'é'", "''", "1", "NULL", m.path())
	case 13:
		return "CASE " + m.pick("", m.path()) + " WHEN " + x() + " THEN " + x() + m.pick("", " ELSE "+x()) + " END"
	case 14:
		return m.pick("COALESCE(", "NULLIF(") + x() + ", " + x() + ")"
	}
	return m.pick("CAST("+x()+" AS "+m.pick("INT", "STRING", "FLOAT", "DECIMAL", "BOOL")+")", "LOWER("+m.path()+")", "UPPER("+m.path()+")",
		"CHAR_LENGTH("+m.path()+")", "TRIM("+m.path()+")", "SUBSTRING("+m.path()+", "+m.pick("0", "1", "2")+", 2)", "-"+m.path())
}

func (m maker) statement() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	agg := m.IntN(6) == 0
	if !agg && m.IntN(4) == 0 {
		b.WriteByte('*')
	} else {
		for i := range 1 + m.IntN(3) {
			if i > 0 {
				b.WriteString(", ")
			}
			switch {
			case agg && m.IntN(4) == 0:
				b.WriteString("COUNT(*)")
			case agg:
				b.WriteString(m.pick("SUM(", "AVG(", "MIN(", "MAX(", "COUNT(") + m.path() + ")")
			default:
				b.WriteString(m.expr(2))
			}
			if m.IntN(3) == 0 {
				fmt.Fprintf(&b, " AS n%d", i)
			}
		}
	}
	b.WriteString(" FROM S3Object" + m.pick("", "", "[*]", "[*].a", "[*].a[*]", "[*].b.*", "[*].x[0]", `[*]["a"]`[:3]) + m.pick(" s", " AS s", ""))
	if m.IntN(4) > 0 {
		b.WriteString(" WHERE " + m.expr(3))
	}
	if m.IntN(5) == 0 {
		fmt.Fprintf(&b, " LIMIT %d", m.IntN(4))
	}
	return b.String()
}

func (m maker) json(depth int) string {
	space := m.pick("", "", "", " ")
	switch n := m.IntN(10); {
	case depth > 0 && n < 3:
		var parts []string
		for range m.IntN(5) {
			name := m.pick(`"a"`, `"b"`, `"A"`, `"ab"`, `"longername"`, `"LongerName"`, `"x"`, `"é"`, `"\u0061"`, `"b\""`, `"zzzzzzzz"`, `""`)
			parts = append(parts, name+space+":"+space+m.json(depth-1))
		}
		return "{" + space + strings.Join(parts, space+","+space) + "}"
	case depth > 0 && n < 5:
		var parts []string
		for range m.IntN(4) {
			parts = append(parts, m.json(depth-1))
		}
		return "[" + strings.Join(parts, ","+space) + space + "]"
	}
	return m.pick("1", "2", "-1", "0", "1.5", "2.0", "1e1", "null", "true", "false", `"a"`, `"b"`, `"ab"`, `""`, `"1"`, `"a\"b"`, `"\u00e9"`, `"é"`, `" a "`, "9223372036854775807", "12345678901234567890")
}

func (m maker) data() string {
	var b strings.Builder
	for range m.IntN(6) {
		line := m.json(3)
		for m.IntN(8) > 0 && line[0] != '{' {
			line = m.json(3)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// against runs the engine and the reference.
func against(t *testing.T, text, data string) {
	t.Helper()
	sel, err := sql.Parse(text)
	if err != nil {
		return
	}
	want, refErr := refRun(sel, data)
	for _, q := range []s3select.Query{
		{SQL: text, Input: s3select.Input{Format: "JSON"}},
		{SQL: text, Input: s3select.Input{Format: "JSON"}, Strict: true},
		{SQL: sel.String(), Input: s3select.Input{Format: "JSON", JSON: s3select.JSONInput{Type: "DOCUMENT"}}},
	} {
		var out strings.Builder
		_, err = q.Run(t.Context(), strings.NewReader(data), &out)
		var e *s3select.Error
		var f *fault.Error
		switch {
		case err != nil && !errors.As(err, &e):
			t.Fatalf("%s\n%s: %v", q.SQL, data, err)
		case e != nil && e.Offset >= 0 && e.Record == 0:
			// Found while compiling; the reference sees it only where it is evaluated.
		case refErr == nil && e != nil && e.Code == "AmbiguousFieldName":
			// A record is searched for ambiguous names before it is evaluated, the
			// branches included that are not taken.
		case (err != nil) != (refErr != nil) || err == nil && out.String() != want:
			t.Fatalf("%s\n%s got %s %v\nwant %s %v", q.SQL, data, out.String(), err, want, refErr)
		case errors.As(refErr, &f) && e.Code != f.Code && e.Code != "AmbiguousFieldName" && !sel.Aggregated():
			// (Aggregates go through the rows together, in the reference one by one.)
			t.Fatalf("%s\n%s got %v, want %v", q.SQL, data, err, refErr)
		}
	}
}

func TestAgainstReference(t *testing.T) {
	for i := range *rounds {
		m := maker{rand.New(rand.NewPCG(uint64(i), 1))}
		against(t, m.statement(), m.data())
	}
}

// The same where values lie across the ends of what the engine reads at once.
func TestAgainstReferenceAtLength(t *testing.T) {
	for i := range 4 {
		m := maker{rand.New(rand.NewPCG(uint64(i), 7))}
		var data strings.Builder
		for data.Len() < 600<<10 {
			data.WriteString(m.data())
		}
		for _, text := range []string{"SELECT * FROM S3Object", `SELECT s."a", s."b" FROM S3Object s WHERE s."x" = 1 OR s."a" IS NOT MISSING`, `SELECT COUNT(*), COUNT(r) FROM S3Object[*]."a"[*] r`} {
			against(t, text, data.String())
		}
	}
}

func FuzzAgainstReference(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		m := maker{rand.New(rand.NewPCG(a, b))}
		against(t, m.statement(), m.data())
	})
}

// Parse and print: what is printed reads back as the same.
func FuzzParsePrint(f *testing.F) {
	for _, r := range readRules(f, "expressions.txt") {
		for _, line := range r.lines {
			expr, _, _ := strings.Cut(line, "  →  ")
			f.Add("SELECT " + expr + " FROM S3Object s")
		}
	}
	for i := range 50 {
		f.Add(maker{rand.New(rand.NewPCG(uint64(i), 1))}.statement())
	}
	f.Fuzz(func(t *testing.T, text string) {
		sel, err := sql.Parse(text)
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) || e.Code == "" || e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("%q: the error %v has no place", text, err)
			}
			return
		}
		printed := sel.String()
		again, err := sql.Parse(printed)
		var e *fault.Error
		if errors.As(err, &e) && (e.Code == "MaxOperatorsExceeded" || e.Code == "ExpressionTooLong") {
			return // the parentheses are too many
		}
		if err != nil {
			t.Fatalf("%q prints %q: %v", text, printed, err)
		}
		if second := again.String(); second != printed {
			t.Fatalf("%q prints %q, then %q", text, printed, second)
		}
	})
}

// Whatever the data is, the engine neither panics nor calls it half a result.
func FuzzRun(f *testing.F) {
	f.Add("a,\"b\"\"c\"\n", `{"a":{"b":[1]}}`, uint8(0))
	f.Add("\"a\nb\",c\r\n#x\n", `{"a":1}{"a":2}`, uint8(1))
	f.Fuzz(func(t *testing.T, csv, doc string, opt uint8) {
		q := s3select.Query{SQL: "SELECT s._1, s._3, COALESCE(_2, 'x') FROM S3Object s WHERE s._1 <> 'q' OR s._2 LIKE '%a'"}
		q.Input.Format, q.Input.CSV.AllowQuotedRecordDelimiter = "CSV", opt&1 != 0
		if opt&2 != 0 {
			q.Input.CSV.QuoteEscapeCharacter, q.Input.CSV.FieldDelimiter = `\`, "ab"
		}
		q.Run(t.Context(), strings.NewReader(csv), &strings.Builder{})
		q = s3select.Query{SQL: "SELECT s.a.b[0], a, s.* FROM S3Object[*] s WHERE b = 1 OR a IS NOT NULL"}
		q.Input.Format, q.Strict = "JSON", opt&4 != 0
		if opt&8 != 0 {
			q.Input.JSON.Type = "DOCUMENT"
		}
		q.Run(t.Context(), strings.NewReader(doc), &strings.Builder{})
	})
}
