package filter_test

import (
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
)

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		name            string
		src             filter.Source
		pattern, record string
		want            []string // in the text, in order
	}{
		{"value", filter.SQS, `{"body":{"a":[1,2],"b":["x"]}}`, sqs(`{"a":[3,"4"],"b":"x"}`),
			[]string{"not matched", "filter 0, $.body.a: the value is none", "wants [1,2]", `found 3, "4"`, "deletes", "SNS"}},
		{"missing", filter.Kinesis, `{"data":{"a":[1]}}`, kinesis(`{"a":{"b":1}}`), []string{"$.data.a: no such field", "2 MB/s"}},
		{"text", filter.SQS, `{"body":{"a":[{"exists":false}]}}`, sqs(`hello`), []string{"$.body.a: the body is not a JSON object"}},
		{"JSON", filter.SQS, `{"body":["x"]}`, sqs(`{"a":1}`), []string{"$.body: the body is JSON"}},
		{"elements", filter.DynamoDB, `{"dynamodb":{"NewImage":{"Lines":{"L":{"M":{"Sku":{"S":["b"]},"Qty":{"N":["1"]}}}}}}}`, dynamoDB,
			[]string{"Qty.N: met, but not within the same element", `found "1", "2"`, "Sku.S: met, but not", "skips the record"}},
		{"nearest branch", filter.MQ, `{"$or":[{"data":{"a":[1],"b":[1]}},{"data":{"a":[2],"b":[1]}}]}`, activeMQ(`{"a":2,"b":2}`),
			[]string{"$.$or[1].data.b: the value is none", "found 2", "acknowledges"}},
		{"matched", filter.Kafka, `{"value":{"a":[1]}}`, kafka("k", `x`), []string{"matched by filter 0", "delivers", "The value has another format", "Kafka ignores such rules"}},
		{"matched as it is", filter.Kafka, `{"value":{"a":[1]}}`, kafka("k", `{"a":1}`), []string{"matched by filter 0", "delivers the record to the function.\n"}},
	} {
		e, err := must(t)(filter.Parse(c.src, c.pattern)).Explain([]byte(c.record))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		text := e.String()
		for _, w := range c.want {
			i := strings.Index(text, w)
			if i < 0 {
				t.Errorf("%s: %q is not in order in\n%s", c.name, w, e)
				break
			}
			text = text[i:]
		}
	}
	c := must(t)(filter.Parse(filter.SQS, `{"body":["x"]}`, `{"body":{"a":[1]}}`, `{"body":{"a":[{"exists":true}]}}`))
	if e, err := c.Explain([]byte(sqs(`{"a":1}`))); err != nil || e.Filter != 1 {
		t.Errorf("Explain = %+v, %v, want filter 1", e, err)
	}
	if _, err := c.Explain([]byte(`{`)); err == nil {
		t.Error("Explain of a malformed record succeeds")
	}
}
