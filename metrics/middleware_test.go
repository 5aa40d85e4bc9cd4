package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/metrics"
	"github.com/lambdatune/lambdatune/metrics/emftest"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// InvokeFunc is handler's type; Middleware takes and returns it without naming it.
type InvokeFunc = func(context.Context, []byte) ([]byte, error)

var _ func(InvokeFunc) InvokeFunc = (&metrics.Metrics{}).Middleware

func TestMiddlewareFlushes(t *testing.T) {
	boom := errors.New("boom")
	for _, test := range []struct {
		name    string
		handler InvokeFunc
		err     error
		panics  bool
		failed  float64
	}{
		{"return", func(ctx context.Context, p []byte) ([]byte, error) {
			metrics.From(ctx).Count("n", 1)
			return append(p, '!'), nil
		}, nil, false, 0},
		{"error", func(ctx context.Context, _ []byte) ([]byte, error) {
			metrics.From(ctx).Count("n", 1)
			return nil, boom
		}, boom, false, 1},
		{"panic", func(ctx context.Context, _ []byte) ([]byte, error) {
			metrics.From(ctx).Count("n", 1)
			panic(boom)
		}, nil, true, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out emftest.Capture
				m := newMetrics(t, &out, metrics.WithoutColdStart(), metrics.WithDuration(), metrics.WithErrorCount(), metrics.WithRemainingTime())
				h := m.Middleware(func(ctx context.Context, p []byte) ([]byte, error) {
					time.Sleep(250 * time.Millisecond)
					return test.handler(ctx, p)
				})
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				func() {
					defer func() {
						if got := recover(); (got != nil) != test.panics || test.panics && got != boom {
							t.Errorf("panic %v", got)
						}
					}()
					got, err := h(ctx, []byte("in"))
					if err != test.err || err == nil && string(got) != "in!" {
						t.Errorf("got %q, %v", got, err)
					}
				}()
				out.AssertValid(t)
				out.AssertValues(t, "n", []float64{1})
				out.AssertValues(t, "InvocationDuration", []float64{250})
				out.AssertValues(t, "InvocationErrors", []float64{test.failed})
				out.AssertValues(t, "RemainingTime", []float64{750})
				if got := len(out.Lines()); got != 1 {
					t.Errorf("%d lines", got)
				}
			})
		})
	}
}

func TestMiddlewareColdStart(t *testing.T) {
	nothing := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	warm := invocation.NewContext(context.Background(), invocation.Value{Start: time.Now()})
	cold := invocation.NewContext(context.Background(), invocation.Value{Start: time.Now(), ColdStart: true})
	for _, test := range []struct {
		name     string
		initType string
		opts     []metrics.Option
		ctxs     []context.Context
		want     []float64
	}{
		{"bare", "", nil, []context.Context{context.Background(), context.Background()}, []float64{1}},
		{"handler", "on-demand", nil, []context.Context{cold, warm}, []float64{1}},
		{"handler, warm", "", nil, []context.Context{warm, warm}, nil},
		{"off", "", []metrics.Option{metrics.WithoutColdStart()}, []context.Context{cold}, nil},
		{"provisioned", "provisioned-concurrency", nil, []context.Context{cold}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "checkout")
			t.Setenv("AWS_LAMBDA_INITIALIZATION_TYPE", test.initType)
			t.Setenv("POWERTOOLS_SERVICE_NAME", "orders")
			var out emftest.Capture
			h := newMetrics(t, &out, test.opts...).Middleware(nothing)
			for _, ctx := range test.ctxs {
				if _, err := h(ctx, nil); err != nil {
					t.Fatal(err)
				}
			}
			out.AssertValid(t)
			out.AssertValues(t, "ColdStart", test.want, "service", "orders", "function_name", "checkout")
		})
	}
}

