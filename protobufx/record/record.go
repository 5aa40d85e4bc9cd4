// Package record is protobuf in queues and streams: base64 text in SQS and SNS,
// values of Kinesis and Kafka, and the detail of EventBridge, plain or in an
// envelope that event filters can look into.
//
// A filter with a JSON pattern deletes SQS messages, and drops Kinesis and Kafka
// records, whose body is not JSON: plain protobuf never matches one. An envelope
// repeats in JSON what filters need:
//
//	{"keys":{"type":"order","shop":"s-7"},"pb":"CPNNEgZKb3NlcGg="}
//
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
package record

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/internal/base64"
)

// Source is what a record comes from.
type Source string

// The sources.
const (
	SQS         Source = "SQS"
	SNS         Source = "SNS"
	Kinesis     Source = "Kinesis"
	Kafka       Source = "Kafka"
	EventBridge Source = "EventBridge"
)

// AppendText appends m in base64: a body for SQS and SNS, which take text only.
// Kinesis and Kafka take the bytes of proto.Marshal.
func AppendText(dst []byte, m proto.Message) ([]byte, error) {
	raw, err := proto.Marshal(m)
	if err != nil {
		return dst, err
	}
	return base64.Append(dst, raw), nil
}

// AppendEnvelope appends the envelope of m: a body for SQS and SNS, a value for
// Kinesis and Kafka, a detail for EventBridge. Keys are sorted.
func AppendEnvelope(dst []byte, keys map[string]string, m proto.Message) ([]byte, error) {
	raw, err := proto.Marshal(m)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"keys":{`...)
	for i, k := range slices.Sorted(maps.Keys(keys)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsonscan.AppendQuote(dst, k), ':')
		dst = jsonscan.AppendQuote(dst, keys[k])
	}
	dst = append(dst, `},"pb":"`...)
	return append(base64.Append(dst, raw), `"}`...), nil
}

// Pattern returns the event pattern that matches envelopes which have, for every
// key, one of its values. It is for a filter of the source's event source mapping,
// for an SNS subscription whose filter policy scope is MessageBody, or for a rule of
// EventBridge. A key without values is an error, as the services have it.
func Pattern(s Source, keys map[string][]string) (string, error) {
	member := map[Source]string{SQS: "body", Kinesis: "data", Kafka: "value", EventBridge: "detail", SNS: ""}
	name, ok := member[s]
	if !ok {
		return "", fmt.Errorf("record: %q is no source", string(s))
	}
	if len(keys) == 0 {
		return "", fmt.Errorf("record: a pattern needs at least one key")
	}
	b := []byte(`{"keys":{`)
	for i, k := range slices.Sorted(maps.Keys(keys)) {
		if len(keys[k]) == 0 {
			return "", fmt.Errorf("record: the key %q needs at least one value", k)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsonscan.AppendQuote(b, k), `:[`...)
		for j, v := range keys[k] {
			if j > 0 {
				b = append(b, ',')
			}
			b = jsonscan.AppendQuote(b, v)
		}
		b = append(b, ']')
	}
	b = append(b, "}}"...)
	if name != "" {
		return `{"` + name + `":` + string(b) + "}", nil
	}
	return string(b), nil
}

// A Record is one record of an event. It is a part of the event's bytes, and can
// be used as long as they can.
type Record struct {
	Source Source
	// ID is what a partial batch response calls the record: the message ID of
	// SQS, the sequence number of Kinesis. SNS and EventBridge have one too;
	// Kafka's is topic-partition@offset.
	ID string

	value  []byte // JSON: a string, or EventBridge's detail
	schema string // Kafka's schema ID, of protobuf; empty where the mapping has no schema registry
}

// All yields the records of an event of any of the sources, in order. The error,
// of an event that is none of theirs or broken, comes last.
func All(event []byte) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := jsonscan.Valid(event); err != nil {
			yield(Record{}, fmt.Errorf("record: the event is no JSON: %w", err))
			return
		}
		if list := find(event, "Records"); kind(list) == jsonscan.Array {
			each(list, func(r []byte) bool { return yieldRecord(r, yield) })
			return
		}
		if topics := find(event, "records"); kind(topics) == jsonscan.Object {
			o := jsonscan.WalkObject(topics, 0)
			for o.Next() {
				more := each(o.Value(), func(r []byte) bool {
					id := text(find(r, "topic")) + "-" + scalar(find(r, "partition")) + "@" + scalar(find(r, "offset"))
					return yield(Record{Source: Kafka, ID: id, value: find(r, "value"), schema: schemaOf(r)}, nil)
				})
				if !more {
					return
				}
			}
			return
		}
		if detail := find(event, "detail"); detail != nil && find(event, "detail-type") != nil {
			yield(Record{Source: EventBridge, ID: text(find(event, "id")), value: detail}, nil)
			return
		}
		yield(Record{}, fmt.Errorf("record: the event is none of SQS, SNS, Kinesis, Kafka or EventBridge"))
	}
}

