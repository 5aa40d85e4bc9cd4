package envelope

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Source is the service that an event comes from.
type Source uint8

const (
	Unknown Source = iota
	SQS
	SNS
	Kinesis
	DynamoDB
	EventBridge
	S3
	Kafka
	CloudWatchLogs
)

func (s Source) String() string {
	switch s {
	case SQS:
		return "aws:sqs"
	case SNS:
		return "aws:sns"
	case Kinesis:
		return "aws:kinesis"
	case DynamoDB:
		return "aws:dynamodb"
	case EventBridge:
		return "aws:events"
	case S3:
		return "aws:s3"
	case Kafka:
		return "aws:kafka"
	case CloudWatchLogs:
		return "aws:logs"
	}
	return "an unknown source"
}

// A Record is one record of an event. All of it points into the event, but for
// an identifier or a key that is written with escapes.
type Record struct {
	Raw []byte // the record as it stands
	// ID is what a partial batch response calls the record by: the messageId or
	// the sequence number, or a Kafka record's offset. It is empty where there is
	// none.
	ID []byte
	// Key is what keeps records in order: the message group of a FIFO queue, the
	// partition key, the item's Keys in JSON, or Kafka's partition with its topic;
	// for CloudWatchLogs, which has no order, the log stream.
	// It is nil where nothing does.
	Key []byte
	// Data is a string token for SQS, SNS, Kinesis and CloudWatchLogs, the object dynamodb, the
	// object s3, the value of detail for EventBridge, and any value for Kafka. It is
	// nil if missing.
	Data []byte
}

// An Event is an event taken apart.
type Event struct {
	Source  Source // of all its records; Unknown if there are none
	FIFO    bool   // from a FIFO queue
	Records []Record
}

var (
	errNoRecords = errors.New("the event has no array Records")
	errMixed     = errors.New("the records of the event come from different sources")
)

// Split takes payload apart. It appends the records to dst. Errors are about
// the event as a whole; a record of which something is missing has none of it.
func Split(dst []Record, payload []byte) (Event, error) {
	e := Event{Records: dst}
	start := jsonscan.Space(payload, 0)
	o := jsonscan.WalkObject(payload, start)
	found := false
	bus := Record{}
	var named, stream []byte
	control := false
	for o.Next() {
		switch string(o.Name(nil)) {
		case "Records":
			if found {
				return e, errors.New("the event has two members with records")
			}
			if jsonscan.KindAt(payload, o.Pos()) != jsonscan.Array {
				return e, errNoRecords
			}
			found = true
			end, err := e.records(payload, o.Pos())
			if err != nil {
				return e, err
			}
			o.Resume(end)
		case "records":
			if found {
				return e, errors.New("the event has two members with records")
			}
			found = true
			end, err := e.partitions(payload, o.Pos())
			if err != nil {
				return e, err
			}
			o.Resume(end)
		case "logEvents":
			if found {
				return e, errors.New("the event has two members with records")
			}
			found = true
			end, err := e.logEvents(payload, o.Pos())
			if err != nil {
				return e, err
			}
			o.Resume(end)
		case "messageType":
			control = string(text(o.Value())) == "CONTROL_MESSAGE"
		case "logStream":
			stream = text(o.Value())
		case "eventSource":
			named = o.Value()
		case "detail":
			bus.Data = o.Value()
		case "id":
			bus.ID = text(o.Value())
		}
	}
	if err := o.Err(); err != nil {
		return e, err
	}
	if err := jsonscan.End(payload, o.End()); err != nil {
		return e, err
	}
	if e.Source == Kafka && named != nil {
		if source := string(text(named)); source != "aws:kafka" && source != "SelfManagedKafka" {
			return e, errNotKafka
		}
	}
	if e.Source == CloudWatchLogs {
		if control { // asks whether the function is there, and logs nothing
			e.Records = dst
		}
		for i := range e.Records[len(dst):] {
			e.Records[len(dst)+i].Key = stream
		}
	}
	if !found {
		if bus.Data == nil {
			return e, errNoRecords
		}
		bus.Raw = payload[start:o.End()]
		e.Source, e.Records = EventBridge, append(e.Records, bus)
	}
	return e, nil
}

func (e *Event) records(b []byte, i int) (int, error) {
	a := jsonscan.WalkArray(b, i)
	for n := 0; a.Next(); n++ {
		e.Records = append(e.Records, Record{})
		r := &e.Records[len(e.Records)-1]
		source, fifo, end, err := r.read(b, a.Pos())
		if err != nil {
			return end, err
		}
		r.Raw = b[a.Pos():end]
		if n == 0 {
			e.Source, e.FIFO = source, fifo
		}
		switch {
		case source == Unknown:
			return end, fmt.Errorf("record %d of the event is of no known source", n)
		case source != e.Source || fifo != e.FIFO:
			return end, errMixed
		}
		a.Resume(end)
	}
	return a.End(), a.Err()
}

