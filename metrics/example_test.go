package metrics_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"regexp"

	"github.com/lambdatune/lambdatune/metrics"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// stdout is os.Stdout with the timestamps replaced, which differ every time.
var stdout = writerFunc(func(p []byte) (int, error) {
	os.Stdout.Write(regexp.MustCompile(`"Timestamp":\d+`).ReplaceAll(p, []byte(`"Timestamp":1669161600000`)))
	return len(p), nil
})

func Example() {
	m, err := metrics.New("Summit2022", metrics.WithDimensions("dim", "sales"), metrics.WithoutColdStart(), metrics.WithWriter(stdout))
	if err != nil {
		panic(err)
	}
	invoke := m.Middleware(func(ctx context.Context, payload []byte) ([]byte, error) {
		r := metrics.From(ctx)
		r.Count("Conversion", 100)
		r.Property("orderId", "o-42")
		return payload, nil
	})
	invoke(context.Background(), nil)
	// Output:
	// {"_aws":{"Timestamp":1669161600000,"CloudWatchMetrics":[{"Namespace":"Summit2022","Dimensions":[["dim"]],"Metrics":[{"Name":"Conversion","Unit":"Count"}]}]},"dim":"sales","orderId":"o-42","Conversion":100}
}

// Counter is what the logic below needs of metrics: an interface of its own, so that
// it imports nothing of ours and tests with a fake. *metrics.Metric implements it.
type Counter interface {
	Add(ctx context.Context, value float64)
}

// Orders is core logic.
type Orders struct{ Placed Counter }

func (o Orders) Place(ctx context.Context) { o.Placed.Add(ctx, 1) }

// The logic owns an interface, and main connects it with a compiled metric.
func ExampleMetric() {
	m, err := metrics.New("Orders", metrics.WithoutColdStart(), metrics.WithWriter(stdout))
	if err != nil {
		panic(err)
	}
	placed, err := m.Metric("OrdersPlaced", emf.Count)
	if err != nil {
		panic(err)
	}
	orders := Orders{Placed: placed}
	invoke := m.Middleware(func(ctx context.Context, _ []byte) ([]byte, error) {
		orders.Place(ctx)
		orders.Place(ctx)
		return nil, nil
	})
	invoke(context.Background(), nil)
	// Output:
	// {"_aws":{"Timestamp":1669161600000,"CloudWatchMetrics":[{"Namespace":"Orders","Dimensions":[[]],"Metrics":[{"Name":"OrdersPlaced","Unit":"Count"}]}]},"OrdersPlaced":[1,1]}
}

func ExampleRecorder_Flush() {
	m, _ := metrics.New("Orders", metrics.WithWriter(stdout))
	r := m.Begin(context.Background())
	defer r.End()
	r.Add("Latency", 12.5, emf.Milliseconds)
	r.Add("Latency", math.NaN(), emf.Milliseconds)
	r.Dimension("tenant", "")
	fmt.Println(r.Flush())
	// Output:
	// {"_aws":{"Timestamp":1669161600000,"CloudWatchMetrics":[{"Namespace":"Orders","Dimensions":[[]],"Metrics":[{"Name":"Latency","Unit":"Milliseconds"}]}]},"Latency":12.5}
	// metrics: metric "Latency": the value is NaN
	// metrics: dimension "tenant": the value is empty, allowed are 1 to 1,024 characters
}

func ExampleRecorder_In() {
	m, _ := metrics.New("Orders", metrics.WithDimensions("service", "checkout"), metrics.WithWriter(stdout))
	r := m.Begin(context.Background())
	for _, tenant := range []string{"blue", "green", "blue"} {
		r.In("", "tenant", tenant).Count("Calls", 1)
	}
	r.In("Billing", "service", "checkout").Gauge("Depth", 3)
	r.End()
	// Output:
	// {"_aws":{"Timestamp":1669161600000,"CloudWatchMetrics":[{"Namespace":"Orders","Dimensions":[["tenant"]],"Metrics":[{"Name":"Calls","Unit":"Count"}]}]},"tenant":"blue","Calls":[1,1]}
	// {"_aws":{"Timestamp":1669161600000,"CloudWatchMetrics":[{"Namespace":"Orders","Dimensions":[["tenant"]],"Metrics":[{"Name":"Calls","Unit":"Count"}]}]},"tenant":"green","Calls":1}
	// {"_aws":{"Timestamp":1669161600000,"CloudWatchMetrics":[{"Namespace":"Billing","Dimensions":[["service"]],"Metrics":[{"Name":"Depth"}]}]},"service":"checkout","Depth":3}
}

func ExampleGuard() {
	w := metrics.Guard(stdout, func(err error) { fmt.Println(err) })
	logger := emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("Orders")
	logger.MetricAs("Distance", 3, "Parsecs").MetricAs("Placed", 1, emf.Count).Log()
	emf.New(emf.WithWriter(w)).MetricFloat("Latency", math.NaN()).Log()
	// Output:
	// {"_aws":{"Timestamp":1669161600000,"CloudWatchMetrics":[{"Namespace":"Orders","Dimensions":[[]],"Metrics":[{"Name":"Placed","Unit":"Count"}]}]},"Distance":3,"Placed":1}
	// metrics: metric "Distance": the unit is none of CloudWatch's 27, which are prozz's emf constants
	// metrics: document: a blank line: prozz writes it when encoding/json can't encode a value, such as NaN or Inf; all metrics of the document are lost
}

// Logs on another file of the same pipe share a lock with the metrics.
func ExampleLockedWriter() {
	w := metrics.LockedWriter(os.Stdout)
	slog.SetDefault(slog.New(slog.NewJSONHandler(w, nil)))
	m, err := metrics.New("Orders", metrics.WithWriter(w))
	_, _ = m, err
}

var _ io.Writer = metrics.Guard(io.Discard)
