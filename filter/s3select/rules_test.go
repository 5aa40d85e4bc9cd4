package s3select_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
)

// The files in testdata have the language rule by rule: a title behind ##, then
// cases, each with its result behind an arrow, or an error's code. Where S3's
// reference is silent, they follow PartiQL, the language that S3 Select runs
// (https://github.com/partiql/partiql-lang-kotlin/blob/main/docs/user/BuiltInFunctions.md).

// A rule is a title and what follows it.
type rule struct {
	title string
	lines []string
}

func readRules(t testing.TB, file string) []rule {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out []rule
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if title, ok := strings.CutPrefix(line, "## "); ok {
			out = append(out, rule{title: title})
		} else if line != "" {
			r := &out[len(out)-1]
			r.lines = append(r.lines, line)
		}
	}
	return out
}

// visible has what a line of a file cannot show.
var visible = strings.NewReplacer("⏎", "\n", "␍", "\r", "␉", "\t", "∅", "")

func TestExpressionRules(t *testing.T) {
	n := 0
	for _, r := range readRules(t, "expressions.txt") {
		t.Run(r.title, func(t *testing.T) {
			for _, line := range r.lines {
				n++
				expr, want, _ := strings.Cut(line, "  →  ")
				for _, q := range alike(s3select.Query{SQL: "SELECT " + expr + " AS r FROM S3Object s", Input: s3select.Input{Format: "JSON"}}) {
					got := run(t, q, `{"a":1}`)
					if v, ok := strings.CutPrefix(got, `{"r":`); ok {
						got = strings.TrimSuffix(v, "}\n")
					} else if got == "{}\n" {
						got = "MISSING"
					}
					if got != want {
						t.Errorf("%s\n got %s\nwant %s", q.SQL, got, want)
					}
				}
			}
		})
	}
	if n < 800 {
		t.Errorf("only %d cases", n)
	}
}

// A rule of statements has its input in a line that starts with <, and the format
// of the result, where it is not that of the input, behind >.
func TestStatementRules(t *testing.T) {
	n := 0
	for _, r := range readRules(t, "statements.txt") {
		t.Run(r.title, func(t *testing.T) {
			var q s3select.Query
			var data string
			for _, line := range r.lines {
				if input, ok := strings.CutPrefix(line, "< "); ok {
					kind, rest, _ := strings.Cut(input, " ")
					switch kind {
					case "CSV":
						q.Input.Format = kind
						q.Input.CSV.FileHeaderInfo, rest, _ = strings.Cut(rest, " ")
					case "JSON":
						q.Input.Format = kind
					default:
						q.Input.Format, q.Input.JSON.Type = "JSON", kind
					}
					data = visible.Replace(rest)
					continue
				}
				if format, ok := strings.CutPrefix(line, "> "); ok {
					q.Output.Format = format
					continue
				}
				n++
				expr, want, _ := strings.Cut(line, "  →  ")
				q.SQL, want = visible.Replace(expr), visible.Replace(want)
				for _, q := range alike(q) {
					if got := written(t, q, data); got != want {
						t.Errorf("%s\n got %q\nwant %q", q.SQL, got, want)
					}
				}
			}
		})
	}
	if n < 300 {
		t.Errorf("only %d cases", n)
	}
}

// alike are the query and others that have the same result: a strict one, and one
// whose statement is printed by what read it.
func alike(q s3select.Query) []s3select.Query {
	strict, printed := q, q
	strict.Strict = true
	if sel, err := sql.Parse(q.SQL); err == nil {
		printed.SQL = sel.String()
	}
	return []s3select.Query{q, strict, printed}
}

// run returns the result, or the code of the error.
func run(t *testing.T, q s3select.Query, data string) string {
	t.Helper()
	out, code := outcome(t, q, data)
	if code != "" {
		return code
	}
	return out
}

// written returns what was written, and behind it the code of an error.
func written(t *testing.T, q s3select.Query, data string) string {
	t.Helper()
	out, code := outcome(t, q, data)
	return out + code
}

