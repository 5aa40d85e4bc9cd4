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
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
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
	rule := `{"id":"9","detail-type":"x","detail":` + envelope + `}`
	both := quote(t, map[string]string{"Type": "Notification", "TopicArn": "arn", "Message": rule})
	c, err := protobufx.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, event string
		source      Source
		ids         string
	}{
		{"SQS", `{"Records":[{"messageId":"1","body":` + quote(t, plain) + `,"eventSource":"aws:sqs"},{"messageId":"2","body":` + quote(t, envelope) + `,"eventSource":"aws:sqs"},{"messageId":"3","body":` + quote(t, notification) + `,"eventSource":"aws:sqs"},{"messageId":"4","body":` + quote(t, rule) + `,"eventSource":"aws:sqs"},{"messageId":"5","body":` + quote(t, both) + `,"eventSource":"aws:sqs"}]}`, SQS, "1 2 3 4 5"},
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

// TestSchemaRegistries: what serializers write before a message, and what is left
// of it where the event source mapping has a schema registry.
func TestSchemaRegistries(t *testing.T) {
	c, err := protobufx.New()
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := proto.Marshal(joseph)
	uuid := strings.Repeat("\x01", 16)
	const byConfluent, byGlue = `,"valueSchemaMetadata":{"dataFormat":"PROTOBUF","schemaId":"1234"}`, `,"valueSchemaMetadata":{"dataFormat":"PROTOBUF","schemaId":"7d55d475-2244-4485-8341-f74468c1e058"}`
	for _, tt := range []struct {
		name, head, metadata string
		fails                bool
	}{
		{"Confluent, the first type", "\x00\x00\x00\x00\x07\x00", "", false},
		{"Confluent, a type within another", "\x00\x00\x00\x00\x07\x04\x02\x00", "", false},
		{"Confluent, a path of many", "\x00\x00\x00\x00\x07\x06\x02\x80\x01\x00", "", false},
		{"Glue", "\x03\x00" + uuid + "\x00", "", false},
		{"Glue, another type", "\x03\x00" + uuid + "\x81\x01", "", false},
		{"parsed, Confluent", "\x00", byConfluent, false},
		{"parsed, Confluent, within another", "\x04\x02\x00", byConfluent, false},
		{"parsed, Glue", "\x03", byGlue, false},
		{"no registry", "", "", false},
		{"Glue, compressed", "\x03\x05" + uuid + "\x00", "", true},
		{"a path without an end", "\x00\x00\x00\x00\x07\xfe\xff\xff\xff\x0f\x00", "", true},
		{"a negative path", "\x00\x00\x00\x00\x07\x01", "", true},
	} {
		event := `{"eventSource":"aws:kafka","records":{"t-0":[{"topic":"t","partition":"0","offset":1,"value":"` + base64.StdEncoding.EncodeToString(append([]byte(tt.head), raw...)) + `"` + tt.metadata + `}]}}`
		for r, err := range All([]byte(event)) {
			if err != nil || r.ID != "t-0@1" {
				t.Fatal(r.ID, err)
			}
			var m testpb.Person
			if err := r.Unmarshal(c, &m); (err != nil) != tt.fails || err == nil && !proto.Equal(&m, joseph) {
				t.Errorf("%s: %v, %v", tt.name, &m, err)
			}
		}
	}
	withJSON, err := protobufx.New(protobufx.JSON(pbjson.Format{}))
	if err != nil {
		t.Fatal(err)
	}
	for r := range All([]byte(`{"records":{"t-0":[{"value":"` + base64.StdEncoding.EncodeToString([]byte(`{"id":9971,"name":"Joseph","email":"joseph@example.com"}`)) + `"` + byConfluent + `}]}}`)) {
		var m testpb.Person
		if err := r.Unmarshal(withJSON, &m); err != nil || !proto.Equal(&m, joseph) {
			t.Errorf("parsed to JSON: %v, %v", &m, err)
		}
	}
	for _, head := range []string{"\x00", "\x00\x00\x00\x00\x07", "\x03\x00" + uuid, "\x00\x00\x00\x00\x07\x04\x02"} {
		for r := range All([]byte(`{"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":"` + base64.StdEncoding.EncodeToString([]byte(head)) + `"}}]}`)) {
			if err := r.Unmarshal(c, new(testpb.Person)); err == nil {
				t.Errorf("%x: no error", head)
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
		if got := matches(t, filter.SQSSource{}, p, `{"messageId":"1","body":`+quote(t, envelope)+`,"eventSource":"aws:sqs"}`); got != tt.want {
			t.Errorf("%s: %v, want %v", p, got, tt.want)
		}
		data := base64.StdEncoding.EncodeToString([]byte(envelope))
		if p, err = Pattern(Kinesis, tt.keys); err != nil {
			t.Fatal(err)
		}
		if got := matches(t, filter.KinesisSource{}, p, `{"kinesis":{"sequenceNumber":"1","data":"`+data+`"},"eventSource":"aws:kinesis"}`); got != tt.want {
			t.Errorf("%s: %v, want %v", p, got, tt.want)
		}
		if p, err = Pattern(Kafka, tt.keys); err != nil {
			t.Fatal(err)
		}
		if got := matches(t, filter.KafkaSource{}, p, `{"topic":"t","partition":0,"offset":1,"value":"`+data+`"}`); got != tt.want {
			t.Errorf("%s: %v, want %v", p, got, tt.want)
		}
		if p, err = Pattern(EventBridge, tt.keys); err != nil {
			t.Fatal(err)
		}
		if got := matches(t, filter.GenericSource{}, p, `{"detail-type":"x","detail":`+envelope+`}`); got != tt.want {
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

func matches(t *testing.T, source filter.Source, pattern, record string) bool {
	t.Helper()
	c, err := filter.Parse(source, pattern)
	if err != nil {
		t.Fatal(err)
	}
	ok, err := c.MatchRecord([]byte(record))
	if err != nil {
		t.Fatal(err)
	}
	return ok
}
