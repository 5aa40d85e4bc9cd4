package queue

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// The event of an SQS mapping:
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
type (
	event struct {
		Records []record
	}
	record struct {
		MessageID         string                     `json:"messageId"`
		ReceiptHandle     string                     `json:"receiptHandle"`
		Body              string                     `json:"body"`
		Attributes        map[string]string          `json:"attributes"`
		MessageAttributes map[string]recordAttribute `json:"messageAttributes"`
		MD5OfBody         string                     `json:"md5OfBody"`
		MD5OfAttributes   string                     `json:"md5OfMessageAttributes,omitempty"`
		EventSource       string                     `json:"eventSource"`
		EventSourceARN    string                     `json:"eventSourceARN"`
		Region            string                     `json:"awsRegion"`
	}
	recordAttribute struct {
		StringValue      string   `json:"stringValue,omitempty"`
		BinaryValue      []byte   `json:"binaryValue,omitempty"`
		StringListValues []string `json:"stringListValues"`
		BinaryListValues [][]byte `json:"binaryListValues"`
		DataType         string   `json:"dataType"`
	}
)

// payload is the event of a batch.
func (q *Queue) payload(batch []Received) ([]byte, error) {
	e := event{Records: make([]record, len(batch))}
	for i, m := range batch {
		e.Records[i] = q.record(m)
	}
	return encode(e)
}

func (q *Queue) record(m Received) record {
	r := record{
		MessageID: m.ID, ReceiptHandle: m.ReceiptHandle, Body: m.Body,
		Attributes: map[string]string{
			"ApproximateReceiveCount":          strconv.Itoa(m.ReceiveCount),
			"SentTimestamp":                    unixMillis(m.Sent),
			"SenderId":                         m.SenderID,
			"ApproximateFirstReceiveTimestamp": unixMillis(m.FirstReceived),
		},
		MessageAttributes: map[string]recordAttribute{},
		MD5OfBody:         md5Hex([]byte(m.Body)),
		EventSource:       "aws:sqs", EventSourceARN: q.ARN(), Region: q.cfg.Region,
	}
	for name, value := range map[string]string{
		"MessageGroupId": m.GroupID, "MessageDeduplicationId": m.DeduplicationID, "SequenceNumber": m.SequenceNumber,
		"AWSTraceHeader": m.TraceHeader, "DeadLetterQueueSourceArn": m.DeadLetterSource,
	} {
		if value != "" {
			r.Attributes[name] = value
		}
	}
	for name, a := range m.Message.Attributes {
		r.MessageAttributes[name] = recordAttribute{
			StringValue: a.StringValue, BinaryValue: a.BinaryValue, StringListValues: []string{}, BinaryListValues: [][]byte{}, DataType: a.DataType,
		}
	}
	if len(m.Message.Attributes) > 0 {
		r.MD5OfAttributes = md5OfAttributes(m.Message.Attributes)
	}
	return r
}

// recordSize is how many bytes the message needs in an event, at most.
func (q *Queue) recordSize(m Received) int {
	m.ReceiptHandle, m.ReceiveCount, m.FirstReceived = newHandle(), math.MaxInt32, m.Sent
	b, _ := encode(q.record(m)) // strings and a buffer: it can't fail
	return len(b) + len(",")
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func unixMillis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
