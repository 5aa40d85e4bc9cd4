package filter_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
)

// TestAllocs is the claim that matching allocates nothing, whatever the event.
func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	lines := `{"l":[` + strings.Repeat(`{"a":1,"b":[2,{"c":"x"}]},`, 50) + `{"a":3,"b":4}]}`
	for _, c := range []struct {
		name            string
		src             filter.Source
		pattern, record string
		want            bool
	}{
		{"numbers", filter.Generic, `{"a":[{"numeric":["<",32]}]}`, `{"a":31.999999999999999999999,"b":1e300}`, false},
		{"escapes", filter.Generic, `{"a":["\u00e9x"],"k.y":[{"exists":true}]}`, `{"\u0061":"\u00e9x","k\u002ey":1}`, true},
		{"array of objects", filter.Generic, `{"l":{"a":[3],"b":[4],"z":[{"exists":false}]}}`, lines, true},
		{"array of objects, none", filter.Generic, `{"l":{"a":[3],"b":{"c":["x"]}}}`, lines, false},
		{"many strings", filter.Generic, `{"a":["1","2","3","4","5","6","7","8","9","x"],"b":[{"anything-but":["1","2","3","4","5","6","7","8","9","10"]}]}`,
			`{"a":"x","b":"y"}`, true},
		{"texts", filter.Generic, `{"a":[{"wildcard":"x*y*z"},{"equals-ignore-case":"straße"},{"cidr":"10.0.0.0/8"}]}`, `{"a":"STRASSE"}`, true},
		{"SQS", filter.SQS, `{"body":{"l":{"a":[3],"b":[4]}}}`, sqs(lines), true},
		{"Kinesis", filter.Kinesis, `{"data":{"l":{"a":[3],"b":[4]}}}`, kinesis(lines), true},
		{"Kafka", filter.Kafka, `{"value":{"l":{"a":[3],"b":[4]}},"key":["k"]}`, kafka("k", lines), true},
		{"DynamoDB", filter.DynamoDB, `{"dynamodb":{"NewImage":{"Status":{"S":[{"prefix":"paid"}]}}}}`, dynamoDB, true},
	} {
		criteria := must(t)(filter.Parse(c.src, c.pattern))
		record := []byte(c.record)
		got, err := false, error(nil)
		allocs := testing.AllocsPerRun(200, func() { got, err = criteria.MatchRecord(record) })
		if got != c.want || err != nil {
			t.Errorf("%s: MatchRecord = %v, %v, want %v", c.name, got, err, c.want)
		}
		if allocs > 0 {
			t.Errorf("%s: %v allocations, want 0", c.name, allocs)
		}
	}
}

// TestConcurrent matches with the same criteria from several goroutines.
func TestConcurrent(t *testing.T) {
	criteria := must(t)(filter.Parse(filter.SQS, `{"body":{"l":{"a":[3],"b":[4]}}}`))
	in, out := []byte(sqs(`{"l":[{"a":1},{"a":3,"b":4}]}`)), []byte(sqs(`{"l":[{"a":3},{"a":1,"b":4}]}`))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 200 {
				if ok, err := criteria.MatchRecord(in); !ok || err != nil {
					t.Errorf("MatchRecord = %v, %v, want true", ok, err)
				}
				if ok, err := criteria.MatchRecord(out); ok || err != nil {
					t.Errorf("MatchRecord = %v, %v, want false", ok, err)
				}
			}
		})
	}
	wait.Wait()
}
