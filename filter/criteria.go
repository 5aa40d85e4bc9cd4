package filter

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/internal/engine"
	"github.com/lambdatune/lambdatune/filter/internal/pattern"
)

// Mode says which operators are taken.
type Mode uint8

const (
	// Lambda takes what Lambda takes: the operators of its guide, and with a
	// warning those that EventBridge has beyond them. [Generic] is never warned.
	Lambda Mode = iota
	// Strict takes the operators of Lambda's guide only, and makes [Parse] fail
	// where there is any problem of severity [Error].
	Strict
	// EventBridge takes all of EventBridge's operators without a warning.
	EventBridge
)

// Options are the ways in which patterns are parsed. The zero value is what
// [Parse] uses.
type Options struct {
	// Mode is the set of operators; zero is [Lambda].
	Mode Mode
	// MaxFilters is how many patterns an event source mapping may have. Zero
	// means 5, AWS's default; 10 is what a raised quota allows. There is no limit
	// for [Generic].
	MaxFilters int
	// MaxPatternLength is how many characters a pattern may have. Zero means
	// 4,096, AWS's limit. There is no limit for [Generic].
	MaxPatternLength int
}

// Criteria are the filters of one event source mapping: a record matches if any
// pattern does, and all do if there is none. They are immutable and safe for
// concurrent use. The zero value has no patterns and the source [Generic].
type Criteria struct {
	src      *traits
	patterns []*pattern.Pattern
	program  *engine.Program
	problems []Problem
}

// Parse parses the patterns of a source, any of which has to match, with the
// default [Options]. Its error is a [*Problem], or several joined, if the
// service would refuse a pattern.
func Parse(src Source, patterns ...string) (*Criteria, error) {
	return Options{}.Parse(src, patterns...)
}

// Parse is [Parse] with options.
func (o Options) Parse(src Source, patterns ...string) (*Criteria, error) {
	if src == nil {
		return nil, errors.New("filter: the source is nil: name one, such as filter.SQS")
	}
	if o.MaxFilters < 0 || o.MaxPatternLength < 0 || o.Mode > EventBridge {
		return nil, fmt.Errorf("filter: Options out of range: MaxFilters %d and MaxPatternLength %d must be 0 or more, Mode %d one of the constants",
			o.MaxFilters, o.MaxPatternLength, o.Mode)
	}
	c := &Criteria{src: src.traits()}
	check := checker{src: c.src, mode: o.Mode}
	check.limits(o, patterns)
	for i, text := range patterns {
		check.filter = i
		p, err := pattern.Parse(text)
		if err != nil {
			check.invalid(err)
			continue
		}
		check.pattern(p)
		c.patterns = append(c.patterns, p)
	}
	if err := check.err(); err != nil {
		return nil, err
	}
	c.problems = check.problems
	c.program = engine.Compile(c.src.layout, c.patterns)
	return c, nil
}

func (c *checker) limits(o Options, patterns []string) {
	if c.src == &genericTraits && o.MaxFilters == 0 && o.MaxPatternLength == 0 {
		return
	}
	maxFilters, maxLength := o.MaxFilters, o.MaxPatternLength
	if maxFilters == 0 {
		maxFilters = 5
	}
	if maxLength == 0 {
		maxLength = 4096
	}
	if n := len(patterns); n > maxFilters {
		c.filter = maxFilters
		c.fatal("too-many-filters", "$", fmt.Sprintf("%d filters, allowed are 0 to %d", n, maxFilters),
			"join patterns with $or, or have the quota raised (to 10) and set Options.MaxFilters")
	}
	for i, p := range patterns {
		if n := utf8.RuneCountInString(p); n > maxLength {
			c.filter = i
			c.fatal("pattern-too-long", "$", fmt.Sprintf("%d characters, allowed are 0 to %d", n, maxLength),
				"take out white space, or split the pattern: filters are joined by or")
		}
	}
}

var none = engine.Compile(engine.Layout{}, nil)

func (c *Criteria) engine() *engine.Program {
	if c.program == nil {
		return none
	}
	return c.program
}

func (c *Criteria) source() *traits {
	if c.src == nil {
		return &genericTraits
	}
	return c.src
}

// Match reports whether a bare JSON event matches: one in the shape in which the
// patterns see it, with the data decoded. It is an error if the event is not a
// JSON object, is malformed anywhere, or has anything after it. It allocates
// nothing.
func (c *Criteria) Match(event []byte) (bool, error) {
	ok, err := c.engine().Match(event)
	if err != nil {
		return false, fmt.Errorf("filter: invalid event: %w", err)
	}
	return ok, nil
}

// MatchRecord reports whether a record matches, given as the source's event has
// it: a member of Records for SQS, Kinesis and DynamoDB, an element of records or
// messages for Kafka and MQ. Its data is decoded on the way. It is an error if
// the record is not a JSON object, is malformed anywhere, or its base64 is; data
// in another format than a filter's is not, but dropped or kept as the source
// does. For [Generic] it is [Criteria.Match]. It allocates nothing.
func (c *Criteria) MatchRecord(record []byte) (bool, error) {
	ok, err := c.engine().MatchRecord(record)
	if err != nil {
		return false, fmt.Errorf("filter: invalid %s record: %w", c.source().name, err)
	}
	return ok, nil
}

// Patterns returns the patterns as they were parsed, without text around them.
func (c *Criteria) Patterns() []string {
	all := make([]string, len(c.patterns))
	for i, p := range c.patterns {
		all[i] = string(p.Text)
	}
	return all
}

// Problems lists what the service would accept and yet can't be meant, or is
// doubtful, in the order of the patterns.
func (c *Criteria) Problems() []Problem {
	return append([]Problem(nil), c.problems...)
}