func TestMiddlewareRaiseOnEmpty(t *testing.T) {
	var out emftest.Capture
	var errs []error
	m := newMetrics(t, &out, metrics.WithRaiseOnEmpty(), metrics.WithErrorCount(), metrics.WithErrorHandler(func(err error) { errs = append(errs, err) }))
	boom := errors.New("boom")
	for _, test := range []struct {
		name    string
		handler InvokeFunc
		want    error
	}{
		{"empty", func(context.Context, []byte) ([]byte, error) { return []byte("x"), nil }, metrics.ErrEmpty},
		{"empty error", func(context.Context, []byte) ([]byte, error) { return nil, boom }, boom},
		{"recorded", func(ctx context.Context, _ []byte) ([]byte, error) {
			metrics.From(ctx).Count("n", 1)
			return nil, nil
		}, nil},
		{"flushed", func(ctx context.Context, _ []byte) ([]byte, error) {
			metrics.From(ctx).Count("n", 1)
			return nil, metrics.From(ctx).Flush()
		}, nil},
		{"by prozz", func(ctx context.Context, _ []byte) ([]byte, error) {
			metrics.Logger(ctx).Metric("n", 1).Log()
			return nil, nil
		}, nil},
	} {
		got, err := m.Middleware(test.handler)(context.Background(), nil)
		if !errors.Is(err, test.want) || err != nil && got != nil {
			t.Errorf("%s: got %q, %v; want %v", test.name, got, err, test.want)
		}
	}
	out.AssertValues(t, "n", []float64{1, 1, 1})
	if len(errs) != 1 || !errors.Is(errs[0], metrics.ErrEmpty) {
		t.Errorf("error handler got %v", errs)
	}
}

func TestMiddlewareReportsErrors(t *testing.T) {
	var out emftest.Capture
	var errs []error
	m := newMetrics(t, &out, metrics.WithErrorHandler(func(err error) { errs = append(errs, err) }))
	h := m.Middleware(func(ctx context.Context, _ []byte) ([]byte, error) {
		r := metrics.From(ctx)
		r.Gauge("", 1)
		r.Gauge("good", 1)
		metrics.Logger(ctx).MetricAs("unit", 1, "Parsecs").Metric("ok", 2).Log()
		return []byte("fine"), nil
	})
	if got, err := h(context.Background(), nil); string(got) != "fine" || err != nil {
		t.Errorf("metrics errors fail the invocation: %q, %v", got, err)
	}
	if len(errs) != 1 {
		t.Fatalf("error handler got %v", errs)
	}
	wantRejected(t, errs[0], "metric/", "metric/unit")
	out.AssertValid(t)
	out.AssertValues(t, "good", []float64{1})
	out.AssertValues(t, "ok", []float64{2})
}

// TestDeadline is a handler that never comes back in time: all it recorded until
// the margin is out before the deadline, what it records later is out at once.
func TestDeadline(t *testing.T) {
	for _, test := range []deadlineTest{
		{"default", nil, 50 * time.Millisecond},
		{"option", []metrics.Option{metrics.WithFlushMargin(300 * time.Millisecond)}, 300 * time.Millisecond},
		{"more than the timeout", []metrics.Option{metrics.WithFlushMargin(time.Minute)}, 3 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out emftest.Capture
				m := newMetrics(t, &out, append(test.opts, metrics.WithDimensions("dim", "sales"))...)
				begin := time.Now()
				deadline := begin.Add(3 * time.Second)
				ctx := invocation.NewContext(context.Background(), invocation.Value{Deadline: deadline, Start: begin})
				// Core logic's own, earlier deadline is not the platform's.
				ctx, cancel := context.WithDeadline(ctx, deadline.Add(-time.Second))
				defer cancel()
				compiled := handle(t, m, "compiled", emf.Count)
				ended := make(chan struct{})
				go m.Middleware(func(ctx context.Context, _ []byte) ([]byte, error) {
					defer close(ended)
					r := metrics.From(ctx)
					for i := range 250 {
						r.Add("before", float64(i), emf.Count)
					}
					compiled.Add(ctx, 0)
					r.In("Other").Count("other", 1)
					time.Sleep(time.Until(deadline) - time.Millisecond) // past the margin
					for i := range 5 {
						n := len(out.Lines())
						r.Add("after", float64(i), emf.Count)
						compiled.Add(ctx, float64(1+i))
						if got := len(out.Lines()) - n; got != 2 {
							t.Errorf("2 late values wrote %d lines", got)
						}
					}
					time.Sleep(time.Second)
					return nil, nil
				})(ctx, nil)
				time.Sleep(test.wait(deadline) - time.Nanosecond)
				synctest.Wait()
				if test.margin < 3*time.Second && len(out.Lines()) != 0 {
					t.Errorf("flushed before the margin: %d lines", len(out.Lines()))
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				before := make([]float64, 250)
				for i := range before {
					before[i] = float64(i)
				}
				out.AssertValid(t)
				out.AssertValues(t, "before", before, "dim", "sales")
				out.AssertValues(t, "compiled", []float64{0}, "dim", "sales")
				out.AssertValues(t, "other", []float64{1})
				out.AssertValues(t, "after", nil)
				time.Sleep(time.Until(deadline)) // here Lambda kills the process
				synctest.Wait()
				out.AssertValid(t)
				out.AssertValues(t, "after", []float64{0, 1, 2, 3, 4}, "dim", "sales")
				out.AssertValues(t, "compiled", []float64{0, 1, 2, 3, 4, 5}, "dim", "sales")
				<-ended
				synctest.Wait()
				out.AssertValues(t, "before", before, "dim", "sales") // and nothing twice
				out.AssertValues(t, "after", []float64{0, 1, 2, 3, 4}, "dim", "sales")
			})
		})
	}
}