var fifoSuffix = []byte(`.fifo"`)

// read reads the record at b[i]. Its source follows from the member that holds
// the data; where the record names another one, it is Unknown.
func (r *Record) read(b []byte, i int) (source Source, fifo bool, end int, err error) {
	var attributes, named []byte
	o := jsonscan.WalkObject(b, i)
	for o.Next() {
		switch string(o.Name(nil)) {
		case "messageId":
			r.ID, source = text(o.Value()), SQS
		case "body":
			r.Data, source = token(o.Value()), SQS
		case "attributes":
			attributes = o.Value()
		case "eventSource", "EventSource":
			named = token(o.Value())
		case "eventSourceARN":
			fifo = bytes.HasSuffix(o.Value(), fifoSuffix)
		case "kinesis":
			source = Kinesis
			o.Resume(r.kinesis(b, o.Pos()))
		case "dynamodb":
			source = DynamoDB
			o.Resume(r.dynamodb(b, o.Pos()))
		case "Sns":
			source = SNS
			o.Resume(r.sns(b, o.Pos()))
		case "s3":
			r.Data, source = o.Value(), S3
		}
	}
	if o.Err() != nil {
		return source, fifo, o.End(), o.Err()
	}
	// A standard queue has message groups too, for fairness: they order nothing.
	if fifo = fifo && source == SQS; fifo {
		r.Key = text(member(attributes, "MessageGroupId"))
	}
	if named != nil && string(text(named)) != source.String() {
		source = Unknown
	}
	return source, fifo, o.End(), nil
}

func (r *Record) kinesis(b []byte, i int) int {
	o := jsonscan.WalkObject(b, i)
	for o.Next() {
		switch string(o.Name(nil)) {
		case "partitionKey":
			r.Key = text(o.Value())
		case "sequenceNumber":
			r.ID = text(o.Value())
		case "data":
			r.Data = token(o.Value())
		}
	}
	return resumeAt(b, i, o)
}

func (r *Record) dynamodb(b []byte, i int) int {
	o := jsonscan.WalkObject(b, i)
	for o.Next() {
		switch string(o.Name(nil)) {
		case "Keys":
			r.Key = sortedKeys(o.Value())
		case "SequenceNumber":
			r.ID = text(o.Value())
		}
	}
	end := resumeAt(b, i, o)
	if o.Err() == nil {
		r.Data = b[i:end]
	}
	return end
}

func (r *Record) sns(b []byte, i int) int {
	o := jsonscan.WalkObject(b, i)
	for o.Next() {
		switch string(o.Name(nil)) {
		case "MessageId":
			r.ID = text(o.Value())
		case "Message":
			r.Data = token(o.Value())
		}
	}
	return resumeAt(b, i, o)
}

// resumeAt is where the walk around o goes on, which was one of the value at
// b[i]. A value that is no object is the record's own fault. Broken JSON is the
// event's: nothing can follow the end of b, so the walk around o fails there.
func resumeAt(b []byte, i int, o jsonscan.ObjectWalk) int {
	if o.Err() == nil {
		return o.End()
	}
	if k := jsonscan.KindAt(b, i); k != jsonscan.Object {
		if end, err := jsonscan.Skip(b, i); err == nil {
			return end
		}
	}
	return len(b)
}

// sortedKeys is the JSON of an item's Keys with its members in the order of
// their names, so that the same item has the same bytes. There are at most two.
func sortedKeys(keys []byte) []byte {
	o := jsonscan.WalkObject(keys, 0)
	if !o.Next() {
		return keys
	}
	first, from := o.NameToken(), o.NamePos()
	o.Value()
	if !o.Next() || bytes.Compare(first, o.NameToken()) < 0 {
		return keys
	}
	second := o.NamePos()
	o.Value()
	if o.Next() || o.Err() != nil {
		return keys
	}
	out := make([]byte, 0, len(keys)+1)
	out = append(append(out, '{'), bytes.TrimRight(keys[second:o.End()-1], " \t\r\n")...)
	return append(append(append(out, ','), bytes.TrimRight(keys[from:second], ", \t\r\n")...), '}')
}

// token is a value if it is a string, else nil.
func token(v []byte) []byte {
	if len(v) == 0 || v[0] != '"' {
		return nil
	}
	return v
}

// text is what a string token stands for, nil for any other value.
func text(v []byte) []byte {
	if token(v) == nil {
		return nil
	}
	if jsonscan.Escaped(v) {
		return jsonscan.AppendString(nil, v)
	}
	return v[1 : len(v)-1]
}

// member is the value of an object's member, nil if there is none.
func member(object []byte, name string) []byte {
	i := jsonscan.Space(object, 0)
	if jsonscan.KindAt(object, i) != jsonscan.Object {
		return nil
	}
	o := jsonscan.WalkObject(object, i)
	for o.Next() {
		if string(o.Name(nil)) == name {
			return o.Value()
		}
	}
	return nil
}
