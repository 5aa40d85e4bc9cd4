package benchmarks

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
	"github.com/lambdatune/lambdatune/filter/internal/random"
	"gopkg.in/yaml.v3"
)

type rendered struct {
	FilterCriteria struct {
		Filters []struct {
			Pattern string `yaml:"Pattern" json:"Pattern"`
		} `yaml:"Filters" json:"Filters"`
	} `yaml:"FilterCriteria" json:"FilterCriteria"`
}

func (r *rendered) patterns() (all []string) {
	for _, f := range r.FilterCriteria.Filters {
		all = append(all, f.Pattern)
	}
	return all
}

// TestTemplates reads random criteria back with parsers that others wrote.
func TestTemplates(t *testing.T) {
	r := random.New(5)
	for range 2000 {
		var patterns []string
		for range r.IntN(3) {
			p := r.Pattern()
			if _, err := filter.Parse(filter.Generic, p); err == nil {
				patterns = append(patterns, p)
			}
		}
		c, err := filter.Parse(filter.Generic, patterns...)
		if err != nil {
			t.Fatal(err)
		}
		var j, api rendered
		var wrapped struct {
			Properties rendered `yaml:"Properties"`
		}
		if err := yaml.Unmarshal([]byte("Properties:\n"+c.SAM(2)+"  Other: 1\n"), &wrapped); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(c.CloudFormation()), &j); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &api.FilterCriteria); err != nil {
			t.Fatal(err)
		}
		want := api.patterns()
		if len(want) != len(patterns) || !slices.Equal(wrapped.Properties.patterns(), want) || !slices.Equal(j.patterns(), want) {
			t.Fatalf("YAML %q\nJSON %q\nAPI  %q", wrapped.Properties.patterns(), j.patterns(), want)
		}
	}
}
