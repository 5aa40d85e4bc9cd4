package concurrency_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/metrics/concurrency"
)

const (
	coldLine = "REPORT RequestId: 8f507cfc-a2b4-4f3e-9f1c-0e4a54b8e0d1\tDuration: 3.35 ms\tBilled Duration: 124 ms\tMemory Size: 128 MB\tMax Memory Used: 65 MB\tInit Duration: 120.11 ms\t\nXRAY TraceId: 1-5e34a614-10bdxmplf1fb44f07bc535a1\tSegmentId: 07f5xmpl2d1f6f85\tSampled: true\t"
	jsonLine = `{"time":"2026-11-23T00:01:15.123Z","type":"platform.report","record":{"requestId":"6d68ca91-49c9-448d-89b8-7ca3e6dc66aa","metrics":{"durationMs":693.92,"billedDurationMs":694,"memorySizeMB":128,"maxMemoryUsedMB":84,"initDurationMs":397.68},"tracing":{"spanId":"54565fb41ac79632","type":"X-Amzn-Trace-Id","value":"Root=1-62e900b2"},"status":"success"}}`
)

func ms(f float64) time.Duration { return time.Duration(f*1e6 + 0.5) }

func TestParseReport(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       concurrency.Report
	}{
		{"text with a cold start", coldLine, concurrency.Report{
			RequestID: []byte("8f507cfc-a2b4-4f3e-9f1c-0e4a54b8e0d1"), Duration: ms(3.35), Billed: ms(124), Init: ms(120.11), MemorySize: 128, MaxMemoryUsed: 65,
		}},
		{"text, warm, CRLF", "REPORT RequestId: a\tDuration: 1000 ms\tBilled Duration: 1000 ms\tMemory Size: 10240 MB\tMax Memory Used: 1 MB\t\r\n", concurrency.Report{
			RequestID: []byte("a"), Duration: time.Second, Billed: time.Second, MemorySize: 10240, MaxMemoryUsed: 1,
		}},
		{"timeout", "REPORT RequestId: a\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tStatus: timeout", concurrency.Report{
			RequestID: []byte("a"), Duration: 3 * time.Second, Billed: 3 * time.Second, MemorySize: 128, MaxMemoryUsed: 36, Failed: true,
		}},
		{"SnapStart", "REPORT RequestId: a\tDuration: 1.5 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tRestore Duration: 334.97 ms\tBilled Restore Duration: 81 ms", concurrency.Report{
			RequestID: []byte("a"), Duration: ms(1.5), Billed: ms(2), MemorySize: 128, MaxMemoryUsed: 36, Restore: ms(334.97),
		}},
		{"JSON", jsonLine, concurrency.Report{
			RequestID: []byte("6d68ca91-49c9-448d-89b8-7ca3e6dc66aa"), End: time.Date(2026, 11, 23, 0, 1, 15, 123e6, time.UTC),
			Duration: ms(693.92), Billed: ms(694), Init: ms(397.68), MemorySize: 128, MaxMemoryUsed: 84,
		}},
		{"JSON, members in another order, failed", `{"record":{"metrics":{"durationMs":0},"status":"error","requestId":"b","spans":null},"type":"platform.report"}`, concurrency.Report{
			RequestID: []byte("b"), Failed: true,
		}},
	} {
		var got concurrency.Report
		if err := concurrency.ParseReport([]byte(c.line), &got); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestParseReportRefuses(t *testing.T) {
	for _, line := range []string{
		"", "START RequestId: a Version: $LATEST", "hello REPORT", `{"level":"INFO"}`,
		`{"type":"platform.reported"}`, `{"type":"x","note":"platform.report"}`,
	} {
		if err := concurrency.ParseReport([]byte(line), new(concurrency.Report)); !errors.Is(err, concurrency.ErrNotReport) {
			t.Errorf("%q: %v, want ErrNotReport", line, err)
		}
	}
	for line, say := range map[string]string{
		"REPORT RequestId: a":                                                                "Duration",
		"REPORT RequestId: \tDuration: 1 ms":                                                 "request ID",
		"REPORT RequestId: a\tDuration: x ms":                                                "Duration",
		"REPORT RequestId: a\tDuration: -1 ms":                                               "Duration",
		"REPORT RequestId: a\tDuration: 1 s":                                                 "Duration",
		"REPORT RequestId: a\tDuration: 1. ms":                                               "Duration",
		"REPORT RequestId: a\tDuration: .5 ms":                                               "Duration",
		"REPORT RequestId: a\tDuration: 1.2.3 ms":                                            "Duration",
		"REPORT RequestId: a\tDuration:  ms":                                                 "Duration",
		"REPORT RequestId: a\tDuration: 99999999999 ms":                                      "Duration",
		`{"type":"platform.report"}`:                                                         "requestId",
		`{"type":"platform.report","record":{"requestId":"a"}}`:                              "durationMs",
		`{"type":"platform.report","record":{"requestId":"a","metrics":{"durationMs":"1"}}}`: "durationMs",
		`{"type":"platform.report","time":"yesterday"}`:                                      "time",
		`{"type":"platform.report","record":{"requestId":"a","metrics":{"durationMs":1}}`:    "offset",
		`{"type":"platform.report","record":[}`:                                              "offset",
	} {
		err := concurrency.ParseReport([]byte(line), new(concurrency.Report))
		if err == nil || errors.Is(err, concurrency.ErrNotReport) || !strings.Contains(err.Error(), say) {
			t.Errorf("%q: %v, want an error that names %s", line, err, say)
		}
	}
}

var reportPattern = regexp.MustCompile(`^REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB(?:\tInit Duration: ([\d.]+) ms)?`)

// byRegexp is the reference, and what one would write by hand.
func byRegexp(line string) (r concurrency.Report, ok bool) {
	m := reportPattern.FindStringSubmatch(line)
	if m == nil {
		return r, false
	}
	number := func(s string) time.Duration {
		f, _ := strconv.ParseFloat(s, 64)
		return ms(f)
	}
	r.RequestID, r.Duration, r.Billed = []byte(m[1]), number(m[2]), number(m[3])
	r.MemorySize, _ = strconv.Atoi(m[4])
	r.MaxMemoryUsed, _ = strconv.Atoi(m[5])
	if m[6] != "" {
		r.Init = number(m[6])
	}
	return r, true
}

// The same log as text and as JSON: both equal what a regexp and encoding/json
// read from it.
func TestParseReportRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		d, cold := float64(rnd.IntN(90_000_000))/100, rnd.IntN(4) == 0
		memory := 128 + rnd.IntN(10_000)
		line := fmt.Sprintf("REPORT RequestId: %x\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB", rnd.Uint64(), d, int(d)+1, memory, memory/2)
		init := 0.0
		if cold {
			init = float64(rnd.IntN(1_000_000)) / 100
			line += fmt.Sprintf("\tInit Duration: %.2f ms\t", init)
		}
		var got concurrency.Report
		if err := concurrency.ParseReport([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		want, ok := byRegexp(line)
		if !ok || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Fatalf("%s\n got %+v\nwant %+v", line, got, want)
		}
		record, err := json.Marshal(map[string]any{"type": "platform.report", "time": "2026-11-23T00:01:15Z", "record": map[string]any{
			"requestId": string(want.RequestID), "status": "success", "metrics": map[string]any{
				"durationMs": d, "billedDurationMs": int(d) + 1, "memorySizeMB": memory, "maxMemoryUsedMB": memory / 2, "initDurationMs": init,
			}}})
		if err != nil {
			t.Fatal(err)
		}
		want.End = time.Date(2026, 11, 23, 0, 1, 15, 0, time.UTC)
		if err := concurrency.ParseReport(record, &got); err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Fatalf("%s\n got %+v, %v\nwant %+v", record, got, err, want)
		}
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(coldLine))
	f.Add([]byte(jsonLine))
	f.Fuzz(func(t *testing.T, line []byte) {
		var r concurrency.Report
		if err := concurrency.ParseReport(line, &r); err != nil {
			return
		}
		if len(r.RequestID) == 0 || r.Duration < 0 || r.Init < 0 || r.Restore < 0 || r.Billed < 0 || r.Busy() < r.Duration {
			t.Errorf("%q gives %+v", line, r)
		}
		if want, ok := byRegexp(string(line)); ok && len(line) < 120 && want.Duration < 1<<50 {
			if got := r.Duration; got-want.Duration > 1 || want.Duration-got > 1 {
				t.Errorf("%q: Duration %v, the regexp reads %v", line, got, want.Duration)
			}
		}
	})
}

func TestParseReportAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under the race detector")
	}
	var r concurrency.Report
	for name, line := range map[string][]byte{"text": []byte(coldLine), "JSON": []byte(jsonLine), "other": []byte("START RequestId: a")} {
		if n := testing.AllocsPerRun(100, func() { _ = concurrency.ParseReport(line, &r) }); n != 0 {
			t.Errorf("%s: %v allocations a line, want 0", name, n)
		}
	}
}

func BenchmarkParseReport(b *testing.B) {
	var r concurrency.Report
	for name, line := range map[string]string{"text": coldLine, "json": jsonLine} {
		b.Run(name, func(b *testing.B) {
			raw := []byte(line)
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if err := concurrency.ParseReport(raw, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("text-regexp", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := byRegexp(coldLine); !ok {
				b.Fatal("no match")
			}
		}
	})
	b.Run("json-encoding", func(b *testing.B) {
		var v struct {
			Time   time.Time
			Type   string
			Record struct {
				RequestID string
				Status    string
				Metrics   struct{ DurationMs, BilledDurationMs, MemorySizeMB, MaxMemoryUsedMB, InitDurationMs float64 }
			}
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal([]byte(jsonLine), &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