func yieldRecord(r []byte, yield func(Record, error) bool) bool {
	switch {
	case text(find(r, "eventSource")) == "aws:sqs":
		return yield(Record{Source: SQS, ID: text(find(r, "messageId")), value: find(r, "body")}, nil)
	case text(find(r, "eventSource")) == "aws:kinesis":
		return yield(Record{Source: Kinesis, ID: text(find(r, "kinesis", "sequenceNumber")), value: find(r, "kinesis", "data")}, nil)
	case text(find(r, "EventSource")) == "aws:sns":
		return yield(Record{Source: SNS, ID: text(find(r, "Sns", "MessageId")), value: find(r, "Sns", "Message")}, nil)
	}
	yield(Record{}, fmt.Errorf("record: a record is none of SQS, SNS or Kinesis"))
	return false
}

// Unmarshal decodes the record's message, plain or in an envelope, within the
// limits of c. In SQS it may also be in the notification of an SNS topic or in an
// event of EventBridge. What serializers of the Confluent and the AWS Glue schema
// registry put before a message in Kafka and Kinesis is taken off, unread; where an
// event source mapping with a schema registry makes JSON of the message, c needs
// protobufx.JSON. Every error says which record it is of; those of c are a
// *protobufx.Error.
func (r Record) Unmarshal(c *protobufx.Codec, m proto.Message) error {
	if err := r.unmarshal(c, m); err != nil {
		return fmt.Errorf("record: %s %s: %w", r.Source, r.ID, err)
	}
	return nil
}

func (r Record) unmarshal(c *protobufx.Codec, m proto.Message) error {
	switch kind(r.value) {
	case jsonscan.String:
	case jsonscan.Object:
		return envelope(c, r.value, m)
	default:
		return fmt.Errorf("it has no value")
	}
	body := jsonscan.AppendString(nil, r.value)
	if r.Source == Kinesis || r.Source == Kafka {
		// '{' begins the base64 of JSON, and of no message that isn't a group.
		// Nothing of a schema registry's begins a message either.
		head, err := base64.AppendDecode(nil, body[:min(4, len(body))])
		if err != nil || len(head) == 0 || head[0] != '{' && !framed(head[0]) && r.schema == "" {
			return c.Unmarshal(body, true, "", m)
		}
		if body, err = base64.AppendDecode(nil, body); err != nil {
			return fmt.Errorf("its data is no base64: %w", err)
		}
		if body[0] != '{' {
			if body, err = unframe(body, r.schema); err != nil {
				return err
			}
			return c.Unmarshal(base64.Append(nil, body), true, "", m)
		}
		if r.schema != "" { // the mapping has made JSON of it
			return c.Unmarshal(body, false, "application/json", m)
		}
	}
	if len(body) > 0 && body[0] == '{' {
		return envelope(c, body, m)
	}
	return c.Unmarshal(body, true, "", m)
}

// envelope decodes what is in an envelope, which may be in a notification of SNS,
// in the detail of EventBridge's event, or in one within the other.
func envelope(c *protobufx.Codec, b []byte, m proto.Message) error {
	for range 3 {
		if err := jsonscan.Valid(b); err != nil {
			return fmt.Errorf("its envelope is no JSON: %w", err)
		}
		if inner := find(b, "Message"); kind(inner) == jsonscan.String && find(b, "TopicArn") != nil {
			b = jsonscan.AppendString(nil, inner)
		} else if inner := find(b, "detail"); kind(inner) == jsonscan.Object && find(b, "detail-type") != nil {
			b = inner
		} else {
			break
		}
		if len(b) == 0 || b[0] != '{' {
			return c.Unmarshal(b, true, "", m)
		}
	}
	pb := find(b, "pb")
	if kind(pb) != jsonscan.String {
		return fmt.Errorf("its envelope has no string named pb")
	}
	return c.Unmarshal(jsonscan.AppendString(nil, pb), true, "", m)
}

// find returns the value at path in valid JSON, nil if there is none.
func find(b []byte, path ...string) []byte {
	v, _ := jsonscan.Find(b, path...)
	return v
}

func kind(v []byte) jsonscan.Kind { return jsonscan.KindAt(v, 0) }

// text returns what a string token stands for, "" for anything else.
func text(v []byte) string {
	if kind(v) != jsonscan.String {
		return ""
	}
	return string(jsonscan.AppendString(nil, v))
}

// schemaOf returns the schema ID of a record of Kafka whose value is protobuf by a
// schema registry.
func schemaOf(r []byte) string {
	if text(find(r, "valueSchemaMetadata", "dataFormat")) != "PROTOBUF" {
		return ""
	}
	return text(find(r, "valueSchemaMetadata", "schemaId"))
}

// scalar is text, or what a number looks like.
func scalar(v []byte) string {
	if kind(v) == jsonscan.String {
		return text(v)
	}
	return string(v)
}

// each calls f with the elements of an array until it returns false, and reports
// whether it never did.
func each(list []byte, f func([]byte) bool) bool {
	if kind(list) != jsonscan.Array {
		return true
	}
	a := jsonscan.WalkArray(list, 0)
	for a.Next() {
		if !f(a.Value()) {
			return false
		}
	}
	return true
}
