package filter

import (
	"fmt"
	"strings"

	"github.com/lambdatune/lambdatune/filter/internal/engine"
	"github.com/lambdatune/lambdatune/filter/internal/pattern"
)

// An Explanation says why a record matches or doesn't, and what becomes of it.
type Explanation struct {
	Matched bool
	// Filter is the index of the first pattern that matched, -1 if none did.
	Filter int
	// Failures are the conditions that were not met, of each pattern those of the
	// alternative of $or that came nearest. There are none if a pattern matched.
	Failures []Failure
	// Fate is what AWS does with the record.
	Fate string
	// Advice is what to consider about that, often empty.
	Advice string
}

// A Failure is a condition that a record did not meet.
type Failure struct {
	Filter int      // index of the pattern
	Path   string   // where in the pattern: "$.body.amount"
	Want   string   // its alternatives, as in the pattern
	Got    []string // the values there, as JSON; none if the field is not there
	Reason string
}

// String is the explanation in lines of text. It quotes values of the record.
func (e *Explanation) String() string {
	var s strings.Builder
	if e.Matched {
		fmt.Fprintf(&s, "matched by filter %d\n", e.Filter)
	} else {
		s.WriteString("not matched\n")
	}
	for _, f := range e.Failures {
		fmt.Fprintf(&s, "  filter %d, %s: %s\n    wants %s\n", f.Filter, f.Path, f.Reason, f.Want)
		if len(f.Got) > 0 {
			fmt.Fprintf(&s, "    found %s\n", strings.Join(f.Got, ", "))
		}
	}
	s.WriteString(e.Fate + "\n")
	if e.Advice != "" {
		s.WriteString(e.Advice + "\n")
	}
	return s.String()
}

// Explain explains the verdict of [Criteria.MatchRecord], with its errors. It is
// for tests and tools, and much slower.
func (c *Criteria) Explain(record []byte) (*Explanation, error) {
	matched, err := c.MatchRecord(record)
	if err != nil {
		return nil, err
	}
	src := c.source()
	e := &Explanation{Matched: matched, Filter: -1, Fate: src.delivered}
	for i, p := range c.patterns {
		if ok, _ := c.alone(p, p.Rules).MatchRecord(record); ok {
			e.Filter = i
			e.Advice = c.unjudged(p, record)
			break
		}
	}
	if !matched {
		e.Fate, e.Advice = src.passedOver, src.advice
		for i, p := range c.patterns {
			e.Failures = append(e.Failures, c.nearest(i, p, record)...)
		}
	}
	return e, nil
}

// alone compiles some rules of a pattern.
func (c *Criteria) alone(p *pattern.Pattern, rules []pattern.Rule) *engine.Program {
	return engine.Compile(c.source().layout, []*pattern.Pattern{{Leaves: p.Leaves, Rules: rules}})
}

// nearest returns the failures of the rule with the fewest.
func (c *Criteria) nearest(filter int, p *pattern.Pattern, record []byte) []Failure {
	met := make(map[int]bool)
	best := p.Rules[0]
	fewest := len(p.Leaves) + 1
	for _, r := range p.Rules {
		failed := 0
		for _, l := range r {
			ok, known := met[l]
			if !known {
				ok, _ = c.alone(p, []pattern.Rule{{l}}).MatchRecord(record)
				met[l] = ok
			}
			if !ok {
				failed++
			}
		}
		if failed < fewest {
			best, fewest = r, failed
		}
	}
	var all []Failure
	for _, l := range best {
		if met[l] && fewest > 0 {
			continue
		}
		leaf := &p.Leaves[l]
		got, mismatch := c.engine().Values(record, leaf.Path)
		f := Failure{Filter: filter, Path: leaf.JSON, Want: leaf.Text, Got: got}
		switch {
		case mismatch && fewest > 0:
			f.Reason = c.mismatch(leaf)
		case fewest == 0:
			f.Reason = "met, but not within the same element of an array as the rule's other conditions"
		case len(got) == 0:
			f.Reason = "no such field (an object or an empty array is none)"
		default:
			f.Reason = "the value is none of the alternatives"
		}
		all = append(all, f)
	}
	return all
}

// unjudged says that rules for the data were not applied, if so.
func (c *Criteria) unjudged(p *pattern.Pattern, record []byte) string {
	if !c.source().layout.Keep {
		return ""
	}
	for i := range p.Leaves {
		if _, mismatch := c.engine().Values(record, p.Leaves[i].Path); mismatch {
			key, _, _ := strings.Cut(p.Leaves[i].Path, ".")
			return "The " + key + " has another format than the filter's rules for it, plain text or JSON: " +
				c.source().name + " ignores such rules and keeps the record, so the function has to expect it."
		}
	}
	return ""
}

func (c *Criteria) mismatch(l *pattern.Leaf) string {
	key, _, field := strings.Cut(l.Path, ".")
	if field {
		return "the " + key + " is not a JSON object, as a filter for its fields requires"
	}
	return "the " + key + " is JSON, which a filter for plain text never matches"
}
