package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/lambdatune/lambdatune/handler/internal/envelope"
)

// A Record is what the event says of a record besides its data. It is meant for
// logs and metrics: logic that needs more of it than its In is tied to its
// source.
type Record struct {
	// Source is the service that the record was delivered by: aws:sqs, aws:sns,
	// aws:kinesis, aws:dynamodb, aws:s3, aws:events, aws:logs or aws:kafka
	// (self-managed Kafka, too).
	Source string
	// ID is the message ID of SQS or SNS, the sequence number of a stream's
	// record, the ID of an EventBridge event, or the topic, partition and offset of
	// a Kafka record, as in orders-0:15.
	ID string
	// Key is the message group of a FIFO queue, the partition key of Kinesis, or
	// the keys of a DynamoDB item in DynamoDB's JSON, the key of a Kafka record,
	// decoded from base64, or the log stream. Empty for other sources.
	Key string
	// Raw is the record as the event has it: an element of Records, or an
	// EventBridge event.
	Raw json.RawMessage
	// Headers are those of a Kafka record, in their order. A name may come more than
	// once.
	Headers []KafkaHeader
	// Tombstone says that a Kafka record has no value.
	Tombstone bool
}

// A KafkaHeader is a header of a Kafka record, see [Record].
type KafkaHeader struct {
	Name  string
	Value []byte
}

// RecordFrom returns the record that logic was called for, copied from the
// event, if ctx is the context of an [Each] or derived from it. It is not ok
// once the adapter has answered: logic that runs on for longer than that has to
// ask before.
func RecordFrom(ctx context.Context) (r Record, ok bool) {
	c, ok := ctx.Value(recordKey{}).(*recordCtx)
	if !ok {
		return Record{}, false
	}
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	if c.run.state == nil {
		return Record{}, false
	}
	e := &c.run.state.event
	rec := &e.Records[c.index]
	r = Record{Source: e.Source.String(), ID: rec.Name(e.Source), Key: string(rec.Key), Raw: bytes.Clone(rec.Raw)}
	if e.Source == envelope.Kafka {
		r.Key, r.Tombstone = string(rec.KafkaKey()), rec.Tombstone()
		for name, value := range rec.KafkaHeaders() {
			r.Headers = append(r.Headers, KafkaHeader{name, value})
		}
	}
	return r, true
}

type recordKey struct{}

// A recordCtx is the context of one record: that of the batch's logic, and which
// record it is. It is never used again for another one, since logic may keep it.
type recordCtx struct {
	run   *batchRun
	index int
}

func (c *recordCtx) Deadline() (time.Time, bool) { return c.run.logic.Deadline() }
func (c *recordCtx) Done() <-chan struct{}       { return c.run.logic.Done() }
func (c *recordCtx) Err() error                  { return c.run.logic.Err() }

func (c *recordCtx) Value(key any) any {
	if key == (recordKey{}) {
		return c
	}
	return c.run.logic.Value(key)
}

func (c *recordCtx) String() string { return "handler.record(" + strconv.Itoa(c.index) + ")" }

// recordName is what a log or an error calls a record.
func recordName(e *envelope.Event, index int) string {
	name := e.Records[index].Name(e.Source)
	if name == "" {
		return "record " + strconv.Itoa(index) + " of the batch, which has no ID"
	}
	return "record " + clip(name)
}
