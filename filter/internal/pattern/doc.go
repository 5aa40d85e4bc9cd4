// Package pattern parses and validates event patterns, in the syntax of
// EventBridge that Lambda's event source mappings use, and brings them into
// disjunctive form. It knows operators and paths, but no event source.
//
// Validity is that of the reference implementation (aws/event-ruler 2.0.1),
// where the guides are silent or differ from it.
package pattern

// Pattern is a parsed pattern.
type Pattern struct {
	Text   []byte // the pattern's JSON, without text after its closing brace
	Leaves []Leaf
	Rules  []Rule // any of them has to match
	Notes  []Note // in the order of the text
}

// A Rule is one alternative of a pattern: indices into its Leaves, one per
// path, in the order of the paths' UTF-16 code units. All of them have to match.
type Rule []int

// A Leaf is one field of a pattern with its array of alternatives.
type Leaf struct {
	Path  string // names joined by "."
	JSON  string // where it stands, as in $.body.amount
	Text  string // the array as it stands
	Tests []Test // one of them has to match
}

// A Test is one alternative.
type Test struct {
	Op    Op
	Not   bool      // anything-but: none of Texts or Numbers
	Text  string    // what Op wants; a number as it is spelled
	Texts []string  // what Op wants none of
	Nums  []float64 // what Number wants, or none of
	Range Range
}

// Op is what a Test asks of a value.
type Op uint8

const (
	Equals           Op = iota // a string; an IP address by its value
	Exactly                    // a string, also if it is an IP address
	Literal                    // null, true or false
	Number                     // by value, or by the same text
	Prefix                     // of a string
	Suffix                     // of a string
	EqualsIgnoreCase           // a string
	PrefixIgnoreCase           // of a string
	SuffixIgnoreCase           // of a string
	Wildcard                   // a string
	CIDR                       // a string that is an IP address
	Numeric                    // a number in Range
	Exists                     // any scalar
	Absent                     // exists: false
)

// A Range is the numbers from Low to High.
type Range struct {
	Low, High         float64
	LowOpen, HighOpen bool // the end itself is outside
}

// A Note is something worth saying of a valid pattern.
type Note struct {
	Code Code
	JSON string // where
	Arg  string // the operator, key or number
}

// Code is the kind of a Note.
type Code uint8

const (
	DuplicateKey     Code = iota // the key is twice in one object
	Overridden                   // a later field has the same path
	TextAfterPattern             // follows the closing brace
	UnlistedOperator             // Lambda's guide doesn't list Arg
	Undocumented                 // neither does EventBridge's
	NumberDomain                 // outside of what EventBridge documents
	NumberAsText                 // cannot be compared, only matches the same text
	AddressLiteral               // matches by address
	EmptyRange                   // no number is in it
)

// An Error says what makes a pattern invalid, and where.
type Error struct {
	Offset int
	JSON   string // where, as in $.body.amount[0].numeric
	Msg    string // what is wrong, and what may stand there
}

func (e *Error) Error() string { return e.JSON + ": " + e.Msg }
