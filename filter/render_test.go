package filter_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
	"github.com/lambdatune/lambdatune/filter/internal/random"
)

func TestRender(t *testing.T) {
	c := must(t)(filter.Parse(filter.SQS, ` { "body" : { "name" : [ "it's", "a b" ] } } `, `{"body":["\u2028é"]}`))
	sam := `      FilterCriteria:
        Filters:
          - Pattern: '{"body":{"name":["it''s","a b"]}}'
          - Pattern: '{"body":["\u2028é"]}'
`
	if got := c.SAM(6); got != sam {
		t.Errorf("SAM =\n%s\nwant\n%s", got, sam)
	}
	cloudFormation := `{
  "FilterCriteria": {
    "Filters": [
      {"Pattern": "{\"body\":{\"name\":[\"it's\",\"a b\"]}}"},
      {"Pattern": "{\"body\":[\"\\u2028é\"]}"}
    ]
  }
}
`
	if got := c.CloudFormation(); got != cloudFormation {
		t.Errorf("CloudFormation =\n%s\nwant\n%s", got, cloudFormation)
	}
	api := `{"Filters":[{"Pattern":"{\"body\":{\"name\":[\"it's\",\"a b\"]}}"},{"Pattern":"{\"body\":[\"\\u2028é\"]}"}]}`
	if got, err := json.Marshal(c); string(got) != api || err != nil {
		t.Errorf("JSON = %s, %v\nwant   %s", got, err, api)
	}
	var empty filter.Criteria
	if got := empty.SAM(0); got != "FilterCriteria:\n  Filters: []\n" {
		t.Errorf("SAM of none = %q", got)
	}
	if got, _ := json.Marshal(&empty); string(got) != `{"Filters":[]}` {
		t.Errorf("JSON of none = %s", got)
	}
}

// TestRoundTrip renders random patterns in every way and reads them back.
func TestRoundTrip(t *testing.T) {
	r := random.New(3)
	rendered := 0
	for range 2000 {
		var patterns []string
		for range r.IntN(4) {
			if p := r.Pattern(); validPattern(p) {
				patterns = append(patterns, p)
			}
		}
		c := must(t)(filter.Parse(filter.Generic, patterns...))
		want, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(want), c.CloudFormation(), c.SAM(0), "Resources:\n  # a comment\n" + c.SAM(4) + "    Other: x\n"} {
			back, err := filter.Options{}.ParseTemplate(filter.Generic, []byte(text))
			if err != nil {
				t.Fatalf("ParseTemplate(%s): %v", text, err)
			}
			if got, _ := json.Marshal(back); string(got) != string(want) {
				t.Fatalf("%s\nread back is %s\nwant         %s", text, got, want)
			}
			rendered++
		}
		// White space and escapes apart, it says what was parsed.
		for i, p := range c.Patterns() {
			if event := r.Event(); verdict(t, p, event) != verdict(t, patterns[i], event) {
				t.Fatalf("%s and %s differ on %s", p, patterns[i], event)
			}
		}
	}
	t.Logf("%d renderings read back", rendered)
}

func validPattern(p string) bool {
	_, err := filter.Parse(filter.Generic, p)
	return err == nil
}

func verdict(t *testing.T, p string, event []byte) bool {
	ok, _ := must(t)(filter.Parse(filter.Generic, p)).Match(event)
	return ok
}

func TestParseTemplateErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"Filter":[]}`:                 `no array "Filters"`,
		`{"Filters":[{"pattern":"x"}]}`: `filter 0 has no string "Pattern"`,
		`{"Filters":[`:                  "invalid JSON",
		"Resources: {}\n":               "no FilterCriteria",
		"FilterCriteria:\n  Filters:\n    - Pattern: {a: [1]}\n":                   "line 3",
		"FilterCriteria:\n  Filters:\n    - Pattern: >\n        {}\n":              "line 3",
		"FilterCriteria: !Ref X\n":                                                 "line 1",
		"FilterCriteria:\n  Filters: []\nX:\n  FilterCriteria:\n    Filters: []\n": "line 4: a second FilterCriteria",
		"FilterCriteria:\n  Filters:\n    - Pattern: '{}'\n":                       "empty object",
		"FilterCriteria:\n  Filters:\n    - Pattern: 'it's'\n":                     "line 3",
	} {
		if _, err := (filter.Options{}).ParseTemplate(filter.Generic, []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseTemplate(%q) = %v, want an error with %q", text, err, want)
		}
	}
	c, err := filter.Options{}.ParseTemplate(filter.Generic, []byte("FilterCriteria:\n  Filters:\n    - Pattern: \"{\\\"a\\\":[1]}\"\n"))
	if err != nil || !slices.Equal(c.Patterns(), []string{`{"a":[1]}`}) {
		t.Errorf("a pattern in double quotes: %v", err)
	}
}
