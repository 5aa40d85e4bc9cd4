package filter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
)

func split(c *filter.Criteria, payload string) (records []string, err error) {
	for r, e := range c.Split([]byte(payload)) {
		if e != nil {
			return records, e
		}
		records = append(records, string(r))
	}
	return records, nil
}

func TestSplit(t *testing.T) {
	in, out := sqs(`{"a":1}`), sqs(`{"a":2}`)
	kin, kout := kinesis(`{"a":1}`), kinesis(`text`)
	for _, c := range []struct {
		name, pattern, payload string
		src                    filter.Source
		want                   []string
	}{
		{"SQS", `{"body":{"a":[1]}}`, `{"Records":[` + in + ` , ` + out + `,` + in + `]}`, filter.SQS, []string{in, in}},
		{"SQS with other members", `{"body":{"a":[1]}}`, ` {"x":[1,{}],"Records" : [ ` + in + ` ],"y":null} `, filter.SQS, []string{in}},
		{"no records", `{"body":{"a":[1]}}`, `{"Records":[]}`, filter.SQS, nil},
		{"Kinesis", `{"data":{"a":[1]}}`, `{"Records":[` + kout + `,` + kin + `]}`, filter.Kinesis, []string{kin}},
		{"DynamoDB", `{"eventName":["INSERT"]}`, `{"Records":[` + dynamoDB + `]}`, filter.DynamoDB, []string{dynamoDB}},
		{"Kafka", `{"value":{"a":[1]}}`, `{"eventSource":"aws:kafka","records":{"t-0":[` + kafka("", `{"a":1}`) + `,` + kafka("", `{"a":2}`) +
			`],"t-1":[` + kafka("k", `x`) + `]},"bootstrapServers":"b"}`, filter.Kafka, []string{kafka("", `{"a":1}`), kafka("k", `x`)}},
		{"ActiveMQ", `{"data":{"a":[1]}}`, `{"eventSource":"aws:mq","messages":[` + activeMQ(`{"a":2}`) + `,` + activeMQ(`{"a":1}`) + `]}`,
			filter.MQ, []string{activeMQ(`{"a":1}`)}},
		{"RabbitMQ", `{"data":{"a":[1]}}`, `{"eventSource":"aws:rmq","rmqMessagesByQueue":{"q::/":[{"data":"` + b64(`{"a":1}`) + `"},{"data":"` + b64(`{"a":3}`) + `"}]}}`,
			filter.MQ, []string{`{"data":"` + b64(`{"a":1}`) + `"}`}},
		{"bare events", `{"a":[1]}`, `[{"a":1},{"a":2},{"a":[1]}]`, filter.Generic, []string{`{"a":1}`, `{"a":[1]}`}},
		{"one bare event", `{"a":[1]}`, ` {"a":1}`, filter.Generic, []string{`{"a":1}`}},
	} {
		got, err := split(must(t)(filter.Parse(c.src, c.pattern)), c.payload)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	c := must(t)(filter.Parse(filter.SQS, `{"body":{"a":[1]}}`))
	in := sqs(`{"a":1}`)
	for _, e := range []struct {
		payload string
		before  int // records that are yielded first
		want    string
	}{
		{``, 0, "an object"}, {`[]`, 0, "an object"}, {`{}`, 0, "no records"}, {`{"records":[]}`, 0, "no records"},
		{`{"Records":{"x":1}}`, 0, "an array"}, {`{"Records":null}`, 0, "no records"}, {`{"Records":[1]}`, 0, "must be a JSON object"},
		{`{"Records":[` + in + `,{"body":}]}`, 1, "invalid SQS event"}, {`{"Records":[` + in + `]`, 1, "ends"},
		{`{"Records":[` + in + `]} x`, 1, "end of the text"}, {`{"Records":[` + in + `],"y":tru}`, 1, "true"},
	} {
		got, err := split(c, e.payload)
		if len(got) != e.before || err == nil || !strings.Contains(err.Error(), e.want) {
			t.Errorf("Split(%.40s…) = %d records, %v, want %d and an error with %q", e.payload, len(got), err, e.before, e.want)
		}
	}
}

func TestSplitStops(t *testing.T) {
	c := must(t)(filter.Parse(filter.Generic, `{"a":[1]}`))
	n := 0
	for range c.Split([]byte(`[{"a":1},{"a":1},{`)) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d records after a break, want 1", n)
	}
}

func ExampleCriteria_Split() {
	criteria, err := filter.SQS.Criteria(filter.SQS.Body("amount").AtLeast(100))
	if err != nil {
		panic(err)
	}
	payload := []byte(`{"Records":[{"messageId":"1","body":"{\"amount\":50}"},{"messageId":"2","body":"{\"amount\":100}"}]}`)
	for record, err := range criteria.Split(payload) {
		if err != nil {
			panic(err)
		}
		fmt.Println(string(record))
	}
	// Output: {"messageId":"2","body":"{\"amount\":100}"}
}

func ExampleCriteria_Explain() {
	criteria, err := filter.Parse(filter.SQS, `{"body":{"status":["paid"],"amount":[{"numeric":[">=",100]}]}}`)
	if err != nil {
		panic(err)
	}
	e, err := criteria.Explain([]byte(`{"messageId":"1","body":"{\"status\":\"paid\",\"amount\":99.5}"}`))
	if err != nil {
		panic(err)
	}
	fmt.Print(e)
	// Output:
	// not matched
	//   filter 0, $.body.amount: the value is none of the alternatives
	//     wants [{"numeric":[">=",100]}]
	//     found 99.5
	// Lambda deletes the message from the queue: it never reaches the function, nor a dead-letter queue.
	// If such a message may be wanted later, fan out through an SNS topic to a queue per consumer, each with its own filter, instead of filtering the only queue.
}
