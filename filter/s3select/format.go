package s3select

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// Input is the format of the object, with the fields and values of S3's
// InputSerialization
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_InputSerialization.html).
type Input struct {
	// Format is CSV, JSON or PARQUET. Empty, it is the one of CSV and JSON that is
	// set, and CSV if neither is.
	Format string
	// Compression is NONE (also if empty), GZIP or BZIP2. All members of a file of
	// several gzip members are read. With Decompress, it may be any other name.
	Compression string
	CSV         CSVInput
	JSON        JSONInput
	// Decompress reads what Compression names, in the place of the local engine's
	// own decompressors. The subpackage zstd has one for ZSTD. It is not called for
	// NONE. S3 cannot run such a query.
	Decompress func(io.Reader) (io.ReadCloser, error)
	// Parquet reads the format PARQUET for the local engine: it is Read of the
	// subpackage parquet. S3 needs none.
	Parquet engine.Table
}

// CSVInput describes CSV. The zero value is S3's default: commas, lines, double
// quotes, comments behind #, and no header.
type CSVInput struct {
	// FileHeaderInfo is NONE (also if empty), USE for column names in the first
	// record, or IGNORE to skip it.
	FileHeaderInfo string
	// FieldDelimiter is "," if empty; at most 16 bytes.
	FieldDelimiter string
	// RecordDelimiter is "\n" if empty, and then a carriage return before it is
	// no part of the record; at most 16 bytes.
	RecordDelimiter string
	// QuoteCharacter is `"` if empty; one ASCII character.
	QuoteCharacter string
	// QuoteEscapeCharacter stands, inside quotes, before a quote that is text. It
	// is the double quote if empty; one ASCII character.
	QuoteEscapeCharacter string
	// Comments starts the records to be skipped, "#" if empty; one character.
	Comments string
	// AllowQuotedRecordDelimiter lets a record delimiter stand inside quotes, which
	// is an error otherwise. S3 has no scan ranges with it.
	AllowQuotedRecordDelimiter bool
}

// JSONInput describes JSON.
type JSONInput struct {
	// Type is LINES (also if empty), for a value in each line, or DOCUMENT, for
	// values one after the other.
	Type string
}

// Output is the format of the result, as S3's OutputSerialization
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_OutputSerialization.html).
type Output struct {
	// Format is CSV or JSON. Empty, it is the one of CSV and JSON that is set, and
	// that of the input if neither is; for PARQUET, it is JSON.
	Format string
	CSV    CSVOutput
	JSON   JSONOutput
}

// CSVOutput describes a CSV result.
type CSVOutput struct {
	// QuoteFields is ASNEEDED (also if empty) or ALWAYS.
	QuoteFields string
	// FieldDelimiter is "," if empty.
	FieldDelimiter string
	// RecordDelimiter is "\n" if empty.
	RecordDelimiter string
	// QuoteCharacter is `"` if empty.
	QuoteCharacter string
	// QuoteEscapeCharacter is `"` if empty.
	QuoteEscapeCharacter string
}

// JSONOutput describes a JSON result.
type JSONOutput struct {
	// RecordDelimiter is "\n" if empty.
	RecordDelimiter string
}

// format is CSV, JSON or PARQUET.
func (in *Input) format() string {
	switch {
	case in.Format != "":
		return strings.ToUpper(in.Format)
	case in.JSON != JSONInput{} && in.CSV == CSVInput{}:
		return "JSON"
	}
	return "CSV"
}

func (out *Output) format(in string) string {
	switch {
	case out.Format != "":
		return strings.ToUpper(out.Format)
	case out.JSON != JSONOutput{} && out.CSV == CSVOutput{}:
		return "JSON"
	case out.CSV != CSVOutput{} && out.JSON == JSONOutput{}:
		return "CSV"
	}
	if in == "CSV" {
		return in
	}
	return "JSON"
}

