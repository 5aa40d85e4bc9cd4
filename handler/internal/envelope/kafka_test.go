package envelope

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// checkKafka compares records with what encoding/json sees in event.
func checkKafka(t *testing.T, event []byte, records []Record) {
	object, err := jsonscan.Find(event, "records")
	if err != nil {
		t.Fatalf("%q: %v", event, err)
	}
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for d.More() {
		name, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		var list []json.RawMessage
		if err := d.Decode(&list); err != nil {
			t.Fatalf("%q: %v", event, err)
		}
		for _, raw := range list {
			if n == len(records) {
				t.Fatalf("%q: only %d records", event, n)
			}
			r := records[n]
			// encoding/json makes one character of all bytes that are not UTF-8; a key
			// keeps them apart.
			if utf8.Valid(r.Key) && string(r.Key) != name || !bytes.Equal(r.Raw, raw) {
				t.Errorf("record %d is %q of %q, want %q of %q", n, r.Raw, r.Key, raw, name)
			}
			for range r.KafkaHeaders() {
			}
			var value string
			var w Buffer
			if got, err := w.Base64(&r); err == nil {
				if json.Unmarshal(r.Data, &value) != nil {
					t.Errorf("value %q", r.Data)
				} else if want, err := base64.StdEncoding.DecodeString(value); err != nil || !bytes.Equal(got, want) {
					t.Errorf("value %q, want %q", got, want)
				}
			}
			n++
		}
	}
	if n != len(records) {
		t.Errorf("%q: %d records, want %d", event, len(records), n)
	}
}

func TestKafkaHeaders(t *testing.T) {
	r := Record{Raw: []byte(`{"headers":[{"a":[104,105]},{"a":[-1,255]},{"\u0062":[]},7,{"c":"x"},{"d":[256]},{"e":[1.5]},{"f":["x"]}]}`)}
	var got []string
	for name, value := range r.KafkaHeaders() {
		got = append(got, name+"="+string(value))
	}
	if len(got) != 3 || got[0] != "a=hi" || got[1] != "a=\xff\xff" || got[2] != "b=" {
		t.Errorf("%q", got)
	}
	for range r.KafkaHeaders() {
		break
	}
	for _, raw := range []string{`{}`, `{"headers":null}`, `{"headers":{}}`} {
		for name := range (&Record{Raw: []byte(raw)}).KafkaHeaders() {
			t.Errorf("%s: header %q", raw, name)
		}
	}
}
