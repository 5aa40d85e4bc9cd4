package envelope

import (
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

var (
	errNoBody   = errors.New("the record has no body that is a string")
	errNoData   = errors.New("the record has no data that is a string")
	errNoSNS    = errors.New("the record has no SNS message")
	errNoDetail = errors.New("the record has no EventBridge detail")
	errNoObject = errors.New("the record has no S3 object with a bucket's name and a key")
)

// A Buffer holds what has been decoded of one record. It is used again for the
// next one.
type Buffer struct {
	a, b []byte
}

// Trim gives up what is larger than limit bytes.
func (w *Buffer) Trim(limit int) {
	if cap(w.a) > limit {
		w.a = nil
	}
	if cap(w.b) > limit {
		w.b = nil
	}
}

// Fill returns what fill appends to w.
func (w *Buffer) Fill(fill func(dst []byte) ([]byte, error)) (b []byte, err error) {
	w.a, err = fill(w.a[:0])
	return w.a, err
}

// Body returns the body of an SQS record, the message of an SNS record or the
// detail of an EventBridge event. It is in w or in the event.
func (w *Buffer) Body(s Source, r *Record) ([]byte, error) {
	switch {
	case s == EventBridge && r.Data != nil:
		return r.Data, nil
	case r.Data == nil && s == SQS:
		return nil, errNoBody
	case r.Data == nil:
		return nil, errNoSNS
	}
	w.a = jsonscan.AppendString(w.a[:0], r.Data)
	return w.a, nil
}

// Base64 returns the data of a Kinesis record or the value of a Kafka record.
func (w *Buffer) Base64(r *Record) ([]byte, error) {
	if token(r.Data) == nil {
		return nil, errNoData
	}
	encoded := r.Data[1 : len(r.Data)-1]
	if jsonscan.Escaped(r.Data) { // as \/ for a slash
		w.b = jsonscan.AppendString(w.b[:0], r.Data)
		encoded = w.b
	}
	n := base64.StdEncoding.DecodedLen(len(encoded))
	w.a = slices.Grow(w.a[:0], n)[:n]
	n, err := base64.StdEncoding.Decode(w.a, encoded)
	if err != nil {
		return nil, fmt.Errorf("the data is not base64: %w", err)
	}
	return w.a[:n], nil
}

// Message returns the message of an SNS record, or of the SNS notification that
// is the body of an SQS record.
func (w *Buffer) Message(s Source, r *Record) ([]byte, error) {
	body, err := w.Body(s, r)
	if err != nil || s == SNS {
		return body, err
	}
	return w.inner(body, "Message", errNoSNS)
}

// Detail returns the detail of an EventBridge event, alone or in the body of an
// SQS record or the message of an SNS record.
func (w *Buffer) Detail(s Source, r *Record) ([]byte, error) {
	body, err := w.Body(s, r)
	if err != nil || s == EventBridge {
		return body, err
	}
	if err := valid(body); err != nil {
		return nil, err
	}
	if detail := member(body, "detail"); detail != nil {
		return detail, nil
	}
	return nil, errNoDetail
}

// inner is what the string member of that name of the JSON object body stands
// for.
func (w *Buffer) inner(body []byte, name string, missing error) ([]byte, error) {
	if err := valid(body); err != nil {
		return nil, err
	}
	t := token(member(body, name))
	if t == nil {
		return nil, missing
	}
	w.b = jsonscan.AppendString(w.b[:0], t)
	return w.b, nil
}

func valid(b []byte) error {
	if err := jsonscan.Valid(b); err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return nil
}

// Objects returns the objects of an S3 event notification, each as a JSON
// object with bucket, key (decoded), size, eTag, versionId, sequencer and
// eventName, where the notification has them. The notification is the record
// itself, or the body of an SQS record, or the message of an SNS record, or the
// message of the SNS notification in the body of an SQS record. A test
// notification, which S3 sends when notifications are set up, has none. An
// object is valid until the next one.
func (w *Buffer) Objects(s Source, r *Record) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if s == S3 {
			yield(w.object(r))
			return
		}
		text, err := w.Body(s, r)
		if err == nil {
			err = valid(text)
		}
		if err == nil && s == SQS && member(text, "Records") == nil && member(text, "Message") != nil {
			if text, err = w.inner(text, "Message", errNoObject); err == nil {
				err = valid(text)
			}
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if event := token(member(text, "Event")); event != nil && jsonscan.EqualString(event, "s3:TestEvent") {
			return
		}
		text = slices.Clone(text) // the objects need the buffers
		e, err := Split(nil, text)
		if err != nil || e.Source != S3 {
			yield(nil, errNoObject)
			return
		}
		for i := range e.Records {
			if !yield(w.object(&e.Records[i])) {
				return
			}
		}
	}
}

func (w *Buffer) object(r *Record) ([]byte, error) {
	bucket := token(member(member(r.Data, "bucket"), "name"))
	object := member(r.Data, "object")
	key := token(member(object, "key"))
	if bucket == nil || key == nil {
		return nil, errNoObject
	}
	decoded, err := url.QueryUnescape(string(text(key)))
	if err != nil {
		return nil, fmt.Errorf("the object's key is not URL-encoded: %w", err)
	}
	w.a = append(append(w.a[:0], `{"bucket":`...), bucket...)
	w.a = jsonscan.AppendQuote(append(w.a, `,"key":`...), decoded)
	for _, name := range [...]string{"size", "eTag", "versionId", "sequencer"} {
		w.member(name, member(object, name))
	}
	w.member("eventName", member(r.Raw, "eventName"))
	w.a = append(w.a, '}')
	return w.a, nil
}

func (w *Buffer) member(name string, v []byte) {
	if v != nil {
		w.a = append(append(append(append(w.a, ',', '"'), name...), '"', ':'), v...)
	}
}
