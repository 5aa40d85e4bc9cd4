package s3select_test

import (
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

func TestCSV(t *testing.T) {
	type in = s3select.CSVInput
	type out = s3select.CSVOutput
	json := s3select.Output{Format: "JSON"}
	csv := func(o out) s3select.Output { return s3select.Output{Format: "CSV", CSV: o} }
	use := in{FileHeaderInfo: "USE"}
	for _, c := range []struct {
		sql  string
		in   in
		out  s3select.Output
		data string
		want string
	}{
		// Columns.
		{"SELECT * FROM S3Object", in{}, csv(out{}), "a,b\n1,2\n", "a,b\n1,2\n"},
		{"SELECT * FROM S3Object", in{FileHeaderInfo: "IGNORE"}, csv(out{}), "a,b\n1,2\n", "1,2\n"},
		{"SELECT * FROM S3Object", use, json, "a,b\n1,2\n", "{\"a\":\"1\",\"b\":\"2\"}\n"},
		{"SELECT * FROM S3Object", in{}, json, "x,y\n", "{\"_1\":\"x\",\"_2\":\"y\"}\n"},
		{"SELECT _2, s._1 FROM S3Object s", in{}, csv(out{}), "a,b\n1,2\n", "b,a\n2,1\n"},
		{"SELECT B, s.a, _1 FROM S3Object s", use, csv(out{}), "a,b\n1,2\n", "2,1,1\n"},
		{`SELECT "b" FROM S3Object`, use, csv(out{}), "a,B\n1,2\n", "MissingHeaderName"},
		{"SELECT c FROM S3Object", use, csv(out{}), "a,b\n1,2\n", "MissingHeaderName"},
		{"SELECT c FROM S3Object", in{}, csv(out{}), "a,b\n1,2\n", "InvalidColumnIndex"},
		{"SELECT _0 FROM S3Object", in{}, csv(out{}), "a,b\n1,2\n", "InvalidColumnIndex"},
		{"SELECT name FROM S3Object", use, csv(out{}), "NAME,name\n1,2\n", "AmbiguousFieldName"},
		{`SELECT "NAME" FROM S3Object`, use, csv(out{}), "NAME,name\n1,2\n", "1\n"},
		{"SELECT _1, _3 FROM S3Object", in{}, json, "a,b\n1,2,3\n", "{\"_1\":\"a\"}\n{\"_1\":\"1\",\"_3\":\"3\"}\n"},
		{"SELECT s.*, 1 AS x FROM S3Object s", use, json, "a,b\n1,2\n", "{\"a\":\"1\",\"b\":\"2\",\"x\":1}\n"},
		{"SELECT s.* FROM S3Object s", use, csv(out{}), "a,b\n1,\"2,3\"\n", "1,\"2,3\"\n"},
		{"SELECT * FROM S3Object[*].a", in{}, csv(out{}), "a\n", "InvalidKeyPath"},
		{"SELECT COUNT(*) FROM S3Object", use, csv(out{}), "a\n1\n2\n", "2\n"},
		{"SELECT COUNT(*) FROM S3Object", use, csv(out{}), "", "0\n"},
		// Strings until they are cast.
		{"SELECT _1 FROM S3Object WHERE _1 > 5", in{}, csv(out{}), "9\n", ""},
		{"SELECT _1 FROM S3Object WHERE CAST(_1 AS INT) > 5", in{}, csv(out{}), "9\n10\n1\n", "9\n10\n"},
		{"SELECT _1 FROM S3Object WHERE CAST(_1 AS INT) > 5", in{}, csv(out{}), "9\nx\n", "CastFailed"},
		{"SELECT _1+1 FROM S3Object", in{}, csv(out{}), "9\n", "IncorrectSqlFunctionArgumentType"},
		{"SELECT _1 FROM S3Object WHERE _1 = ''", in{}, csv(out{}), ",x\n1,y\n", "\n"},
		{"SELECT _1 FROM S3Object WHERE _2 IS NULL", in{}, csv(out{}), ",x\n1\n", "1\n"},
		{"SELECT SUM(CAST(_1 AS DECIMAL)) FROM S3Object", in{}, csv(out{}), "0.10\n0.2\n", "0.30\n"},
		// Input options.
		{"SELECT _2 FROM S3Object", in{FieldDelimiter: "\t"}, csv(out{}), "a\tb,c\n", "\"b,c\"\n"},
		{"SELECT _2 FROM S3Object", in{FieldDelimiter: "||"}, csv(out{}), "a||b|c\n\"x||\"||y\n", "b|c\ny\n"},
		{"SELECT _2 FROM S3Object", in{RecordDelimiter: ";"}, csv(out{}), "a,b;c,d", "b\nd\n"},
		{"SELECT _2 FROM S3Object", in{RecordDelimiter: "\r\n"}, csv(out{}), "a,b\r\nc,\"d\"\r\n", "b\nd\n"},
		{"SELECT _2 FROM S3Object", in{}, csv(out{}), "a,b\r\nc,\"d\"\r\n", "b\nd\n"},
		{"SELECT _2 FROM S3Object", in{RecordDelimiter: "\n"}, csv(out{}), "a,b\r\n", "\"b\r\"\n"},
		{"SELECT _2 FROM S3Object", in{}, csv(out{}), "#no,x\na,b\n\n#c\nc,d", "b\nd\n"},
		{"SELECT _1 FROM S3Object", in{Comments: "$"}, csv(out{}), "$x\n#y\n", "#y\n"},
		{"SELECT a FROM S3Object", use, csv(out{}), "# about\n\xef\xbb\xbfa\n1\n", "MissingHeaderName"},
		{"SELECT a FROM S3Object", use, csv(out{}), "\xef\xbb\xbfa\n1\n", "1\n"},
		{"SELECT _1 FROM S3Object", in{}, csv(out{}), "\"a\"\"b\",c\n", "\"a\"\"b\"\n"},
		{"SELECT _1 FROM S3Object", in{QuoteEscapeCharacter: "\\"}, json, `"a\"b\\c\d",x` + "\n", "{\"_1\":\"a\\\"b\\\\c\\\\d\"}\n"},
		{"SELECT _1 FROM S3Object", in{QuoteCharacter: "'", QuoteEscapeCharacter: "'"}, csv(out{}), "'a,''b',c\n", "\"a,'b\"\n"},
		{"SELECT _1 FROM S3Object", in{}, csv(out{}), "\"a\nb\",c\n", "CSVEscapingRecordDelimiter"},
		{"SELECT _1 FROM S3Object", in{AllowQuotedRecordDelimiter: true}, csv(out{}), "\"a\nb\",c\nd,e\n", "\"a\nb\"\nd\n"},
		{"SELECT _2 FROM S3Object", in{AllowQuotedRecordDelimiter: true}, csv(out{}), "1,\"a\n\n\"\"\nb\"\n2,e", "\"a\n\n\"\"\nb\"\ne\n"},
		{"SELECT _1 FROM S3Object", in{}, csv(out{}), "\"a\"b,c\n", "CSVUnescapedQuote"},
		{"SELECT _1 FROM S3Object", in{}, csv(out{}), "\"ab,c", "CSVParsingError"},
		{"SELECT _1 FROM S3Object", in{AllowQuotedRecordDelimiter: true}, csv(out{}), "\"ab,c\n", "CSVParsingError"},
		{"SELECT _1 FROM S3Object", in{}, csv(out{}), "a\"b,c\n", "\"a\"\"b\"\n"},
		{"SELECT _3 FROM S3Object", in{}, csv(out{}), "1,,\n,,3\n", "\n3\n"},
		{"SELECT * FROM S3Object", in{}, csv(out{}), strings.Repeat("x", 1<<20) + "x\n", "OverMaxRecordSize"},
		{"SELECT * FROM S3Object", in{FileHeaderInfo: "MAYBE"}, csv(out{}), "", "InvalidFileHeaderInfo"},
		{"SELECT * FROM S3Object", in{QuoteCharacter: "xy"}, csv(out{}), "", "InvalidRequestParameter"},
		// Output options.
		{"SELECT _1, _2 FROM S3Object", in{}, csv(out{QuoteFields: "ALWAYS"}), "a,\n", "\"a\",\"\"\n"},
		{"SELECT _1, NULL, 5 FROM S3Object", in{}, csv(out{QuoteFields: "ALWAYS"}), "a,\n", "\"a\",\"\",\"5\"\n"},
		{"SELECT _1, _2 FROM S3Object", in{}, csv(out{FieldDelimiter: ";", RecordDelimiter: "|"}), "a;b,c|d\n", "\"a;b\";\"c|d\"|"},
		{"SELECT _1 FROM S3Object", in{}, csv(out{QuoteCharacter: "'", QuoteEscapeCharacter: "\\"}), "\"a'b\nc\\\"\n", "CSVEscapingRecordDelimiter"},
		{"SELECT _1 FROM S3Object", in{}, csv(out{QuoteCharacter: "'", QuoteEscapeCharacter: "\\"}), "a'b\\,c\n", "'a\\'b\\\\'\n"},
		{"SELECT _1, MISSING FROM S3Object", in{}, s3select.Output{Format: "JSON", JSON: s3select.JSONOutput{RecordDelimiter: ","}}, "a\nb\n", "{\"_1\":\"a\"},{\"_1\":\"b\"},"},
		{"SELECT * FROM S3Object", in{}, csv(out{QuoteFields: "SOME"}), "", "InvalidQuoteFields"},
	} {
		got := run(t, s3select.Query{SQL: c.sql, Input: s3select.Input{Format: "CSV", CSV: c.in}, Output: c.out}, c.data)
		if got != c.want {
			t.Errorf("%s of %.60q:\n got %.200q\nwant %.200q", c.sql, c.data, got, c.want)
		}
	}
	q := s3select.Query{SQL: "SELECT * FROM S3Object", Input: s3select.Input{Format: "JSON"}, Output: s3select.Output{Format: "CSV"}}
	if got := run(t, q, `{"a":1.50,"b":"x,y","c":null,"d":true}`); got != "1.50,\"x,y\",,true\n" {
		t.Error(got)
	}
	if got := run(t, q, `{"a":[1]}`); got != "UnsupportedSqlStructure" {
		t.Error(got)
	}
}

// S3 takes UTF-8 only. What is not must neither be replaced in a result nor break
// its JSON.
func TestTextEncoding(t *testing.T) {
	for _, c := range []struct{ format, sql, data, want, strict string }{
		{"CSV", "SELECT * FROM S3Object", "a,b\nc,\xff\n", "{\"_1\":\"a\",\"_2\":\"b\"}\nInvalidTextEncoding", "{\"_1\":\"a\",\"_2\":\"b\"}\nInvalidTextEncoding"},
		{"CSV", "SELECT _2 FROM S3Object WHERE _1 = 'a'", "a,b\nc,\xff\n", "{\"_2\":\"b\"}\n", "{\"_2\":\"b\"}\nInvalidTextEncoding"},
		{"CSV", "SELECT COUNT(*) FROM S3Object", "a\n\xff\n", "{\"_1\":2}\n", "InvalidTextEncoding"},
		{"CSV", "SELECT * FROM S3Object", "\xffa\n", "InvalidTextEncoding", "InvalidTextEncoding"},
		{"JSON", "SELECT a FROM S3Object", "{\"a\":\"\xc3\"}\n", "InvalidTextEncoding", "InvalidTextEncoding"},
		{"JSON", "SELECT a FROM S3Object WHERE a = 1", "{\"a\":1}\n{\"a\":\"\xff\"}\n", "{\"a\":1}\n", "{\"a\":1}\nInvalidTextEncoding"},
	} {
		q := s3select.Query{SQL: c.sql, Input: s3select.Input{Format: c.format}, Output: s3select.Output{Format: "JSON"}}
		if got := written(t, q, c.data); got != c.want {
			t.Errorf("%s of %q: got %q, want %q", c.sql, c.data, got, c.want)
		}
		q.Strict = true
		if got := written(t, q, c.data); got != c.strict {
			t.Errorf("%s of %q, strictly: got %q, want %q", c.sql, c.data, got, c.strict)
		}
	}
}
