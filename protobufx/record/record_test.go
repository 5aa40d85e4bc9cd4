package record

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/filter"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
)

var joseph = &testpb.Person{Id: 9971, Name: "Joseph", Email: "joseph@example.com"}

func quote(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func bodies(t *testing.T) (plain, envelope string) {
	t.Helper()
	p, err := AppendText(nil, joseph)
	if err != nil {
		t.Fatal(err)
	}
	e, err := AppendEnvelope(nil, map[string]string{"type": "person", "a\"b": "c"}, joseph)
	if err != nil {
		t.Fatal(err)
	}
	return string(p), string(e)
}

func TestAll(t *testing.T) {
	plain, envelope := bodies(t)
	raw, _ := base64.StdEncoding.DecodeString(plain)
	b64 := base64.StdEncoding.EncodeToString
	notification := quote(t, map[string]string{"Type": "Notification", "TopicArn": "arn", "Message": envelope})
	c, err := protobufx.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, event string
		source      Source
		ids         string
	}{
		{"SQS", `{"Records":[{"messageId":"1","body":` + quote(t, plain) + `,"eventSource":"aws:sqs"},{"messageId":"2","body":` + quote(t, envelope) + `,"eventSource":"aws:sqs"},{"messageId":"3","body":` + quote(t, notification) + `,"eventSource":"aws:sqs"}]}`, SQS, "1 2 3"},
		{"SNS", `{"Records":[{"EventSource":"aws:sns","Sns":{"MessageId":"1","Message":` + quote(t, plain) + `}},{"EventSource":"aws:sns","Sns":{"MessageId":"2","Message":` + quote(t, envelope) + `}}]}`, SNS, "1 2"},
		{"Kinesis", `{"Records":[{"kinesis":{"sequenceNumber":"1","data":"` + b64(raw) + `"},"eventSource":"aws:kinesis"},{"kinesis":{"sequenceNumber":"2","data":"` + b64([]byte(envelope)) + `"},"eventSource":"aws:kinesis"}]}`, Kinesis, "1 2"},
		{"Kafka", `{"eventSource":"aws:kafka","records":{"t-0":[{"topic":"t","partition":0,"offset":15,"value":"` + b64(raw) + `"}],"t-1":[{"topic":"t","partition":1,"offset":2,"value":"` + b64([]byte(envelope)) + `"}]}}`, Kafka, "t-0@15 t-1@2"},
		{"EventBridge", `{"id":"1","detail-type":"x","detail":` + envelope + `}`, EventBridge, "1"},
	} {
		var ids []string
		for r, err := range All([]byte(tt.event)) {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
				break
			}
			var m testpb.Person
			if err := r.Unmarshal(c, &m); err != nil || !proto.Equal(&m, joseph) || r.Source != tt.source {
				t.Errorf("%s %s: %v, %v", tt.name, r.ID, &m, err)
			}
			ids = append(ids, r.ID)
		}
		if got := strings.Join(ids, " "); got != tt.ids {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.ids)
		}
	}
}

func TestBad(t *testing.T) {
	c, err := protobufx.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{``, `[]`, `{}`, `{"Records":[{}]}`, `{"Records":[{"eventSource":"aws:dynamodb"}]}`} {
		n := 0
		for _, err := range All([]byte(event)) {
			if n++; err == nil {
				t.Errorf("%s: no error", event)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d records", event, n)
		}
	}
	for _, body := range []string{`null`, `7`, `"!"`, `"{"`, `"{}"`, `"{\"pb\":1}"`, `"{\"pb\":\"/w==\"}"`} {
		for r, err := range All([]byte(`{"Records":[{"messageId":"m-1","eventSource":"aws:sqs","body":` + body + `}]}`)) {
			if err != nil {
				t.Error(err)
			} else if err := r.Unmarshal(c, new(testpb.Person)); err == nil || !strings.Contains(err.Error(), "m-1") {
				t.Errorf("%s: %v", body, err)
			}
		}
	}
}

// TestPattern asks the filter package what the service would do.
func TestPattern(t *testing.T) {
	_, envelope := bodies(t)
	for _, tt := range []struct {
		keys map[string][]string
		want bool
	}{
		{map[string][]string{"type": {"order", "person"}}, true},
		{map[string][]string{"type": {"person"}, "a\"b": {"c"}}, true},
		{map[string][]string{"type": {"order"}}, false},
		{map[string][]string{"none": {"order"}}, false},
	} {
		p, err := Pattern(SQS, tt.keys)
		if err != nil {
			t.Fatal(err)
		}
		if got := matches(t, p, `{"messageId":"1","body":`+quote(t, envelope)+`,"eventSource":"aws:sqs"}`); got != tt.want {
			t.Errorf("%s: %v, want %v", p, got, tt.want)
		}
	}
	for s, want := range map[Source]string{Kinesis: `{"data":{"keys":{"a":["b"]}}}`, Kafka: `{"value":{"keys":{"a":["b"]}}}`, EventBridge: `{"detail":{"keys":{"a":["b"]}}}`, SNS: `{"keys":{"a":["b"]}}`} {
		if got, err := Pattern(s, map[string][]string{"a": {"b"}}); got != want || err != nil {
			t.Errorf("%s: %s, %v", s, got, err)
		}
	}
	for _, keys := range []map[string][]string{nil, {"a": nil}} {
		if _, err := Pattern(SQS, keys); err == nil {
			t.Errorf("%v: no error", keys)
		}
	}
	if _, err := Pattern("x", map[string][]string{"a": {"b"}}); err == nil {
		t.Error("an unknown source is no error")
	}
}

func matches(t *testing.T, pattern, record string) bool {
	t.Helper()
	c, err := filter.Parse(filter.SQSSource{}, pattern)
	if err != nil {
		t.Fatal(err)
	}
	ok, err := c.MatchRecord([]byte(record))
	if err != nil {
		t.Fatal(err)
	}
	return ok
}
