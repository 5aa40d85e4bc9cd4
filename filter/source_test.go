package filter_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
)

func sqs(body string) string {
	return `{"messageId":"m-1","receiptHandle":"r","body":` + quote(body) + `,"attributes":{"SenderId":"S","ApproximateReceiveCount":"1"},` +
		`"messageAttributes":{"kind":{"stringValue":"order","dataType":"String"}},"md5OfBody":"x","eventSource":"aws:sqs",` +
		`"eventSourceARN":"arn:aws:sqs:eu-west-1:1:q","awsRegion":"eu-west-1"}`
}

func kinesis(data string) string {
	return `{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"p-1","sequenceNumber":"49","data":"` + b64(data) +
		`","approximateArrivalTimestamp":1545084650.987},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-0:49",` +
		`"eventName":"aws:kinesis:record","invokeIdentityArn":"arn:aws:iam::1:role/r","awsRegion":"eu-west-1","eventSourceARN":"arn:aws:kinesis:s"}`
}

func kafka(key, value string) string {
	return `{"topic":"orders","partition":3,"offset":15,"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"` + b64(key) +
		`","value":"` + b64(value) + `","headers":[{"trace":[97,98]}]}`
}

func activeMQ(data string) string {
	return `{"messageID":"ID:1","messageType":"jms/text-message","deliveryMode":1,"redelivered":false,"data":"` + b64(data) +
		`","destination":{"physicalName":"orders"},"properties":{"index":"1"}}`
}

const dynamoDB = `{"eventID":"1","eventName":"INSERT","eventVersion":"1.0","eventSource":"aws:dynamodb","awsRegion":"us-east-1",` +
	`"dynamodb":{"Keys":{"Id":{"N":"101"}},"NewImage":{"Id":{"N":"101"},"Status":{"S":"paid-in-full"},"Gift":{"BOOL":true},` +
	`"Tags":{"SS":["red","blue"]},"Lines":{"L":[{"M":{"Sku":{"S":"a"},"Qty":{"N":"1"}}},{"M":{"Sku":{"S":"b"},"Qty":{"N":"2"}}}]}},` +
	`"ApproximateCreationDateTime":1479499740,"SequenceNumber":"1","SizeBytes":112,"StreamViewType":"NEW_IMAGE"},` +
	`"eventSourceARN":"arn:aws:dynamodb:t"}`

func b64(s string) string   { return base64.StdEncoding.EncodeToString([]byte(s)) }
func quote(s string) string { b, _ := jsonString(s); return b }

