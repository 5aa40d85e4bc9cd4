package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC)

func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05.000", "2026-11-23 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

func reportLine(id string, ms float64) string {
	return fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t\n", id, ms, ms+1)
}

func TestExportedLines(t *testing.T) {
	var lines bytes.Buffer
	for i := range 4 { // four invocations that overlap between 12:00:01.5 and 12:00:02
		e := map[string]any{"timestamp": at("12:00:02.000").UnixMilli() + int64(i)*10, "message": reportLine(fmt.Sprint("r", i), 500)}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(b, '\n'))
	}
	lines.WriteString("REPORT RequestId: x\tDuration: nonsense\n")
	var out bytes.Buffer
	svg := filepath.Join(t.TempDir(), "c.svg")
	w := world{in: &lines, out: &out, err: io.Discard, now: func() time.Time { return now }}
	if err := run(t.Context(), []string{"-svg", svg}, w); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"4 invocations", "peak concurrency 4 at 2026-11-23 12:00:01.530Z", "NOT USED: 1 malformed reports; the first: line 5", "2026-11-23 12:00:01"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
	drawn, err := os.ReadFile(svg)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(drawn, new(struct{})); err != nil || bytes.Count(drawn, []byte("<polyline")) != 3 {
		t.Errorf("the SVG is not three lines in valid XML: %v", err)
	}
}

func TestLogGroup(t *testing.T) {
	f := newFake(t)
	for i := range 300 { // 1 h, every 12 s one invocation of 18 s: one or two at once
		f.events["/aws/lambda/orders"] = append(f.events["/aws/lambda/orders"],
			logEvent{at("11:00:00.000").Add(time.Duration(i) * 12 * time.Second), reportLine(fmt.Sprint(i), 18_000)},
			logEvent{at("11:00:00.000").Add(time.Duration(i) * 12 * time.Second), "order placed, see REPORT\n"})
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-log-group", "/aws/lambda/orders", "-last", "2h", "-json"}, f.world(&out, io.Discard, now)); err != nil {
		t.Fatal(err)
	}
	var got exact
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Summary.Records != 300 || got.Summary.Peak != 2 || got.Summary.Late != 0 || got.Malformed != 0 {
		t.Errorf("summary: %+v", got.Summary)
	}
	if got.Average < 1.49 || got.Average > 1.51 {
		t.Errorf("average %v, want 1/12 s × 18 s = 1.5", got.Average)
	}
	if n := f.calls["Logs_20140328.FilterLogEvents"]; n < 300/2 {
		t.Errorf("%d calls, want every page of two", n)
	}
}

func TestInsights(t *testing.T) {
	f := newFake(t)
	f.query = []string{"Scheduled", "Running", "Complete"}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-log-group", "g", "-insights"}, f.world(&out, io.Discard, now)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "612.5") || !strings.Contains(out.String(), "1234 records") {
		t.Errorf("table:\n%s", &out)
	}
	f.query = []string{"Failed"}
	if err := run(t.Context(), []string{"-log-group", "g", "-insights"}, f.world(io.Discard, io.Discard, now)); err == nil || !strings.Contains(err.Error(), "Failed") {
		t.Errorf("a failed query gives %v", err)
	}
}

// account has 120 functions; "storm" is the cause of the peak, in which "orders"
// becomes three times slower.
func account(t *testing.T) *fakeAWS {
	f := newFake(t)
	f.limit = 1000
	peak := at("03:17:00.000")
	for i := range 118 {
		f.names = append(f.names, fmt.Sprintf("idle-%03d", i))
	}
	f.names = append(f.names, "orders", "storm")
	f.value = func(metric, stat, function string, minute time.Time) (float64, bool) {
		inWindow := !minute.Before(peak.Add(-6*time.Minute)) && !minute.After(peak)
		switch function {
		case "":
			if minute.Equal(peak) {
				return 950, metric == "ConcurrentExecutions" && stat == "Maximum"
			}
			return 40, minute.Minute()%7 != 0 // some minutes have no data
		case "orders":
			n, ms := 600.0, 200.0
			if inWindow {
				ms = 600
			}
			switch metric + " " + stat {
			case "Invocations Sum", "Duration SampleCount":
				return n, true
			case "Duration Sum":
				return n * ms, true
			case "ConcurrentExecutions Maximum":
				return 9, true
			case "Errors Sum":
				return 6, inWindow
			}
		case "storm":
			if !inWindow {
				return 0, false
			}
			switch metric + " " + stat {
			case "Invocations Sum", "Duration SampleCount":
				return 54_000, true
			case "Duration Sum":
				return 54_000 * 1000, true
			case "ConcurrentExecutions Maximum":
				return 930, true
			case "Throttles Sum":
				return 12, minute.Equal(peak)
			}
		}
		return 0, false
	}
	f.events["/aws/lambda/orders"] = []logEvent{
		{peak, "ThrottlingException: Rate exceeded\n"}, {peak.Add(time.Second), "operation error DynamoDB: ProvisionedThroughputExceededException\n"},
		{peak.Add(2 * time.Second), "SlowDown\n"}, {peak.Add(-time.Hour), "ThrottlingException\n"}, {peak, "fine\n"},
	}
	return f
}

