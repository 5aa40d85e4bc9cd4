package console_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/internal/console"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

const emf = `{"_aws":{"Timestamp":1772366401234,"CloudWatchMetrics":[{"Namespace":"shop","Dimensions":[["service"],["service","tenant"]],` +
	`"Metrics":[{"Name":"orders","Unit":"Count"},{"Name":"latency","Unit":"Milliseconds","StorageResolution":1}]}]},` +
	`"service":"till","tenant":"blue","orders":3,"latency":[1.5,2.5,5],"requestId":"x"}`

func life() []runtimeapi.Event {
	res := &runtimeapi.Result{
		RequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", Status: runtimeapi.StatusSuccess, MemorySize: 128,
		Duration: 1530 * time.Microsecond, InitDuration: 4200 * time.Microsecond, MaxMemoryUsed: 10<<20 + 1,
	}
	failed := &runtimeapi.Result{RequestID: "f", Status: runtimeapi.StatusError, ErrorType: "SoldOut", MemorySize: 128, Duration: time.Millisecond}
	return []runtimeapi.Event{
		{Type: runtimeapi.EventInitStart, Environment: 1, PID: 7},
		{Type: runtimeapi.EventInitEnd, Environment: 1, Status: runtimeapi.StatusSuccess, Duration: time.Millisecond},
		{Type: runtimeapi.EventLog, Environment: 1, Line: "hello"},
		{Type: runtimeapi.EventLog, Environment: 1, Line: emf},
		{Type: runtimeapi.EventEnd, Environment: 1, RequestID: res.RequestID, Result: res},
		{Type: runtimeapi.EventEnd, Environment: 1, RequestID: failed.RequestID, Result: failed},
		{Type: runtimeapi.EventInitEnd, Environment: 2, Status: runtimeapi.StatusTimeout, ErrorType: "Sandbox.Timedout", Duration: 10 * time.Second},
		{Type: runtimeapi.EventShutdown, Environment: 1, Summary: &runtimeapi.Summary{
			Reason: "idle", Invocations: 2, Errors: 1, Init: time.Millisecond, Busy: 5 * time.Millisecond, Lifetime: time.Minute, PeakMemory: 11 << 20,
		}},
	}
}

func TestText(t *testing.T) {
	var out strings.Builder
	c := &console.Text{Out: &out}
	for _, e := range life() {
		c.Event(e)
	}
	want := `hello
metric  shop/orders              3  Count         60s  service=till tenant=blue
metric  shop/latency  1.5…5 n=3 avg=3  Milliseconds  1s  service=till tenant=blue
REPORT RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd	Duration: 1.53 ms	Billed Duration: 6 ms	Memory Size: 128 MB	Max Memory Used: 11 MB	Init Duration: 4.20 ms
REPORT RequestId: f	Duration: 1.00 ms	Billed Duration: 1 ms	Memory Size: 128 MB	Status: error	Error Type: SoldOut
INIT_REPORT Init Duration: 10000.00 ms	Phase: init	Status: timeout	Error Type: Sandbox.Timedout
environment 1: idle after 1m0s: 2 invocations, 1 error, INIT 1.00 ms, busy 5.00 ms, peak memory 11 MB
`
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	c = &console.Text{Out: &out, Quiet: true, Several: true}
	for _, e := range life() {
		e.Function = "till"
		c.Event(e)
	}
	if got := out.String(); strings.Contains(got, "till REPORT") || !strings.Contains(got, "till hello\n") || !strings.Contains(got, "till metric  shop/orders") {
		t.Error(got)
	}
}

