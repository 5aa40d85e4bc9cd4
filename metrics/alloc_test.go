package metrics_test

import (
	"context"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/metrics"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	m := newMetrics(t, io.Discard, metrics.WithDimensions("dim", "sales"))
	h := handle(t, m, "Conversion", emf.Count)
	names := make([]string, 10)
	for i := range names {
		names[i] = "Metric" + strconv.Itoa(i)
	}
	values := make([]float64, 100)
	ctx := context.Background()
	in := invocation.NewContext(ctx, invocation.Value{RequestID: "8f7b2c1e-1f3a-4f0e-9d58-3f1d2b0c4a5e", TraceID: "Root=1-5;Sampled=1", Start: time.Now()})
	tenants := []string{"blue", "green"}
	n := 0
	for name, record := range map[string]func(r metrics.Recorder){
		"deck":     func(r metrics.Recorder) { r.Add("Conversion", 100, emf.Count) },
		"compiled": func(r metrics.Recorder) { r.Record(h, 100) },
		"ten": func(r metrics.Recorder) {
			r.Dimension("service", "orders")
			r.Dimension("stage", "prod")
			r.Dimension("tenant", tenants[n%2])
			r.Property("path", "/orders/42")
			r.Property("customer", tenants[n%2])
			r.Property("note", "with \"quotes\"")
			for i, name := range names {
				r.Add(name, 10.25*float64(i), emf.Milliseconds)
			}
			n++
		},
		"hundred values": func(r metrics.Recorder) { r.AddValues("Latency", values, emf.Milliseconds) },
		"two documents": func(r metrics.Recorder) {
			r.In("Other", "tenant", tenants[n%2]).Count("n", 1)
			r.Count("n", 1)
			n++
		},
	} {
		for where, ctx := range map[string]context.Context{"bare": ctx, "invocation": in} {
			t.Run(name+"/"+where, func(t *testing.T) {
				run := func() {
					r := m.Begin(ctx)
					record(r)
					if err := r.End(); err != nil {
						t.Fatal(err)
					}
				}
				if got := testing.AllocsPerRun(1000, run); got != 0 {
					t.Errorf("%v allocations per invocation", got)
				}
			})
		}
	}
}