// config checks the formats and fills in the defaults.
func (q *Query) config() (engine.Config, error) {
	in, out := &q.Input, &q.Output
	if in.Format == "" && in.JSON != (JSONInput{}) && in.CSV != (CSVInput{}) ||
		out.Format == "" && out.JSON != (JSONOutput{}) && out.CSV != (CSVOutput{}) {
		return engine.Config{}, fault.New("ObjectSerializationConflict", "both CSV and JSON are set: choose with Format")
	}
	var k checker
	c := engine.Config{Strict: q.Strict}
	format := k.choice("InvalidDataSource", "Input.Format", in.format(), "CSV, JSON, PARQUET")
	c.JSON, c.Columns = format > 0, format == 2
	c.OutJSON = k.choice("InvalidDataSource", "Output.Format", out.format(in.format()), "CSV, JSON") == 1
	c.Document = k.choice("InvalidJsonType", "Input.JSON.Type", in.JSON.Type, "LINES, DOCUMENT") == 1
	c.CSV.Header = engine.Header(k.choice("InvalidFileHeaderInfo", "Input.CSV.FileHeaderInfo", in.CSV.FileHeaderInfo, "NONE, USE, IGNORE"))
	c.OutCSV.Always = k.choice("InvalidQuoteFields", "Output.CSV.QuoteFields", out.CSV.QuoteFields, "ASNEEDED, ALWAYS") == 1
	if c.Columns {
		k.choice("InvalidCompressionFormat", "Input.Compression", in.Compression, "NONE")
	} else if in.Decompress == nil { // ZSTD needs that of the subpackage zstd
		k.choice("InvalidCompressionFormat", "Input.Compression", in.Compression, "NONE, GZIP, BZIP2")
	}
	c.CSV.CarriageReturn = in.CSV.RecordDelimiter == ""
	c.CSV.Field = k.text("Input.CSV.FieldDelimiter", in.CSV.FieldDelimiter, ",")
	c.CSV.Record = k.text("Input.CSV.RecordDelimiter", in.CSV.RecordDelimiter, "\n")
	c.CSV.Quote = k.char("Input.CSV.QuoteCharacter", in.CSV.QuoteCharacter)
	c.CSV.Escape = k.char("Input.CSV.QuoteEscapeCharacter", in.CSV.QuoteEscapeCharacter)
	c.CSV.Comment = k.text("Input.CSV.Comments", in.CSV.Comments, "#")
	c.CSV.QuotedRecord = in.CSV.AllowQuotedRecordDelimiter
	c.Record = k.text("Output.JSON.RecordDelimiter", out.JSON.RecordDelimiter, "\n")
	c.OutCSV.Field = k.text("Output.CSV.FieldDelimiter", out.CSV.FieldDelimiter, ",")
	c.OutCSV.Record = k.text("Output.CSV.RecordDelimiter", out.CSV.RecordDelimiter, "\n")
	c.OutCSV.Quote = k.char("Output.CSV.QuoteCharacter", out.CSV.QuoteCharacter)
	c.OutCSV.Escape = k.char("Output.CSV.QuoteEscapeCharacter", out.CSV.QuoteEscapeCharacter)
	return c, k.err
}

// A checker keeps the first error.
type checker struct{ err error }

func (k *checker) fail(code, field, have, want string) {
	if k.err == nil {
		k.err = fault.New(code, "%s is %q, it may be %s", field, have, want)
	}
}

// choice is the index of s, in any case, among the names, which commas separate;
// the first one is the default.
func (k *checker) choice(code, field, s, names string) int {
	for i, n := range strings.Split(names, ", ") {
		if s == "" || strings.EqualFold(s, n) {
			return i
		}
	}
	k.fail(code, field, s, names)
	return 0
}

// text is a delimiter, or its default.
func (k *checker) text(field, s, zero string) string {
	if len(s) > 16 {
		k.fail("InvalidRequestParameter", field, s, "16 bytes at most")
	}
	if s == "" {
		return zero
	}
	return s
}

// char is one ASCII character, a double quote if there is none.
func (k *checker) char(field, s string) byte {
	if s == "" {
		return '"'
	}
	if len(s) != 1 || s[0] >= utf8.RuneSelf {
		k.fail("InvalidRequestParameter", field, s, "one ASCII character")
	}
	return s[0]
}
