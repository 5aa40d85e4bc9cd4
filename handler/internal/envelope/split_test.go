package envelope

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// FuzzSplit: what Split accepts has each record exactly once, as encoding/json
// sees it, with the same identifier and data, and what it refuses is not a valid
// event of one source.
func FuzzSplit(f *testing.F) {
	for _, event := range []string{
		`{"Records":[{"messageId":"1","body":"{\"a\":1}","attributes":{"MessageGroupId":"g"},"eventSource":"aws:sqs","eventSourceARN":"arn:q.fifo"}]}`,
		`{"Records":[{"kinesis":{"partitionKey":"k","sequenceNumber":"7","data":"e30="},"eventSource":"aws:kinesis"},{"kinesis":null}]}`,
		` {"Records" : [ {"dynamodb":{"Keys":{"b":{"S":"x"},"a":{"S":"y"}},"SequenceNumber":"1"}} ] } `,
		`{"Records":[{"EventSource":"aws:sns","Sns":{"MessageId":"m","Message":"{}"}}]}`,
		`{"eventSource":"aws:kafka","records":{"t-0":[{"offset":1,"value":"e30=","headers":[{"a":[1,-1]}]},{"offset":2}],"t-\u0031":[]}}`, `{"records":{}}`, `{"records":{"t-0":[{}],"t-0":[{"offset":3}]}}`,
		`{"Records":[{"kinesis":}]}`, `{"Records":[{"Sns":{"Message":1}}]}`,
		`{"messageType":"DATA_MESSAGE","logStream":"s","logEvents":[{"id":"1","timestamp":1,"message":"a\\n\u00e9"},{"message":7},{}]}`, `{"logEvents":[{}],"messageType":"CONTROL_MESSAGE"}`,
		`{"Records":[]}`, `{"Records":[null]}`, `{"id":"e","detail":{}}`, `{"Records":[{"s3":{}}]}`, `[]`, `{"Records":[{"kinesis":{"data":}}]}`,
	} {
		f.Add([]byte(event))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		e, err := Split(nil, event)
		if err != nil {
			return
		}
		if !json.Valid(event) {
			t.Fatalf("accepted, but no JSON: %q", event)
		}
		if e.Source == CloudWatchLogs {
			checkLogs(t, event, e.Records)
			return
		}
		if e.Source == EventBridge {
			if len(e.Records) != 1 || !bytes.Equal(bytes.TrimSpace(event), e.Records[0].Raw) {
				t.Errorf("%q: %q", event, e.Records)
			}
			return
		}
		if e.Source == Kafka {
			checkKafka(t, event, e.Records)
			return
		}
		var want struct{ Records []json.RawMessage }
		list, err := jsonscan.Find(event, "Records")
		if err != nil || json.Unmarshal(append(append([]byte(`{"Records":`), list...), '}'), &want) != nil {
			t.Fatalf("%q: no Records", event)
		}
		if len(want.Records) != len(e.Records) {
			t.Fatalf("%q: %d records, want %d", event, len(e.Records), len(want.Records))
		}
		for i, r := range e.Records {
			if !bytes.Equal(r.Raw, want.Records[i]) {
				t.Errorf("record %d is %q, want %q", i, r.Raw, want.Records[i])
			}
			var w Buffer
			if e.Source != SQS || r.Data == nil {
				continue
			}
			var text string
			if json.Unmarshal(r.Data, &text) != nil {
				t.Fatalf("body %q is no string", r.Data)
			}
			if got, err := w.Body(SQS, &r); err != nil || string(got) != text {
				t.Errorf("body %q, %v, want %q", got, err, text)
			}
		}
	})
}

func TestStandardQueuesHaveNoOrder(t *testing.T) {
	// A fair queue is a standard queue whose messages have groups.
	record := `{"messageId":"1","body":"","attributes":{"MessageGroupId":"g"},"eventSourceARN":"arn:aws:sqs:eu-west-1:1:q`
	for arn, fifo := range map[string]bool{`"`: false, `.fifo"`: true} {
		e, err := Split(nil, []byte(`{"Records":[`+record+arn+`}]}`))
		if err != nil || e.FIFO != fifo || (e.Records[0].Key != nil) != fifo {
			t.Errorf("%+v, %v", e, err)
		}
	}
}
