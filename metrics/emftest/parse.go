package emftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// Document is a valid document.
type Document struct {
	// Timestamp is that of all its metrics.
	Timestamp time.Time
	// Metrics are its metrics, one per definition, in order.
	Metrics []Metric
	// Members are all members of the root but _aws, as encoding/json decodes them
	// with UseNumber: metrics' targets, dimensions' values and properties.
	Members map[string]any
	// Line is the document as it was written, without the newline.
	Line string
}

// Metric is a metric of a document.
type Metric struct {
	Namespace string
	Name      string
	Unit      string // "None" if the document has none
	// StorageResolution is 1 or 60 seconds.
	StorageResolution int
	// DimensionSets are the sets under which it is published, with their values.
	DimensionSets []map[string]string
	// Values are its values. Counts has how often each counts, or is nil if each
	// counts once.
	Values []float64
	Counts []uint64
}

// Parse returns the document on line, which may end in a newline, or says what is
// wrong with it; errors join if there are several. The timestamp must lie in
// CloudWatch's window around now, 14 days back and 2 hours ahead; a zero now admits
// any. ErrNotEMF is the error for a log line that has no metadata object and so is
// none of the format's business.
func Parse(line []byte, now time.Time) (*Document, error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	if bytes.IndexByte(line, '\n') >= 0 {
		return nil, errors.New("emftest: more than one line")
	}
	root, err := decode(line)
	if err != nil {
		if !bytes.Contains(line, []byte(`"_aws"`)) {
			return nil, ErrNotEMF
		}
		return nil, fmt.Errorf("emftest: %w", err)
	}
	members, ok := root.(map[string]any)
	if !ok {
		return nil, ErrNotEMF
	}
	if _, ok := members["_aws"]; !ok {
		return nil, ErrNotEMF
	}
	v := validator{members: members, now: now, doc: &Document{Members: members, Line: string(line)}}
	if len(line) > maxEvent {
		v.fail("the line has %d bytes, more than the %d of a log event", len(line), maxEvent)
	}
	v.metadata(members["_aws"])
	delete(members, "_aws")
	if len(v.errs) > 0 {
		return nil, errors.Join(v.errs...)
	}
	return v.doc, nil
}

// ErrNotEMF says that a line is an ordinary log line.
var ErrNotEMF = errors.New("emftest: no document of the Embedded Metric Format")

// Validate is [Parse] for its error only.
func Validate(line []byte, now time.Time) error {
	_, err := Parse(line, now)
	return err
}

// decode decodes one JSON value and refuses duplicate members, invalid UTF-8 and
// anything around the value, which encoding/json would forgive.
func decode(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the line is not valid UTF-8")
	}
	if len(text) == 0 || text[0] != '{' || text[len(text)-1] != '}' {
		return nil, errors.New("the line is not exactly one JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := decodeValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("the line has more than one JSON value")
	}
	return v, nil
}

func decodeValue(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		m := map[string]any{}
		for d.More() {
			t, err := d.Token()
			if err != nil {
				return nil, err
			}
			name := t.(string) // the decoder admits nothing else
			if _, ok := m[name]; ok {
				return nil, fmt.Errorf("member %q occurs twice", name)
			}
			if m[name], err = decodeValue(d); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return m, err
	case json.Delim('['):
		a := []any{}
		for d.More() {
			v, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			a = append(a, v)
		}
		_, err := d.Token()
		return a, err
	}
	return t, nil
}
