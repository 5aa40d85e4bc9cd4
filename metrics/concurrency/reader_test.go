package concurrency_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lambdatune/lambdatune/metrics/concurrency"
)

func TestReader(t *testing.T) {
	log := strings.Join([]string{
		`{"logStreamName":"s","timestamp":1795435275123,"message":"START RequestId: x\n","ingestionTime":1,"eventId":"1"}`,
		`{"logStreamName":"s","timestamp":1795435275123,"message":"REPORT RequestId: one\tDuration: 3.35 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 65 MB\t\n","eventId":"2"}`,
		`{"timestamp":1795435276000,"message":"{\"time\":\"2026-11-23T12:01:16.5Z\",\"type\":\"platform.report\",\"record\":{\"requestId\":\"two\",\"metrics\":{\"durationMs\":1}}}"}`,
		``,
		`{"time":"2026-11-23T12:01:17Z","type":"platform.report","record":{"requestId":"three","metrics":{"durationMs":1}}}`,
		"2026-11-23T12:01:18.250000+00:00 2026/11/23/[$LATEST]0123 REPORT RequestId: four\tDuration: 1 ms\tBilled Duration: 1 ms",
		"2026-11-23T12:01:19 REPORT RequestId: five\tDuration: 1 ms\tBilled Duration: 1 ms",
		`2026-11-23T12:01:20.000000+00:00 stream {"time":"2026-11-23T12:01:20Z","type":"platform.report","record":{"requestId":"six","metrics":{"durationMs":1}}}`,
		"REPORT RequestId: untimed\tDuration: 1 ms",
		`{"message":"REPORT RequestId: untimed\tDuration: 1 ms"}`,
		`{"timestamp":1,"message":"REPORT RequestId: torn`,
		`{"timestamp":1,"message":{"note":"platform.report"}}`,
		`{"timestamp":1,"message":"` + strings.Repeat("x", 200_000) + ` REPORT"}`,
		`{"timestamp":1795435281000,"message":"REPORT RequestId: seven\tDuration: 2 ms\tX: ` + strings.Repeat("y", 200_000) + `"}`,
	}, "\n")
	want := []struct {
		id  string
		end string
	}{
		{"one", "12:01:15.123"}, {"two", "12:01:16"}, {"three", "12:01:17"}, {"four", "12:01:18.25"}, {"five", "12:01:19"}, {"six", "12:01:20"}, {"seven", "12:01:21"},
	}
	r := concurrency.NewReader(iotest.HalfReader(strings.NewReader(log)))
	var rep concurrency.Report
	for _, w := range want {
		if err := r.Next(&rep); err != nil {
			t.Fatalf("%s: %v", w.id, err)
		}
		if got := rep.End.Format("15:04:05.999"); string(rep.RequestID) != w.id || got != w.end {
			t.Fatalf("got %s at %s, want %s at %s; %+v", rep.RequestID, got, w.id, w.end, r.Counts())
		}
	}
	if err := r.Next(&rep); err != io.EOF {
		t.Errorf("at the end: %v, want io.EOF", err)
	}
	c := r.Counts()
	if c.Lines != 14 || c.Reports != len(want) || c.Malformed != 3 {
		t.Errorf("counts: %+v", c)
	}
	if c.FirstBad == nil || !strings.Contains(c.FirstBad.Error(), "line 9") {
		t.Errorf("the first malformed report is %v, want that of line 9", c.FirstBad)
	}
}

func TestReaderError(t *testing.T) {
	broken := errors.New("disk on fire")
	r := concurrency.NewReader(io.MultiReader(strings.NewReader("a line\n"), iotest.ErrReader(broken)))
	if err := r.Next(new(concurrency.Report)); !errors.Is(err, broken) {
		t.Errorf("Next = %v, want the reader's error", err)
	}
}

func BenchmarkReader(b *testing.B) {
	const n = 10_000
	log := strings.Repeat(`{"logStreamName":"2026/11/23/[$LATEST]0123456789abcdef","timestamp":1795435275123,"message":"REPORT RequestId: 8f507cfc-a2b4-4f3e-9f1c-0e4a54b8e0d1\tDuration: 3.35 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 65 MB\t\n","eventId":"2"}`+"\n", n)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	var rep concurrency.Report
	for b.Loop() {
		r := concurrency.NewReader(strings.NewReader(log))
		for r.Next(&rep) == nil {
		}
		if r.Counts().Reports != n {
			b.Fatal(r.Counts())
		}
	}
}
