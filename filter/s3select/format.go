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
	// Format is CSV or JSON. Empty, it is the one of CSV and JSON that is set, and
	// CSV if neither is.
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
	// that of the input if neither is.
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

// inputFormat is CSV or JSON.
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
	return in
}

// config checks the formats and fills in the defaults.
func (q *Query) config() (engine.Config, error) {
	c := engine.Config{Strict: q.Strict}
	bad := func(code, field, have, want string) (engine.Config, error) {
		return c, fault.New(code, "%s is %q, it may be %s", field, have, want)
	}
	in := q.Input
	switch f := in.format(); f {
	case "CSV", "JSON":
		c.JSON = f == "JSON"
	default:
		return bad("InvalidDataSource", "Input.Format", in.Format, "CSV or JSON")
	}
	if q.Input.Format == "" && in.JSON != (JSONInput{}) && in.CSV != (CSVInput{}) ||
		q.Output.Format == "" && q.Output.JSON != (JSONOutput{}) && q.Output.CSV != (CSVOutput{}) {
		return c, fault.New("ObjectSerializationConflict", "both CSV and JSON are set: choose with Format")
	}
	switch strings.ToUpper(in.JSON.Type) {
	case "", "LINES":
	case "DOCUMENT":
		c.Document = true
	default:
		return bad("InvalidJsonType", "Input.JSON.Type", in.JSON.Type, "LINES or DOCUMENT")
	}
	switch strings.ToUpper(in.CSV.FileHeaderInfo) {
	case "", "NONE":
	case "USE":
		c.CSV.Header = engine.HeaderUse
	case "IGNORE":
		c.CSV.Header = engine.HeaderIgnore
	default:
		return bad("InvalidFileHeaderInfo", "Input.CSV.FileHeaderInfo", in.CSV.FileHeaderInfo, "NONE, USE or IGNORE")
	}
	switch strings.ToUpper(in.Compression) {
	case "", "NONE", "GZIP", "BZIP2":
	default:
		if in.Decompress == nil {
			return bad("InvalidCompressionFormat", "Input.Compression", in.Compression, "NONE, GZIP or BZIP2, and others with Input.Decompress, as ZSTD with that of the subpackage zstd")
		}
	}
	switch f := q.Output.format(in.format()); f {
	case "CSV", "JSON":
		c.OutJSON = f == "JSON"
	default:
		return bad("InvalidDataSource", "Output.Format", q.Output.Format, "CSV or JSON")
	}
	switch strings.ToUpper(q.Output.CSV.QuoteFields) {
	case "", "ASNEEDED":
	case "ALWAYS":
		c.OutCSV.Always = true
	default:
		return bad("InvalidQuoteFields", "Output.CSV.QuoteFields", q.Output.CSV.QuoteFields, "ASNEEDED or ALWAYS")
	}
	var err error
	text := func(field, s, zero string) string {
		if len(s) > 16 && err == nil {
			err = fault.New("InvalidRequestParameter", "%s has %d bytes, it may have 16", field, len(s))
		}
		if s == "" {
			return zero
		}
		return s
	}
	char := func(field, s, zero string) byte {
		s = text(field, s, zero)
		if (len(s) != 1 || s[0] >= utf8.RuneSelf) && err == nil {
			err = fault.New("InvalidRequestParameter", "%s is %q, it may be one ASCII character", field, s)
		}
		return s[0]
	}
	c.CSV.CarriageReturn = in.CSV.RecordDelimiter == ""
	c.CSV.Field = text("Input.CSV.FieldDelimiter", in.CSV.FieldDelimiter, ",")
	c.CSV.Record = text("Input.CSV.RecordDelimiter", in.CSV.RecordDelimiter, "\n")
	c.CSV.Quote = char("Input.CSV.QuoteCharacter", in.CSV.QuoteCharacter, `"`)
	c.CSV.Escape = char("Input.CSV.QuoteEscapeCharacter", in.CSV.QuoteEscapeCharacter, `"`)
	c.CSV.Comment = text("Input.CSV.Comments", in.CSV.Comments, "#")
	c.CSV.QuotedRecord = in.CSV.AllowQuotedRecordDelimiter
	c.Record = text("Output.JSON.RecordDelimiter", q.Output.JSON.RecordDelimiter, "\n")
	c.OutCSV.Field = text("Output.CSV.FieldDelimiter", q.Output.CSV.FieldDelimiter, ",")
	c.OutCSV.Record = text("Output.CSV.RecordDelimiter", q.Output.CSV.RecordDelimiter, "\n")
	c.OutCSV.Quote = char("Output.CSV.QuoteCharacter", q.Output.CSV.QuoteCharacter, `"`)
	c.OutCSV.Escape = char("Output.CSV.QuoteEscapeCharacter", q.Output.CSV.QuoteEscapeCharacter, `"`)
	return c, err
}