type deadlineTest struct {
	name   string
	opts   []metrics.Option
	margin time.Duration
}

func (d deadlineTest) wait(deadline time.Time) time.Duration {
	return max(time.Until(deadline)-d.margin, time.Nanosecond)
}

// TestDeadlineOfAnEndedInvocation must not touch the next one's recorder.
func TestDeadlineOfAnEndedInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out emftest.Capture
		m := newMetrics(t, &out)
		h := m.Middleware(func(ctx context.Context, p []byte) ([]byte, error) {
			metrics.From(ctx).Count("n", 1)
			if string(p) == "slow" {
				time.Sleep(2 * time.Second)
				metrics.From(ctx).Count("n", 2)
			}
			return nil, nil
		})
		first := invocation.NewContext(context.Background(), invocation.Value{Deadline: time.Now().Add(time.Second), Start: time.Now()})
		h(first, nil)
		h(context.Background(), []byte("slow")) // has no deadline
		out.AssertValid(t)
		if got := len(out.Metrics("n")); got != 2 {
			t.Errorf("the second invocation was flushed by the first one's deadline: %d metrics", got)
		}
	})
}

func TestDeadlineReportsErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out emftest.Capture
		var errs []error
		m := newMetrics(t, &out, metrics.WithErrorHandler(func(err error) { errs = append(errs, err) }))
		ctx := invocation.NewContext(context.Background(), invocation.Value{Deadline: time.Now().Add(time.Second), Start: time.Now()})
		m.Middleware(func(ctx context.Context, _ []byte) ([]byte, error) {
			r := metrics.From(ctx)
			r.Gauge("", 1)
			time.Sleep(990 * time.Millisecond)
			r.Gauge("_aws", 1)
			r.Gauge("late", 1)
			return nil, nil
		})(ctx, nil)
		if len(errs) != 1 {
			t.Fatalf("errors %v", errs)
		}
		wantRejected(t, errs[0], "metric/", "metric/_aws")
		out.AssertValues(t, "late", []float64{1})
	})
}

func TestMiddlewareConcurrently(t *testing.T) {
	var out emftest.Capture
	m := newMetrics(t, &out, metrics.WithoutColdStart())
	h := m.Middleware(func(ctx context.Context, p []byte) ([]byte, error) {
		metrics.From(ctx).Dimension("id", string(p))
		metrics.From(ctx).Count("n", 1)
		return p, nil
	})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(50+i%5)*time.Millisecond)
			defer cancel()
			if _, err := h(ctx, fmt.Append(nil, i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	out.AssertValid(t)
	var ids []string
	for _, m := range out.Metrics("n") {
		ids = append(ids, m.DimensionSets[0]["id"])
	}
	slices.Sort(ids)
	if got := len(slices.Compact(ids)); got != 200 || strings.Join(ids, "") == "" {
		t.Errorf("%d documents, want 200", got)
	}
}
