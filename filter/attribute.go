package filter

import (
	"slices"
	"strings"

	"github.com/lambdatune/lambdatune/filter/internal/pattern"
)

// attributeTypes are DynamoDB's (API reference, AttributeValue).
var attributeTypes = []string{"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"}

// attribute looks at a field of a DynamoDB record.
func (c *checker) attribute(l *pattern.Leaf) {
	steps := strings.Split(l.Path, ".")
	if steps[0] != "dynamodb" || len(steps) < 2 || !slices.Contains([]string{"Keys", "NewImage", "OldImage"}, steps[1]) {
		return
	}
	last := steps[len(steps)-1]
	absence := slices.ContainsFunc(l.Tests, func(t pattern.Test) bool { return t.Op == pattern.Absent })
	example := `{"` + last + `": {"S": […]}}`
	if len(steps) == 2 {
		example = `{"` + last + `": {"name": {"S": […]}}}`
	}
	switch {
	case (len(steps) < 4 || last == "M" || last == "L" || !slices.Contains(attributeTypes, last)) && absence:
		c.add(Error, "attribute-type", l.JSON, "exists sees only scalars, and this is an object: exists false is always true", "name the attribute's type: "+example)
	case len(steps) < 4 || last == "M" || last == "L" || !slices.Contains(attributeTypes, last):
		c.add(Error, "attribute-type", l.JSON, "an attribute's value is under its type: without it this never matches", "name the attribute's type: "+example)
	case last == "BOOL" || last == "NULL":
		if slices.ContainsFunc(l.Tests, func(t pattern.Test) bool { return (t.Op == pattern.Equals || t.Op == pattern.Exactly) && !t.Not }) {
			c.add(Error, "attribute-type", l.JSON, last+" is true or false, not a string", "write [true] or [false]")
		}
	case slices.ContainsFunc(l.Tests, func(t pattern.Test) bool { return t.Op == pattern.Numeric || t.Op == pattern.Number }):
		c.add(Error, "number-attribute", l.JSON, "the value of "+last+" is a string in the record, also if it is a number: a number never matches",
			`write the number as a string: ["100"]`)
	}
}
