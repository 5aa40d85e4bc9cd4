package envelope

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkLogs compares records with what encoding/json sees in the event.
func checkLogs(t *testing.T, event []byte, got []Record) {
	t.Helper()
	var members map[string]json.RawMessage
	var list []map[string]any
	if err := json.Unmarshal(event, &members); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(members["logEvents"], &list); err != nil {
		t.Fatalf("accepted, but no list of objects: %q", event)
	}
	var kind any
	_ = json.Unmarshal(members["messageType"], &kind) // may be missing
	if kind == "CONTROL_MESSAGE" {
		list = nil
	}
	if len(got) != len(list) {
		t.Fatalf("%q: %d records, want %d", event, len(got), len(list))
	}
	for i, want := range list {
		id, _ := want["id"].(string)
		message, isString := want["message"].(string)
		// Identifiers stay as they stand where they are not UTF-8.
		if utf8.Valid(got[i].ID) && string(got[i].ID) != id {
			t.Errorf("%q: record %d has the ID %q, want %q", event, i, got[i].ID, id)
		}
		text, err := new(Buffer).LogMessage(&got[i], false)
		if (err == nil) != isString || string(text) != message {
			t.Errorf("%q: record %d has the message %q, %v, want %q", event, i, text, err, message)
		}
	}
}

func pack(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(`{"awslogs":{"data":"` + base64.StdEncoding.EncodeToString(b.Bytes()) + `"}}`)
}

func TestOpenLogs(t *testing.T) {
	const text = `{"logEvents":[]}`
	if got, err := OpenLogs(pack(t, text)); err != nil || string(got) != text {
		t.Errorf("%q, %v", got, err)
	}
	whole := pack(t, strings.Repeat("text that packs well, ", 100))
	cut := append(bytes.Clone(whole[:len(whole)-40]), `"}}`...)
	for name, c := range map[string]struct {
		event []byte
		want  string
	}{
		"no JSON":   {[]byte(`{"awslogs"`), "offset 10"},
		"no data":   {[]byte(`{"awslogs":{}}`), "no awslogs.data"},
		"no string": {[]byte(`{"awslogs":{"data":7}}`), "no awslogs.data"},
		"no base64": {[]byte(`{"awslogs":{"data":"!"}}`), "not base64"},
		"no gzip":   {[]byte(`{"awslogs":{"data":"e30="}}`), "not gzip"},
		"cut off":   {cut, "not"},
		"bomb":      {pack(t, strings.Repeat("\x00", maxLogs+1)), "more than 67108864 bytes"},
	} {
		if got, err := OpenLogs(c.event); err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.20q, %v, want %q", name, got, err, c.want)
		}
	}
}
