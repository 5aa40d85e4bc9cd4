package handler

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// logsEvent packs the events of a subscription, each a JSON object.
func logsEvent(t *testing.T, messageType string, events ...string) []byte {
	t.Helper()
	return packed(t, `{"messageType":`+quote(messageType)+`,"owner":"123456789012","logGroup":"/aws/lambda/orders","logStream":"2026/11/23/[$LATEST]x","subscriptionFilters":["f"],"logEvents":[`+strings.Join(events, ",")+`]}`)
}

func logEvent(id, message string) string {
	return `{"id":` + quote(id) + `,"timestamp":1795435275123,"message":` + quote(message) + `}`
}

func TestCloudWatchLogs(t *testing.T) {
	quiet(t)
	type line struct{ Level, Message string }
	var seen []string
	f := CloudWatchLogs(func(ctx context.Context, l line) error {
		r, ok := RecordFrom(ctx)
		seen = append(seen, r.ID+" "+l.Message)
		if !ok || r.Source != "aws:logs" || r.Key != "2026/11/23/[$LATEST]x" || !strings.Contains(string(r.Raw), "1795435275123") {
			t.Errorf("record %+v", r)
		}
		if l.Level == "FATAL" {
			return errors.New("refused")
		}
		return nil
	}, Keep(func(record []byte) (bool, error) { return !bytes.Contains(record, []byte("START RequestId")), nil }))
	ok := []string{logEvent("1", `{"level":"INFO","message":"placed \"x\""}`), logEvent("2", "START RequestId: a"), logEvent("3", `{"message":"é"}`)}
	for _, c := range []struct {
		name, seen, wantErr string
		event               []byte
	}{
		{"all done", `1 placed "x",3 é`, "", logsEvent(t, "DATA_MESSAGE", ok...)},
		{"a control message", "", "", logsEvent(t, "CONTROL_MESSAGE", logEvent("", "CWL CONTROL MESSAGE: Checking health of destination."))},
		{"nothing", "", "", logsEvent(t, "DATA_MESSAGE")},
		{"one fails", "1 a,2 b", "1 of 2 records are not done; 1 failed by themselves; record 1: refused", logsEvent(t, "DATA_MESSAGE", logEvent("1", `{"level":"FATAL","message":"a"}`), logEvent("2", `{"message":"b"}`))},
		{"text", "", "record 1: invalid JSON", logsEvent(t, "DATA_MESSAGE", logEvent("1", "plain"))},
		{"no message", "", "no message that is a string", logsEvent(t, "DATA_MESSAGE", `{"id":"1"}`)},
		{"another source", "", "no awslogs.data", []byte(`{"Records":[]}`)},
		{"another source inside", "", "does not take", packed(t, `{"Records":[{"messageId":"1","body":"{}"}]}`)},
		{"broken inside", "", "invalid JSON", packed(t, `{"logEvents":[{"id":"1"`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen = nil
			out, err := f.Invoke(t.Context(), c.event)
			if c.wantErr == "" && (err != nil || string(out) != "null") {
				t.Errorf("%s, %v", out, err)
			}
			if c.wantErr != "" && (err == nil || !strings.Contains(err.Error(), c.wantErr)) {
				t.Errorf("%v, want %q", err, c.wantErr)
			}
			if got := strings.Join(seen, ","); got != c.seen {
				t.Errorf("logic saw %q, want %q", got, c.seen)
			}
		})
	}
}

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(`{"awslogs":{"data":` + quote(base64.StdEncoding.EncodeToString(b.Bytes())) + `}}`)
}

// A string takes any message as it is.
func TestCloudWatchLogsText(t *testing.T) {
	type text string
	var seen []text
	f := CloudWatchLogs(func(_ context.Context, s text) error {
		seen = append(seen, s)
		return nil
	})
	if _, err := f.Invoke(t.Context(), logsEvent(t, "DATA_MESSAGE", logEvent("1", "REPORT RequestId: a\tDuration: 1 ms\n"), logEvent("2", `{"a":1}`))); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0] != "REPORT RequestId: a\tDuration: 1 ms\n" || seen[1] != `{"a":1}` {
		t.Errorf("logic saw %q", seen)
	}
}
