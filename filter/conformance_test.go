package filter_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
)

func TestConformance(t *testing.T) {
	f, err := os.Open("../../shared/vectors/filter-conformance.jsonl.gz")
	if err != nil {
		t.Skip("no conformance vectors here: ", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	type count struct{ rows, right int }
	recorded, agreed := 0, 0
	counts := map[string]*count{}
	for lines.Scan() {
		var row struct {
			Pattern   string
			Event     *string
			Match     *bool
			Error     string
			Expect    any  // what the service was recorded to answer
			LambdaOps bool `json:"lambda_ops"`
			Tags      []string
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(row.Tags, "flaky") {
			continue
		}
		group := "EventBridge's further operators"
		if row.LambdaOps {
			group = "Lambda's operators"
		}
		for _, tag := range row.Tags {
			if tag == "trailing-garbage" || tag == "dup-key-event" || tag == "ip-literal" {
				group = tag
			}
		}
		if counts[group] == nil {
			counts[group] = &count{}
		}
		counts[group].rows++
		options := filter.Options{Mode: filter.EventBridge}
		if row.LambdaOps {
			options.Mode = filter.Lambda
		}
		verdict, class := false, ""
		c, err := options.Parse(filter.Generic, row.Pattern)
		switch {
		case err != nil:
			class = "pattern"
		case row.Event != nil:
			if verdict, err = c.Match([]byte(*row.Event)); err != nil {
				class = "event"
			}
		}
		if class != row.Error || row.Match != nil && verdict != *row.Match {
			t.Errorf("%s\n%s\n= %v, error in %q (%v), want %v, error in %q", row.Pattern, *row.Event, verdict, class, err, row.Match, row.Error)
			continue
		}
		counts[group].right++
		if row.Expect != nil {
			recorded++
			if row.Expect == (any)(verdict) || row.Expect == "error" && class == "pattern" {
				agreed++
			}
			var p *filter.Problem
			if class == "pattern" && (!errors.As(err, &p) || p.Path == "" || p.Message == "") {
				t.Errorf("Parse(%s) = %v, want a problem with its path", row.Pattern, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d recorded answers of the service agree", agreed, recorded)
	for group, c := range counts {
		t.Logf("%-32s %d of %d rows agree", group, c.right, c.rows)
	}
}