func TestHunt(t *testing.T) {
	f := account(t)
	var out, progress bytes.Buffer
	if err := run(t.Context(), []string{"-account", "-json"}, f.world(&out, &progress, now)); err != nil {
		t.Fatal(err)
	}
	var got hunted
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Peak != 950 || !got.PeakAt.Equal(at("03:17:00.000")) || got.Limit != 1000 {
		t.Errorf("peak %v at %v of %d", got.Peak, got.PeakAt, got.Limit)
	}
	if len(got.Functions) != 2 || got.Functions[0].Name != "storm" || got.Functions[1].Name != "orders" {
		t.Fatalf("functions: %+v", got.Functions)
	}
	storm, orders := got.Functions[0], got.Functions[1]
	// 54,000 a minute of 1 s each are 900 at once.
	if storm.Estimate != 900 || storm.Concurrent != 930 || storm.Throttles != 12 || storm.Usual != 0 {
		t.Errorf("storm: %+v", storm)
	}
	if orders.Estimate != 6 || orders.Duration != 600*time.Millisecond || orders.Usual != 200*time.Millisecond || orders.Errors != 42 {
		t.Errorf("orders: %+v", orders)
	}
	for i, want := range []string{"storm 12 times", "orders 3 lines", "95 % of 1000", "orders 600ms instead of 200ms", "orders 42 (1.0 %)"} {
		if c := got.Checklist[i]; c.Verdict != look || !strings.Contains(c.Answer, want) {
			t.Errorf("checklist %d: %+v, want look and %q", i, c, want)
		}
	}
	if !strings.Contains(progress.String(), "120 of 120 functions measured") {
		t.Errorf("progress:\n%s", &progress)
	}
	out.Reset()
	if err := run(t.Context(), []string{"-account", "-top", "1"}, f.world(&out, io.Discard, now)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"950 of 1000 (95 %)", "and 1 more functions", "look      does Lambda throttle: storm 12 times"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
}

func TestHuntWithoutAccess(t *testing.T) {
	f := account(t)
	f.limit, f.denyLogs = 0, true
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-account", "-json"}, f.world(&out, io.Discard, now)); err != nil {
		t.Fatal(err)
	}
	var got hunted
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Checklist[1].Verdict != unknown || got.Checklist[2].Verdict != unknown {
		t.Errorf("checklist: %+v", got.Checklist)
	}
	f.value = func(string, string, string, time.Time) (float64, bool) { return 0, false }
	if err := run(t.Context(), []string{"-account"}, f.world(io.Discard, io.Discard, now)); err == nil || !strings.Contains(err.Error(), "no ConcurrentExecutions") {
		t.Errorf("an account without invocations gives %v", err)
	}
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		args []string
		in   string
		want string
	}{
		{nil, "", "no REPORT line"},
		{nil, "hello\nworld\n", "in 2 lines"},
		{nil, "REPORT RequestId: a\tDuration: 1 ms\n", "without the log event's time"},
		{[]string{"-top", "0"}, "", "-top is 0"},
		{[]string{"-account", "-log-group", "g"}, "", "exclude"},
		{[]string{"-insights"}, "", "-log-group"},
		{[]string{"-account", "-last", "400h"}, "", "-last is 400h0m0s, want 1m to 360h0m0s"},
		{[]string{"-end", "noon"}, "", "RFC 3339"},
		{[]string{"-lateness", "-1s"}, "", "Lateness"},
		{[]string{"file.json"}, "", "file.json"},
	} {
		w := world{in: strings.NewReader(c.in), out: io.Discard, err: io.Discard, now: func() time.Time { return now }}
		if err := run(t.Context(), c.args, w); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q on %q: %v, want %q", c.args, c.in, err, c.want)
		}
	}
}