func TestTextResponse(t *testing.T) {
	for _, c := range []struct{ payload, want string }{
		{`{"a":[1]}`, "{\n  \"a\": [\n    1\n  ]\n}\n"},
		{"plain", "plain\n"},
		{"", "(empty)\n"},
		{"\xff\x00", "(2 bytes of binary data)\n"},
	} {
		var out strings.Builder
		(&console.Text{Out: &out}).Response(&runtimeapi.Result{RequestID: "r", Payload: []byte(c.payload), Duration: time.Millisecond})
		if want := "response r\n" + c.want + "INIT      none, the environment was warm\nduration  1.00 ms (billed 1 ms)\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}

func TestJSON(t *testing.T) {
	var out strings.Builder
	c := &console.JSON{Out: &out}
	for _, e := range life() {
		c.Event(e)
	}
	c.Request("f.json", []byte(`{"a":1}`))
	c.Response(&runtimeapi.Result{Payload: []byte("\xffplain")})
	c.HTTP("GET", "/", 200, time.Millisecond)
	c.Stats(console.Stats{Invocations: 2, Elapsed: time.Second, Duration: []time.Duration{2 * time.Millisecond, time.Millisecond}})
	c.Note("a")
	c.Problem("b")
	var kinds []string
	for line := range strings.Lines(out.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if v["time"] == nil {
			t.Errorf("%s has no time", line)
		}
		kind := v["type"].(string)
		kinds = append(kinds, kind)
		switch {
		case kind == "stats" && (v["perSecond"] != 2.0 || v["durationMs"].(map[string]any)["p50"] != 1.0 || v["durationMs"].(map[string]any)["max"] != 2.0),
			kind == "end" && v["requestId"] != "f" && (v["durationMs"] != 1.53 || v["billedDurationMs"] != 6.0 || v["maxMemoryUsed"] != float64(10<<20+1)):
			t.Error(line)
		}
	}
	if got := strings.Join(kinds, " "); got != "initStart initEnd log log end end initEnd shutdown request response http stats note problem" {
		t.Error(got)
	}
	if !strings.Contains(out.String(), `"metrics":{"metrics":[{"namespace":"shop","name":"orders","unit":"Count","resolution":60,"values":[3]`) {
		t.Error(out.String())
	}
}

func TestParseEMF(t *testing.T) {
	for _, c := range []struct {
		name, line string
		ok         bool
		problem    string
	}{
		{"metrics", emf, true, ""},
		{"a plain line", "hello", false, ""},
		{"other JSON", `{"_aws":1}`, false, ""},
		{"no metrics", `{"_aws":{"CloudWatchMetrics":[]}}`, false, ""},
		{"cut off", emf[:100], false, ""},
		{"a value that is no number", strings.Replace(emf, `"orders":3`, `"orders":"3"`, 1), true, `metric "orders" has no number`},
		{"no value", strings.Replace(emf, `"orders":3,`, ``, 1), true, `metric "orders" has no number`},
		{"a dimension without value", strings.Replace(emf, `"tenant":"blue",`, ``, 1), true, `dimension "tenant" has no string value`},
		{"too many values", strings.Replace(emf, `"orders":3`, `"orders":[1`+strings.Repeat(",1", 100)+`]`, 1), true, "101 values, more than 100"},
	} {
		m, ok := console.ParseEMF(c.line)
		if ok != c.ok || !strings.Contains(strings.Join(m.Problems, "; "), c.problem) || (c.problem == "" && len(m.Problems) > 0) {
			t.Errorf("%s: %t, %q, want %t with %q", c.name, ok, m.Problems, c.ok, c.problem)
		}
	}
}

func TestPercentile(t *testing.T) {
	var sorted []time.Duration
	for i := range 1000 {
		sorted = append(sorted, time.Duration(i+1))
	}
	for p, want := range map[float64]time.Duration{0: 1, 50: 500, 90: 900, 99: 990, 99.9: 999, 100: 1000} {
		if got := console.Percentile(sorted, p); got != want {
			t.Errorf("p%v is %d, want %d", p, got, want)
		}
	}
	if console.Percentile(nil, 50) != 0 || console.Percentile(sorted[:1], 99) != 1 {
		t.Error("few values")
	}
}