func outcome(t *testing.T, q s3select.Query, data string) (out, code string) {
	t.Helper()
	var b strings.Builder
	_, err := q.Run(t.Context(), strings.NewReader(data), &b)
	var e *s3select.Error
	if errors.As(err, &e) {
		code = e.Code
	} else if err != nil {
		code = err.Error()
	}
	return b.String(), code
}

// An error says where in the expression it is, at ‸ here, and in which record.
func TestErrorPlaces(t *testing.T) {
	for _, c := range []struct {
		sql, code string
		record    int64
	}{
		{"‸SELEC a FROM S3Object", "ParseExpectedKeyword", 0},
		{"SELECT ‸FROM S3Object", "ParseEmptySelect", 0},
		{"SELECT a FROM ‸other", "InvalidDataSource", 0},
		{"SELECT a FROM S3Object‸.a", "InvalidKeyPath", 0},
		{"SELECT a FROM S3Object WHERE a = ‸date", "ParseUnExpectedKeyword", 0},
		{"SELECT s.‸date FROM S3Object s", "ParseInvalidPathComponent", 0},
		{"SELECT a FROM S3Object WHERE a = ‸'é", "LexerInvalidLiteral", 0},
		{"SELECT 'é', ‸# FROM S3Object", "LexerInvalidChar", 0},
		{"SELECT '\ufffd', '‸\xff' FROM S3Object", "InvalidTextEncoding", 0},
		{"SELECT a FROM S3Object WHERE a IN (1‸", "ParseExpectedTokenType", 0},
		{"SELECT ‸NOSUCH(1) FROM S3Object", "UnsupportedFunction", 0},
		{"SELECT 1, ‸LOWER('a', 'b') FROM S3Object", "EvaluatorInvalidArguments", 0},
		{"SELECT CAST(a AS ‸nosuch) FROM S3Object", "ParseExpectedTypeName", 0},
		{"SELECT a FROM S3Object WHERE ‸COUNT(*) > 1", "UnsupportedSqlStructure", 0},
		{"SELECT a FROM S3Object LIMIT ‸-1", "EvaluatorNegativeLimit", 0},
		{"SELECT a FROM S3Object LIMIT 1 ‸OFFSET 1", "ParseUnexpectedToken", 0},
		{"SELECT a FROM S3Object WHERE 'a' LIKE ‸'!' ESCAPE '!'", "EvaluatorLikePatternInvalidEscapeSequence", 0},
		{"SELECT TO_STRING(`2010T`, ‸'Q') FROM S3Object", "EvaluatorInvalidTimestampFormatPatternSymbol", 0},
		{"SELECT a, ‸CAST(b AS INT) FROM S3Object", "CastFailed", 2},
		{"SELECT a FROM S3Object WHERE 1 = 1 AND ‸a / (a - 2) = 5", "IllegalSqlFunctionArgument", 2},
		{"SELECT a FROM S3Object WHERE a = 1 OR ‸a LIKE 'x'", "LikeInvalidInputs", 2},
		{"SELECT a, ‸UPPER(a) FROM S3Object WHERE a > 1", "IncorrectSqlFunctionArgumentType", 2},
		{"SELECT COUNT(*), ‸SUM(b) FROM S3Object", "IncorrectSqlFunctionArgumentType", 1},
	} {
		before, after, _ := strings.Cut(c.sql, "‸")
		q := s3select.Query{SQL: before + after, Input: s3select.Input{Format: "JSON"}}
		_, err := q.Run(t.Context(), strings.NewReader(`{"a":1,"b":"1"}`+"\n"+`{"a":2,"b":"x"}`+"\n"), io.Discard)
		var e *s3select.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Offset != len(before) || e.Record != c.record {
			t.Errorf("%s: %v, want %s at byte %d, record %d", c.sql, err, c.code, len(before), c.record)
		}
	}
}
