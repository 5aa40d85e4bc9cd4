package filter_test

import (
	"errors"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
	"github.com/lambdatune/lambdatune/filter/internal/random"
)

var allSources = []filter.Source{filter.Generic, filter.SQS, filter.Kinesis, filter.DynamoDB, filter.Kafka, filter.MQ}

// FuzzParse: every rejection is a Problem with its place, every accepted pattern
// survives its rendering, and no record makes anything panic.
func FuzzParse(f *testing.F) {
	r := random.New(2)
	for range 60 {
		f.Add(r.Pattern(), r.Record(), r.Event())
	}
	f.Add(`{"data":{"a":[1]}}`, []byte(kinesis(`{"a":1}`)), []byte(`{"Records":[`+kinesis(`{"a":1}`)+`]}`))
	f.Add(`{"body":{"a":[1]}}`, []byte(sqs(`{"a":1}`)), []byte(`{"Records":[`+sqs(`{"a":1}`)+`]}`))
	f.Fuzz(func(t *testing.T, text string, record, payload []byte) {
		for _, src := range allSources {
			c, err := filter.Parse(src, text)
			if err != nil {
				var p *filter.Problem
				if !errors.As(err, &p) || p.Path == "" || p.Code == "" || p.Message == "" {
					t.Fatalf("Parse(%v, %q) = %v, want a complete *Problem", src, text, err)
				}
				continue
			}
			matched, err := c.MatchRecord(record)
			e, errExplain := c.Explain(record)
			if (err == nil) != (errExplain == nil) || e != nil && e.Matched != matched {
				t.Fatalf("%q, %q: MatchRecord = %v, %v, Explain = %+v, %v", text, record, matched, err, e, errExplain)
			}
			_, _ = c.Match(record)
			for r, err := range c.Split(payload) {
				if err == nil {
					if ok, err := c.MatchRecord(r); !ok || err != nil {
						t.Fatalf("%q: Split yields %q, for which MatchRecord = %v, %v", text, r, ok, err)
					}
				}
			}
			back, err := filter.Options{MaxPatternLength: 1 << 20}.ParseTemplate(src, []byte(c.SAM(2)))
			if err != nil {
				t.Fatalf("ParseTemplate(%q): %v", c.SAM(2), err)
			}
			again, err := back.MatchRecord(record)
			if again != matched && err == nil {
				t.Fatalf("%q, %q: %v, after rendering %v", text, record, matched, again)
			}
		}
	})
}
