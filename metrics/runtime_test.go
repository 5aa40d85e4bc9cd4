package metrics_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
	"github.com/lambdatune/lambdatune/metrics"
	"github.com/lambdatune/lambdatune/metrics/emftest"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// programVariable makes this test binary one of the functions below.
const programVariable = "LAMBDATUNE_METRICS_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(programVariable); name != "" {
		programs[name]()
		os.Exit(99) // a function does not return
	}
	os.Exit(m.Run())
}

var programs = map[string]func(){
	"handler": func() {
		handler.Start(handler.Use(handler.JSON(func(ctx context.Context, event string) (string, error) {
			return "done", record(ctx, event)
		}), programMetrics().Middleware))
	},
	"bare": func() {
		lambda.Start(invoker(programMetrics().Middleware(func(ctx context.Context, payload []byte) ([]byte, error) {
			return []byte(`"done"`), record(ctx, strings.Trim(string(payload), `"`))
		})))
	},
}

// invoker is a lambda.Handler.
type invoker func(context.Context, []byte) ([]byte, error)

func (f invoker) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return f(ctx, payload) }

func programMetrics() *metrics.Metrics {
	margin, err := time.ParseDuration(os.Getenv("MARGIN"))
	if err != nil {
		panic(err)
	}
	m, err := metrics.New("Timeouts", metrics.WithDimensions("dim", "sales"), metrics.WithFlushMargin(margin))
	if err != nil {
		panic(err)
	}
	return m
}

// record is core logic that hangs, or not.
func record(ctx context.Context, event string) error {
	r := metrics.From(ctx)
	for i := range 250 {
		r.Add("before", float64(i), emf.Count)
	}
	switch event {
	case "fail":
		return errors.New("failed")
	case "panic":
		panic("panicked")
	case "hang":
		for i := 0; ; i++ { // does not look at ctx
			time.Sleep(20 * time.Millisecond)
			r.Add("tick", float64(i), emf.Count)
		}
	}
	return nil
}

var defaultMargin = flag.Bool("default-margin", false, "run the timeout test with the default margin of 50 ms, which takes a machine that is not overloaded")

// TestRuntimeAPI runs functions as Lambda runs them, and kills them at their
// timeout.
func TestRuntimeAPI(t *testing.T) {
	margin := 2500 * time.Millisecond
	if *defaultMargin {
		margin = 50 * time.Millisecond
	}
	for name := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var out emftest.Capture
			fn, err := runtimeapi.Start(runtimeapi.Command{Path: os.Args[0], Env: append(os.Environ(), programVariable+"="+name, "MARGIN="+margin.String())},
				runtimeapi.Config{Name: "checkout", Timeout: 5 * time.Second, Observe: func(e runtimeapi.Event) {
					mu.Lock()
					defer mu.Unlock()
					if e.Type == runtimeapi.EventLog {
						out.Write([]byte(e.Line + "\n"))
					}
				}})
			if err != nil {
				t.Fatal(err)
			}
			defer fn.Close()
			before := make([]float64, 250)
			for i := range before {
				before[i] = float64(i)
			}
			for _, event := range []string{"return", "fail", "panic", "hang"} {
				mu.Lock()
				out.Reset()
				mu.Unlock()
				res, err := fn.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(`"` + event + `"`)})
				if err != nil {
					t.Fatal(err)
				}
				if (res.FunctionError != "") != (event != "return") {
					t.Errorf("%s: %q %s", event, res.FunctionError, res.Payload)
				}
				mu.Lock()
				out.AssertValid(t)
				out.AssertValues(t, "before", before, "dim", "sales")
				if cold := out.Values("ColdStart", "dim", "sales", "function_name", "checkout"); len(cold) != 1 && event == "return" {
					t.Errorf("%s: ColdStart %v", event, cold)
				}
				ticks := out.Metrics("tick")
				mu.Unlock()
				if event != "hang" {
					continue
				}
				// The flush at the margin wrote the ticks until then in one document,
				// each later one came in a document of its own, and none is missing.
				var values []float64
				alone := 0
				for _, m := range ticks {
					values = append(values, m.Values...)
					if len(m.Values) == 1 {
						alone++
					}
				}
				if !slices.IsSorted(values) || len(values) == 0 || values[len(values)-1] != float64(len(values)-1) {
					t.Errorf("ticks %v", values)
				}
				if alone == 0 && !*defaultMargin {
					t.Error("no tick after the margin came out")
				}
				t.Logf("killed at the timeout (%s): 250 values and %d ticks came out, %d ticks after the margin", res.FunctionError, len(values), alone)
			}
		})
	}
}
