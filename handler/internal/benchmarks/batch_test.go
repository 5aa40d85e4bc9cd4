package benchmarks

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/internal/envelope"
)

// placed is the 1 KB message of these benchmarks.
type placed struct {
	ID       string  `json:"id"`
	Customer string  `json:"customer"`
	Total    float64 `json:"total"`
	Express  bool    `json:"express"`
	Lines    []struct {
		SKU      string `json:"sku"`
		Quantity int    `json:"quantity"`
		Price    int    `json:"price"`
	} `json:"lines"`
	Note string `json:"note"`
}

const batchSize = 100

func message(i int) string {
	lines := make([]string, 6)
	for l := range lines {
		lines[l] = fmt.Sprintf(`{"sku":"SKU-%05d-%02d","quantity":%d,"price":%d}`, i, l, l+1, 995+l)
	}
	return fmt.Sprintf(`{"id":"o-%06d","customer":"c-%05d","total":%d.50,"express":%t,"lines":[%s],"note":"%s"}`,
		i, i*7, 100+i, i%2 == 0, strings.Join(lines, ","), strings.Repeat("Leave it with the neighbour. ", 22))
}

func batchOf(record func(i int) string) []byte {
	recs := make([]string, batchSize)
	for i := range recs {
		recs[i] = record(i)
	}
	return []byte(`{"Records":[` + strings.Join(recs, ",") + `]}`)
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func sqsBatch() []byte {
	return batchOf(func(i int) string {
		return fmt.Sprintf(`{"messageId":"059f36b4-87a3-44ab-83d2-%012d","receiptHandle":"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a%s","body":%s,`+
			`"attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1545082649183","SenderId":"AIDAIENQZJOLO23YVJ4VO","ApproximateFirstReceiveTimestamp":"1545082649185"},`+
			`"messageAttributes":{},"md5OfBody":"e4e68fb7bd0e697a0ae8f1bb342846b3","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-2:123456789012:my-queue","awsRegion":"us-east-2"}`,
			i, strings.Repeat("x", 200), quoted(message(i)))
	})
}

func kinesisBatch() []byte {
	return batchOf(func(i int) string {
		return fmt.Sprintf(`{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"c-%05d","sequenceNumber":"4959033827149025660855969253836157109592157598913%07d","data":"%s","approximateArrivalTimestamp":1545084650.987},`+
			`"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000006:4959033827149025660855969253836157109592157598913%07d","eventName":"aws:kinesis:record",`+
			`"invokeIdentityArn":"arn:aws:iam::123456789012:role/lambda-role","awsRegion":"us-east-2","eventSourceARN":"arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream"}`,
			i*7, i, base64.StdEncoding.EncodeToString([]byte(message(i))), i)
	})
}

func dynamoDBBatch() []byte {
	return batchOf(func(i int) string {
		lines := make([]string, 6)
		for l := range lines {
			lines[l] = fmt.Sprintf(`{"M":{"sku":{"S":"SKU-%05d-%02d"},"quantity":{"N":"%d"},"price":{"N":"%d"}}}`, i, l, l+1, 995+l)
		}
		image := fmt.Sprintf(`{"id":{"S":"o-%06d"},"customer":{"S":"c-%05d"},"total":{"N":"%d.5"},"express":{"BOOL":%t},"lines":{"L":[%s]},"note":{"S":"%s"}}`,
			i, i*7, 100+i, i%2 == 0, strings.Join(lines, ","), strings.Repeat("Leave it with the neighbour. ", 16))
		return fmt.Sprintf(`{"eventID":"c81e728d9d4c2f636f067f89cc14862c","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1",`+
			`"dynamodb":{"ApproximateCreationDateTime":1545084650,"Keys":{"id":{"S":"o-%06d"}},"NewImage":%s,"SequenceNumber":"1405400000000002063%06d","SizeBytes":1026,"StreamViewType":"NEW_IMAGE"},`+
			`"eventSourceARN":"arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2016-12-01T00:00:00.000"}`, i, image, i)
	})
}

// sum is logic that shows that it has seen everything.
var sum struct{ quantity, notes int }

func take(_ context.Context, p placed) error {
	sum.notes += len(p.Note)
	for _, l := range p.Lines {
		sum.quantity += l.Quantity
	}
	return nil
}

type change struct{ NewImage *placed }

// The peers: the structs of package events and encoding/json, with neither a
// deadline nor contained panics.

type eventsSQS struct{}

func (eventsSQS) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for i := range e.Records {
		var p placed
		err := json.Unmarshal([]byte(e.Records[i].Body), &p)
		if err == nil {
			err = take(ctx, p)
		}
		if err != nil {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: e.Records[i].MessageId})
		}
	}
	return json.Marshal(out)
}

type eventsKinesis struct{}

