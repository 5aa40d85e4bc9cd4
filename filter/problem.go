package filter

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/filter/internal/pattern"
)

// Severity is how bad a [Problem] is.
type Severity uint8

const (
	// Warning is for what works, but is undocumented or surprising.
	Warning Severity = iota
	// Error is for what the service refuses, or accepts though it can never, or
	// must always, match.
	Error
)

func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// A Problem is something wrong with a pattern. It is an error value too: what
// [Parse] returns.
type Problem struct {
	Code     string // stable, such as "invalid-pattern" or "number-attribute"
	Filter   int    // index of the pattern
	Path     string // where in the pattern: "$.body.amount[0].numeric"
	Severity Severity
	Message  string // what is wrong
	Fix      string // what to write instead, may be empty
}

func (p *Problem) Error() string {
	s := "filter " + strconv.Itoa(p.Filter) + ": " + p.Path + ": " + p.Message
	if p.Fix != "" {
		s += " (" + p.Fix + ")"
	}
	return s
}

// A checker collects problems.
type checker struct {
	src      *traits
	mode     Mode
	filter   int
	problems []Problem
	errs     []error
}

func (c *checker) add(s Severity, code, path, message, fix string) {
	p := Problem{code, c.filter, path, s, message, fix}
	if s == Error && c.mode == Strict {
		c.errs = append(c.errs, &p)
		return
	}
	c.problems = append(c.problems, p)
}

// fatal is for what the service refuses.
func (c *checker) fatal(code, path, message, fix string) {
	c.errs = append(c.errs, &Problem{code, c.filter, path, Error, message, fix})
}

func (c *checker) err() error {
	if len(c.errs) == 1 {
		return c.errs[0]
	}
	return errors.Join(c.errs...)
}

func (c *checker) invalid(err error) {
	var e *pattern.Error
	if !errors.As(err, &e) {
		e = &pattern.Error{JSON: "$", Msg: err.Error()}
	}
	c.fatal("invalid-pattern", e.JSON, e.Msg, "")
}

// pattern looks at a valid pattern.
func (c *checker) pattern(p *pattern.Pattern) {
	for _, n := range p.Notes {
		c.note(p, n)
	}
	for i := range p.Leaves {
		c.leaf(&p.Leaves[i])
	}
	c.formats(p)
}

func (c *checker) note(p *pattern.Pattern, n pattern.Note) {
	switch n.Code {
	case pattern.DuplicateKey:
		c.add(Warning, "duplicate-key", n.JSON, "the key "+strconv.Quote(n.Arg)+" is twice in one object: of fields with the same path "+
			"the last counts, different ones are all required", "write each key once")
	case pattern.Overridden:
		if !slices.ContainsFunc(p.Notes, func(m pattern.Note) bool { return m.Code == pattern.DuplicateKey && m.JSON == n.JSON }) {
			c.add(Warning, "overridden", n.JSON, "this field replaces an earlier one with the path "+strconv.Quote(n.Arg),
				"a field is either outside of $or or in its branches, and written once")
		}
	case pattern.TextAfterPattern:
		c.add(c.strictly(), "text-after-pattern", n.JSON, "text follows the pattern's closing brace: the reference implementation ignores it, "+
			"whether the service does is unknown", "remove "+strconv.Quote(strings.TrimSpace(n.Arg)))
	case pattern.UnlistedOperator:
		if c.mode == Strict || c.mode == Lambda && c.src != &genericTraits {
			c.add(c.strictly(), "unlisted-operator", n.JSON, n.Arg+" is an operator of EventBridge that Lambda's guide does not list: "+
				"Lambda may accept it", "test it on a mapping before relying on it")
		}
	case pattern.Undocumented:
		c.add(c.strictly(), "undocumented-operator", n.JSON, n.Arg+" is in neither guide, only in the reference implementation", "write the string alone")
	case pattern.NumberDomain:
		c.add(Warning, "number-domain", n.JSON, n.Arg+" is outside of the documented domain, -5.0e9 to 5.0e9 with 15 digits", "")
	case pattern.NumberAsText:
		c.add(Warning, "number-as-text", n.JSON, n.Arg+" is not exactly representable as a double: it matches only a number that is spelled the same",
			"send such numbers as strings")
	case pattern.AddressLiteral:
		c.add(Warning, "address-literal", n.JSON, strconv.Quote(n.Arg)+" is an IP address: it matches any spelling of the same address", "")
	case pattern.EmptyRange:
		c.add(Error, "empty-range", n.JSON, "no number is in this range: it never matches", "")
	}
}

// strictly is the severity of what Strict doesn't take.
func (c *checker) strictly() Severity {
	if c.mode == Strict {
		return Error
	}
	return Warning
}

// leaf looks at one field.
func (c *checker) leaf(l *pattern.Leaf) {
	if c.src == &genericTraits {
		return
	}
	top, _, _ := strings.Cut(l.Path, ".")
	switch {
	case l.Path == c.src.data && c.src.jsonOnly:
		c.fatal("data-not-json", l.JSON, "the data of "+c.src.name+" is JSON, which a plain value cannot match: the service refuses it",
			`write fields: {"`+c.src.data+`": {"name": […]}}`)
	case slices.Contains(c.src.documented, top):
	case slices.Contains(c.src.layout.Hidden, top):
		c.add(Error, "unfilterable-key", l.JSON, top+" is added after filtering: a filter never sees it", "filter the data under "+c.src.data)
	case top == c.src.layout.Inner:
		c.add(Error, "unknown-key", l.JSON, "a filter sees the fields of "+top+" as the record's own", `write {"`+c.src.data+`": …} without "`+top+`"`)
	case slices.Contains(c.src.known, top):
		c.add(Warning, "undocumented-key", l.JSON, "the guide lets filter "+strings.Join(c.src.documented, ", ")+" only: "+
			top+" is known to work at best", "")
	default:
		c.add(Error, "unknown-key", l.JSON, "a record of "+c.src.name+" has no key "+strconv.Quote(top), "the data is under "+c.src.data)
	}
	if c.src == &dynamoDBTraits {
		c.attribute(l)
	}
}

// formats finds rules that want a record's data to be text and JSON at once.
func (c *checker) formats(p *pattern.Pattern) {
	for _, d := range c.src.layout.Data {
		for _, r := range p.Rules {
			var text, json *pattern.Leaf
			for _, i := range r {
				switch l := &p.Leaves[i]; {
				case l.Path == d.Key:
					text = l
				case strings.HasPrefix(l.Path, d.Key+"."):
					json = l
				}
			}
			if text != nil && json != nil {
				c.add(Error, "mixed-formats", text.JSON, "the same rule wants "+d.Key+" to be text here and JSON at "+json.JSON+": it is one or the other",
					"make two filters of it")
				return
			}
		}
	}
}
