package envelope

import (
	"errors"
	"iter"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

var (
	errPartitions = errors.New("the event's records are no object with an array per partition of a topic")
	errNotKafka   = errors.New("the event has records as Kafka's does, but is of no known source")
)

// partitions reads the object of a Kafka event that has an array of records per
// partition, by the topic's name, a hyphen and the partition's number.
func (e *Event) partitions(b []byte, i int) (int, error) {
	e.Source = Kafka
	if jsonscan.KindAt(b, i) != jsonscan.Object {
		return i, errPartitions
	}
	o := jsonscan.WalkObject(b, i)
	for o.Next() {
		partition := text(o.NameToken())
		if jsonscan.KindAt(b, o.Pos()) != jsonscan.Array {
			return o.Pos(), errPartitions
		}
		a := jsonscan.WalkArray(b, o.Pos())
		for a.Next() {
			r := Record{Key: partition}
			end, err := r.kafka(b, a.Pos())
			if err != nil {
				return end, err
			}
			r.Raw = b[a.Pos():end]
			e.Records = append(e.Records, r)
			a.Resume(end)
		}
		if a.Err() != nil {
			return a.End(), a.Err()
		}
		o.Resume(a.End())
	}
	return o.End(), o.Err()
}

func (r *Record) kafka(b []byte, i int) (int, error) {
	o := jsonscan.WalkObject(b, i)
	for o.Next() {
		switch string(o.Name(nil)) {
		case "offset":
			if v := o.Value(); len(v) > 0 && v[0] != '"' && string(v) != "null" {
				r.ID = v
			}
		case "value":
			r.Data = o.Value()
		}
	}
	return o.End(), o.Err()
}

// Name is what an event of s calls r by, empty if by nothing: a Kafka record's
// is its partition and offset, as in orders-0:15.
func (r *Record) Name(s Source) string {
	if s == Kafka && len(r.ID) > 0 {
		return string(r.Key) + ":" + string(r.ID)
	}
	return string(r.ID)
}

// Tombstone reports whether a Kafka record has no value, or null.
func (r *Record) Tombstone() bool { return len(r.Data) == 0 || string(r.Data) == "null" }

// KafkaKey returns the key of a Kafka record, nil if there is none in base64.
func (r *Record) KafkaKey() []byte {
	var w Buffer
	key, err := w.Base64(&Record{Data: member(r.Raw, "key")})
	if err != nil {
		return nil
	}
	return key
}

// KafkaHeaders yields the headers of a Kafka record in their order. The event has
// each as an object with one member, whose value has a number per byte: of Java,
// so that they may be negative. What is of another form is left out.
func (r *Record) KafkaHeaders() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		headers := member(r.Raw, "headers")
		if jsonscan.KindAt(headers, 0) != jsonscan.Array {
			return
		}
		a := jsonscan.WalkArray(headers, 0)
		for a.Next() {
			header := a.Value()
			if jsonscan.KindAt(header, 0) != jsonscan.Object {
				continue
			}
			for o := jsonscan.WalkObject(header, 0); o.Next(); {
				name := string(text(o.NameToken()))
				if value, ok := headerValue(o.Value()); ok && !yield(name, value) {
					return
				}
			}
		}
	}
}

func headerValue(v []byte) (value []byte, ok bool) {
	if jsonscan.KindAt(v, 0) != jsonscan.Array {
		return nil, false
	}
	value = []byte{}
	for a := jsonscan.WalkArray(v, 0); a.Next(); {
		n, ok := jsonscan.ParseInt(a.Value())
		if !ok || n < -128 || n > 255 {
			return nil, false
		}
		value = append(value, byte(n))
	}
	return value, true
}