func (eventsKinesis) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var e events.KinesisEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	out := events.KinesisEventResponse{BatchItemFailures: []events.KinesisBatchItemFailure{}}
	for i := range e.Records {
		var p placed
		err := json.Unmarshal(e.Records[i].Kinesis.Data, &p)
		if err == nil {
			err = take(ctx, p)
		}
		if err != nil {
			out.BatchItemFailures = append(out.BatchItemFailures, events.KinesisBatchItemFailure{ItemIdentifier: e.Records[i].Kinesis.SequenceNumber})
			break
		}
	}
	return json.Marshal(out)
}

type eventsDynamoDB struct{}

func (eventsDynamoDB) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var e events.DynamoDBEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	out := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
	for i := range e.Records {
		image := e.Records[i].Change.NewImage
		p := placed{ID: image["id"].String(), Customer: image["customer"].String(), Express: image["express"].Boolean(), Note: image["note"].String()}
		var err error
		if p.Total, err = image["total"].Float(); err != nil {
			return nil, err
		}
		for _, l := range image["lines"].List() {
			m := l.Map()
			quantity, _ := strconv.Atoi(m["quantity"].Number())
			price, _ := strconv.Atoi(m["price"].Number())
			p.Lines = append(p.Lines, struct {
				SKU      string `json:"sku"`
				Quantity int    `json:"quantity"`
				Price    int    `json:"price"`
			}{m["sku"].String(), quantity, price})
		}
		if err := take(ctx, p); err != nil {
			out.BatchItemFailures = append(out.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: e.Records[i].Change.SequenceNumber})
			break
		}
	}
	return json.Marshal(out)
}

// BenchmarkBatch is a whole Invoke of 100 records of 1 KB each.
func BenchmarkBatch(b *testing.B) {
	for _, c := range []struct {
		source  string
		payload []byte
		impl    string
		inv     handler.Invoker
	}{
		{"SQS", sqsBatch(), "events", eventsSQS{}},
		{"SQS", sqsBatch(), "handler", handler.SQS(take)},
		{"Kinesis", kinesisBatch(), "events", eventsKinesis{}},
		{"Kinesis", kinesisBatch(), "handler", handler.Kinesis(take)},
		{"DynamoDB", dynamoDBBatch(), "events", eventsDynamoDB{}},
		{"DynamoDB", dynamoDBBatch(), "handler", handler.DynamoDB(func(ctx context.Context, c change) error { return take(ctx, *c.NewImage) })},
	} {
		b.Run("source="+c.source+"/impl="+c.impl, func(b *testing.B) {
			ctx := invocationContext(b)
			b.SetBytes(int64(len(c.payload)))
			b.ReportAllocs()
			for b.Loop() {
				sum.quantity = 0
				out, err := c.inv.Invoke(ctx, c.payload)
				if err != nil || string(out) != `{"batchItemFailures":[]}` || sum.quantity != batchSize*21 {
					b.Fatalf("%s, %v, %d", out, err, sum.quantity)
				}
			}
		})
	}
}

// BenchmarkBatchOwnCost is what the adapter adds to each record when there is
// next to nothing to decode and nothing to do: the ns/record less those
// of impl=split are the engine's, with its deadline, contexts and contained
// panics.
func BenchmarkBatchOwnCost(b *testing.B) {
	const n = batchSize
	recs := make([]string, n)
	for i := range recs {
		recs[i] = fmt.Sprintf(`{"messageId":"%d","body":"1"}`, i)
	}
	payload := []byte(`{"Records":[` + strings.Join(recs, ",") + `]}`)
	dropped := func(context.Context, int) error { return nil }
	filtered := handler.Keep(func([]byte) (bool, error) { return false, nil })
	for _, c := range []struct {
		impl string
		inv  handler.Invoker
	}{
		{"split", &split{}},
		{"sequential", handler.SQS(dropped)},
		{"sequential-undecoded", handler.SQS(dropped, filtered)},
		{"4-workers", handler.SQS(dropped, handler.Concurrency(4))},
		{"4-workers-undecoded", handler.SQS(dropped, filtered, handler.Concurrency(4))},
	} {
		b.Run("impl="+c.impl, func(b *testing.B) {
			ctx := invocationContext(b)
			b.ReportAllocs()
			for b.Loop() {
				if out, err := c.inv.Invoke(ctx, payload); err != nil || len(out) != 24 {
					b.Fatalf("%s, %v", out, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
		})
	}
}

// split is the floor of BenchmarkBatchOwnCost: the event taken apart, and nothing
// done.
type split struct{ records []envelope.Record }

func (s *split) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	e, err := envelope.Split(s.records[:0], payload)
	s.records = e.Records
	return []byte(`{"batchItemFailures":[]}`), err
}
