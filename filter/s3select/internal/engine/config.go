// Package engine runs a SELECT statement over a stream of records.
//
// A statement is compiled once, into closures and the set of paths that WHERE
// and the SELECT list need. A record is walked for what WHERE needs, up to the
// last of it; only a record that passes is walked for the SELECT list.
package engine

// MaxRecord is how long a record may be, in the input and in the result: 1 MB.
const MaxRecord = 1 << 20

// Header says what the first record of a CSV object is.
type Header uint8

const (
	HeaderNone   Header = iota // a record like any other
	HeaderUse                  // the names of the columns
	HeaderIgnore               // to be skipped
)

// A Config is the serialization of the input and of the result.
type Config struct {
	JSON     bool // else CSV
	Columns  bool // a Table's rows, which are JSON where they are whole; JSON is set, too
	Document bool // JSON values one after the other, not one in each line
	CSV      CSV
	OutJSON  bool   // else CSV
	Record   string // delimiter of the records of a JSON result
	OutCSV   CSVOut
	Strict   bool // validate what no expression needs, too
}

// Headed reports that the first record of the object is not like the others.
func (c *Config) Headed() bool { return !c.JSON && c.CSV.Header != HeaderNone }

// CSV is the format of CSV input; no string is empty but Comment.
type CSV struct {
	Header         Header
	Field, Record  string
	Quote, Escape  byte
	Comment        string
	QuotedRecord   bool // a record delimiter may be inside quotes
	CarriageReturn bool // a carriage return before the delimiter belongs to it
}

// CSVOut is the format of a CSV result.
type CSVOut struct {
	Always        bool // quote every field
	Field, Record string
	Quote, Escape byte
}
