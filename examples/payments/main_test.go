package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/examples/payments/farside"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
	"github.com/lambdatune/lambdatune/httpclient"
	"github.com/lambdatune/lambdatune/metrics"
)

// TestEvents plays the recorded event through the Runtime API, twice: INIT's
// connections serve all of it, and the counters are in the metrics of their own
// invocation.
func TestEvents(t *testing.T) {
	local, err := farside.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	var conf config
	conf.use(local)
	f, err := newFunction(conf)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if f.metrics, err = metrics.New("Payments", metrics.WithWriter(&out)); err != nil {
		t.Fatal(err)
	}
	for _, task := range f.tasks() {
		if err := task.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	run, err := runtimeapi.Start(runtimeapi.InProcess(f.invoker().Invoke), runtimeapi.Config{Name: "payments"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	event, err := os.ReadFile(filepath.Join("events", "http-api.json"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		res, err := run.Invoke(t.Context(), runtimeapi.Invocation{Payload: event})
		if err != nil || res.FunctionError != "" {
			t.Fatalf("%v, %s", err, res.Payload)
		}
		var answer struct {
			StatusCode int
			Body       string
		}
		if err := json.Unmarshal(res.Payload, &answer); err != nil {
			t.Fatal(err)
		}
		if want := `{"orderId":"o-4711","eurCents":11500,"risk":12,"approved":true}`; answer.StatusCode != 200 || answer.Body != want {
			t.Errorf("%d %s, want %s", answer.StatusCode, answer.Body, want)
		}
	}
	if dials, items := local.Dials.Load(), local.Items.Load(); dials != 3 || items != 2 {
		t.Errorf("%d dials and %d items, want 3 for all and one for each payment", dials, items)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var counted []map[string]any
	for _, line := range lines {
		var doc map[string]any
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if doc["APIRequests"] != nil {
			counted = append(counted, doc)
		}
	}
	if len(counted) != 2 {
		t.Fatalf("metrics\n%s\nwant the counters of two invocations", out.String())
	}
	for i, dials := range []float64{2, 0} { // INIT's, at the first invocation's end
		doc := counted[i]
		if doc["APIRequests"] != 2.0 || doc["APIReuses"] != 2.0 || doc["APIDials"] != dials || doc["AWSRequests"] != 1.0 || doc["AWSReuses"] != 1.0 {
			t.Errorf("invocation %d: %v", i+1, doc)
		}
	}
}

func TestConfig(t *testing.T) {
	if _, err := newFunction(config{riskURL: "https://risk.example.com"}); err == nil {
		t.Error("half a configuration is accepted")
	}
	t.Setenv("LAMBDA_TASK_ROOT", "/var/task")
	if (config{}).wantsFarSide() {
		t.Error("local servers on Lambda without being asked")
	}
	t.Setenv("PAYMENTS_LOCAL", "1")
	if !(config{}).wantsFarSide() {
		t.Error("no local servers when asked")
	}
	observe("API")(context.Background(), httpclient.Stats{Requests: 1}) // outside an invocation
}