func TestMatchRecord(t *testing.T) {
	for _, c := range []struct {
		name    string
		src     filter.Source
		pattern string
		record  string
		want    bool
	}{
		{"SQS JSON body", filter.SQS, `{"body":{"status":["paid"]}}`, sqs(`{"status":"paid","amount":5}`), true},
		{"SQS JSON body, other value", filter.SQS, `{"body":{"status":["paid"]}}`, sqs(`{"status":"open"}`), false},
		{"SQS JSON body with space around", filter.SQS, `{"body":{"status":["paid"]}}`, sqs(" \n{\"status\":\"paid\"}\t"), true},
		{"SQS escapes in escapes", filter.SQS, `{"body":{"s":["a\"\\\u00e9😀\n"]}}`, sqs(`{"s":"a\"\\\u00e9\ud83d\ude00\n"}`), true},
		{"SQS numeric", filter.SQS, `{"body":{"amount":[{"numeric":[">",100]}]}}`, sqs(`{"amount":1.005e2}`), true},
		{"SQS plain body", filter.SQS, `{"body":["hello"]}`, sqs(`hello`), true},
		{"SQS plain body, prefix", filter.SQS, `{"body":[{"prefix":"he"}]}`, sqs(`hello`), true},
		{"SQS plain body, other", filter.SQS, `{"body":["hello"]}`, sqs(`hullo`), false},
		{"SQS plain body against a JSON rule is dropped", filter.SQS, `{"body":{"status":["paid"]}}`, sqs(`paid`), false},
		{"SQS even if the rule wants absence", filter.SQS, `{"body":{"status":[{"exists":false}]}}`, sqs(`paid`), false},
		{"SQS JSON body against a plain rule is dropped", filter.SQS, `{"body":["{\"a\":1}"]}`, sqs(`{"a":1}`), false},
		{"SQS even if the rule wants anything", filter.SQS, `{"body":[{"exists":true}]}`, sqs(`{"a":1}`), false},
		{"SQS malformed JSON is plain", filter.SQS, `{"body":{"status":["paid"]}}`, sqs(`{"status":"paid"`), false},
		{"SQS malformed tail is plain", filter.SQS, `{"body":{"status":["paid"]}}`, sqs(`{"status":"paid"} x`), false},
		{"SQS malformed JSON is text", filter.SQS, `{"body":[{"prefix":"{\"status\":"}]}`, sqs(`{"status":"paid"`), true},
		{"SQS empty body", filter.SQS, `{"body":[""]}`, sqs(``), true},
		{"SQS metadata alone, plain body", filter.SQS, `{"messageAttributes":{"kind":{"stringValue":["order"]}}}`, sqs(`x`), true},
		{"SQS metadata alone, JSON body", filter.SQS, `{"attributes":{"SenderId":["S"]}}`, sqs(`{}`), true},
		{"SQS metadata and body", filter.SQS, `{"messageId":["m-1"],"body":{"a":[1]}}`, sqs(`{"a":1}`), true},
		{"SQS what the poller adds is not there", filter.SQS, `{"eventSource":["aws:sqs"]}`, sqs(`{}`), false},
		{"SQS what the poller adds does not exist", filter.SQS, `{"awsRegion":[{"exists":false}]}`, sqs(`{}`), true},
		{"SQS branch without the body", filter.SQS, `{"$or":[{"body":{"a":[1]}},{"messageId":["m-1"]}]}`, sqs(`text`), true},
		{"SQS array of objects, one element", filter.SQS, `{"body":{"l":{"a":[1],"b":[2]}}}`, sqs(`{"l":[{"a":1,"b":2},{"a":3,"b":4}]}`), true},
		{"SQS array of objects, two elements", filter.SQS, `{"body":{"l":{"a":[1],"b":[4]}}}`, sqs(`{"l":[{"a":1,"b":2},{"a":3,"b":4}]}`), false},

		{"Kinesis JSON data", filter.Kinesis, `{"data":{"tire_pressure":[{"numeric":["<",32]}]}}`, kinesis(`{"tire_pressure":31.5}`), true},
		{"Kinesis JSON data, other value", filter.Kinesis, `{"data":{"tire_pressure":[{"numeric":["<",32]}]}}`, kinesis(`{"tire_pressure":32}`), false},
		{"Kinesis plain data is dropped", filter.Kinesis, `{"data":{"a":[{"exists":false}]}}`, kinesis(`hello`), false},
		{"Kinesis malformed data is dropped", filter.Kinesis, `{"data":{"a":[1]}}`, kinesis(`{"a":1,}`), false},
		{"Kinesis partition key, plain data", filter.Kinesis, `{"partitionKey":["p-1"]}`, kinesis(`hello`), true},
		{"Kinesis partition key and data", filter.Kinesis, `{"partitionKey":["p-1"],"data":{"a":[1]}}`, kinesis(`{"a":1}`), true},
		{"Kinesis other partition key", filter.Kinesis, `{"partitionKey":["p-2"],"data":{"a":[1]}}`, kinesis(`{"a":1}`), false},
		{"Kinesis path of the function's event", filter.Kinesis, `{"kinesis":{"data":{"a":[1]}}}`, kinesis(`{"a":1}`), false},
		{"Kinesis added key", filter.Kinesis, `{"eventName":["aws:kinesis:record"]}`, kinesis(`{"a":1}`), false},
		{"Kinesis inner record alone", filter.Kinesis, `{"data":{"a":[1]}}`, `{"partitionKey":"1","data":"` + b64(`{"a":1}`) + `"}`, true},
		{"Kinesis escaped slash in base64", filter.Kinesis, `{"data":{"a":["???>>>"]}}`,
			`{"kinesis":{"data":"` + strings.ReplaceAll(b64(`{"a":"???>>>"}`), "/", `\/`) + `"}}`, true},

		{"DynamoDB key", filter.DynamoDB, `{"dynamodb":{"Keys":{"Id":{"N":["101"]}}}}`, dynamoDB, true},
		{"DynamoDB number is a string", filter.DynamoDB, `{"dynamodb":{"Keys":{"Id":{"N":[101]}}}}`, dynamoDB, false},
		{"DynamoDB number is not compared", filter.DynamoDB, `{"dynamodb":{"Keys":{"Id":{"N":[{"numeric":[">",1]}]}}}}`, dynamoDB, false},
		{"DynamoDB prefix", filter.DynamoDB, `{"eventName":["INSERT"],"dynamodb":{"NewImage":{"Status":{"S":[{"prefix":"paid"}]}}}}`, dynamoDB, true},
		{"DynamoDB boolean", filter.DynamoDB, `{"dynamodb":{"NewImage":{"Gift":{"BOOL":[true]}}}}`, dynamoDB, true},
		{"DynamoDB set", filter.DynamoDB, `{"dynamodb":{"NewImage":{"Tags":{"SS":["blue"]}}}}`, dynamoDB, true},
		{"DynamoDB absence without type", filter.DynamoDB, `{"dynamodb":{"NewImage":{"Status":[{"exists":false}]}}}`, dynamoDB, true},
		{"DynamoDB absence with type", filter.DynamoDB, `{"dynamodb":{"NewImage":{"Status":{"S":[{"exists":false}]}}}}`, dynamoDB, false},
		{"DynamoDB absent image", filter.DynamoDB, `{"dynamodb":{"OldImage":{"Status":{"S":[{"exists":false}]}}}}`, dynamoDB, true},
		{"DynamoDB creation time is a number", filter.DynamoDB, `{"dynamodb":{"ApproximateCreationDateTime":[{"numeric":[">",1479499000]}]}}`, dynamoDB, true},
		{"DynamoDB list, one element", filter.DynamoDB, `{"dynamodb":{"NewImage":{"Lines":{"L":{"M":{"Sku":{"S":["b"]},"Qty":{"N":["2"]}}}}}}}`, dynamoDB, true},
		{"DynamoDB list, two elements", filter.DynamoDB, `{"dynamodb":{"NewImage":{"Lines":{"L":{"M":{"Sku":{"S":["b"]},"Qty":{"N":["1"]}}}}}}}`, dynamoDB, false},

		{"Kafka JSON value", filter.Kafka, `{"value":{"a":[1]}}`, kafka("k", `{"a":1}`), true},
		{"Kafka JSON value, other", filter.Kafka, `{"value":{"a":[1]}}`, kafka("k", `{"a":2}`), false},
		{"Kafka plain value", filter.Kafka, `{"value":["hello"]}`, kafka("k", `hello`), true},
		{"Kafka plain value, other", filter.Kafka, `{"value":["hello"]}`, kafka("k", `hullo`), false},
		{"Kafka plain value against JSON rule is kept", filter.Kafka, `{"value":{"a":[1]}}`, kafka("k", `hello`), true},
		{"Kafka JSON value against plain rule is kept", filter.Kafka, `{"value":["x"]}`, kafka("k", `{"a":2}`), true},
		{"Kafka malformed JSON is kept", filter.Kafka, `{"value":{"a":[1]}}`, kafka("k", `{"a":2`), true},
		{"Kafka mismatch, metadata still count", filter.Kafka, `{"topic":["other"],"value":{"a":[1]}}`, kafka("k", `hello`), false},
		{"Kafka mismatch, metadata match", filter.Kafka, `{"topic":["orders"],"value":{"a":[1]}}`, kafka("k", `hello`), true},
		{"Kafka not UTF-8 is kept", filter.Kafka, `{"value":["x"]}`, kafka("k", "\xff\xfe"), true},
		{"Kafka key", filter.Kafka, `{"key":["k"]}`, kafka("k", ``), true},
		{"Kafka key, other", filter.Kafka, `{"key":["k"]}`, kafka("q", ``), false},
		{"Kafka JSON key and value", filter.Kafka, `{"key":{"id":[7]},"value":{"a":[1]}}`, kafka(`{"id":7}`, `{"a":1}`), true},
		{"Kafka JSON key matches, value doesn't", filter.Kafka, `{"key":{"id":[7]},"value":{"a":[1]}}`, kafka(`{"id":7}`, `{"a":2}`), false},
		{"Kafka metadata", filter.Kafka, `{"partition":[{"numeric":["<",4]}],"offset":[15]}`, kafka("k", `hello`), true},
		{"Kafka tombstone is kept", filter.Kafka, `{"value":{"a":[1]}}`, `{"topic":"t","partition":0,"key":"aw==","value":null}`, true},

		{"MQ JSON data", filter.MQ, `{"data":{"timeout":[{"numeric":[">",10]}]}}`, activeMQ(`{"timeout":11}`), true},
		{"MQ JSON data, other", filter.MQ, `{"data":{"timeout":[{"numeric":[">",10]}]}}`, activeMQ(`{"timeout":1}`), false},
		{"MQ plain data", filter.MQ, `{"data":["x"]}`, activeMQ(`x`), true},
		{"MQ mismatch is kept", filter.MQ, `{"data":{"a":[1]}}`, activeMQ(`x`), true},
		{"MQ metadata", filter.MQ, `{"destination":{"physicalName":["orders"]}}`, activeMQ(`x`), true},
		{"RabbitMQ", filter.MQ, `{"data":{"a":[1]},"basicProperties":{"contentType":["text/plain"]}}`,
			`{"basicProperties":{"contentType":"text/plain"},"redelivered":false,"data":"` + b64(`{"a":1}`) + `"}`, true},

		{"Generic is a bare event", filter.Generic, `{"body":["{}"]}`, `{"body":"{}"}`, true},
	} {
		criteria, err := filter.Parse(c.src, c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, err := criteria.MatchRecord([]byte(c.record)); got != c.want || err != nil {
			t.Errorf("%s: MatchRecord = %v, %v, want %v", c.name, got, err, c.want)
		}
		e, err := criteria.Explain([]byte(c.record))
		if err != nil {
			t.Errorf("%s: Explain: %v", c.name, err)
			continue
		}
		if e.Matched != c.want || (e.Filter == 0) != c.want || (len(e.Failures) == 0) != c.want || e.Fate == "" {
			t.Errorf("%s: Explain = %+v, want match %v", c.name, e, c.want)
		}
	}
}

// Match takes a record as the filter sees it.
func TestMatchBare(t *testing.T) {
	for _, c := range []struct {
		src            filter.Source
		pattern, event string
		want           bool
	}{
		{filter.SQS, `{"body":{"a":[1]}}`, `{"body":{"a":1}}`, true},
		{filter.SQS, `{"body":{"a":[1]}}`, `{"body":"{\"a\":1}"}`, false},
		{filter.SQS, `{"body":["x"]}`, `{"body":"x"}`, true},
		{filter.SQS, `{"body":["x"]}`, `{"body":{"a":1}}`, false},
		{filter.Kinesis, `{"data":{"a":[1]}}`, `{"partitionKey":"1","data":{"a":1}}`, true},
		{filter.Kafka, `{"value":{"a":[1]}}`, `{"value":"x"}`, true},
		{filter.MQ, `{"data":{"a":[1]}}`, `{"data":{"a":2}}`, false},
	} {
		criteria, err := filter.Parse(c.src, c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := criteria.Match([]byte(c.event)); got != c.want || err != nil {
			t.Errorf("%v: Match(%s, %s) = %v, %v, want %v", c.src, c.pattern, c.event, got, err, c.want)
		}
	}
}

func TestMatchErrors(t *testing.T) {
	for _, c := range []struct {
		src    filter.Source
		record string
		want   string
	}{
		{filter.Generic, ``, "offset 0"},
		{filter.Generic, `[]`, "must be a JSON object"},
		{filter.Generic, `"a"`, "must be a JSON object"},
		{filter.Generic, `{"a":1} x`, "offset 8"},
		{filter.Generic, `{"a":1,"z":tru}`, "offset 14"},
		{filter.Generic, `{"a":1,"z":[1,]}`, "offset 14"},
		{filter.Generic, "{\"a\":1,\"z\":\"\n\"}", "offset 12"},
		{filter.Generic, `{"a":"\x"}`, "offset 7"},
		{filter.Generic, `{"a":01}`, "offset 6"},
		{filter.Kinesis, `{"kinesis":{"data":"e30"}}`, "base64"},
		{filter.Kinesis, `{"kinesis":{"data":"e30="}`, "offset 26"},
		{filter.SQS, `{"body":"{}","z":}`, "offset 17"},
	} {
		criteria, err := filter.Parse(c.src, `{"a":[1],"b":[{"exists":false}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if c.src == filter.Kinesis {
			if criteria, err = filter.Parse(c.src, `{"data":{"a":[1]}}`); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := criteria.MatchRecord([]byte(c.record)); got || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: MatchRecord(%s) = %v, %v, want an error with %q", c.src, c.record, got, err, c.want)
		}
	}
}
