package metrics_test

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/metrics"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// outputs are where the benchmarks write to: nowhere, and to a pipe that a
// goroutine drains, as Lambda's log agent does.
func outputs(b *testing.B, bench func(b *testing.B, w io.Writer)) {
	b.Run("to=discard", func(b *testing.B) { bench(b, io.Discard) })
	b.Run("to=pipe", func(b *testing.B) {
		r, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			buf := make([]byte, 1<<20)
			for {
				if _, err := r.Read(buf); err != nil {
					return
				}
			}
		}()
		bench(b, w)
		w.Close()
		<-done
		r.Close()
	})
}

// contexts has bench run where the recorder has to read the clock, as under bare
// aws-lambda-go, and within an invocation of package handler, whose start it takes.
func contexts(b *testing.B, bench func(b *testing.B, ctx context.Context)) {
	b.Run("ctx=bare", func(b *testing.B) { bench(b, context.Background()) })
	b.Run("ctx=invocation", func(b *testing.B) {
		bench(b, invocation.NewContext(context.Background(), invocation.Value{Start: time.Now()}))
	})
}

func newMetrics(b testing.TB, w io.Writer, opts ...metrics.Option) *metrics.Metrics {
	b.Helper()
	m, err := metrics.New("Summit2022", append([]metrics.Option{metrics.WithWriter(w)}, opts...)...)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func handle(b testing.TB, m *metrics.Metrics, name string, unit metrics.Unit) *metrics.Metric {
	b.Helper()
	h, err := m.Metric(name, unit)
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// BenchmarkDeck is the talk's document: namespace Summit2022, dim=sales,
// Conversion 100 Count. Every iteration is an invocation, from a new recorder or
// logger to the written line, its clock read included.
func BenchmarkDeck(b *testing.B) {
	outputs(b, func(b *testing.B, w io.Writer) {
		b.Run("lib=prozz", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("Summit2022").
					Dimension("dim", "sales").MetricAs("Conversion", 100, emf.Count).Log()
			}
		})
		b.Run("lib=recorder", func(b *testing.B) {
			contexts(b, func(b *testing.B, ctx context.Context) {
				b.ReportAllocs()
				m := newMetrics(b, w, metrics.WithDimensions("dim", "sales"))
				for b.Loop() {
					r := m.Begin(ctx)
					r.Add("Conversion", 100, emf.Count)
					if err := r.End(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
		b.Run("lib=compiled", func(b *testing.B) {
			contexts(b, func(b *testing.B, ctx context.Context) {
				b.ReportAllocs()
				m := newMetrics(b, w, metrics.WithDimensions("dim", "sales"))
				conversion := handle(b, m, "Conversion", emf.Count)
				for b.Loop() {
					r := m.Begin(ctx)
					r.Record(conversion, 100)
					if err := r.End(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
		b.Run("lib=barewrite", func(b *testing.B) {
			var line []byte
			m := newMetrics(b, writerFunc(func(p []byte) (int, error) {
				line = append(line[:0], p...)
				return len(p), nil
			}), metrics.WithDimensions("dim", "sales"))
			r := m.Begin(context.Background())
			r.Add("Conversion", 100, emf.Count)
			if err := r.End(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Write(line); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(line)), "line-B")
		})
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// BenchmarkTen is a document of 10 metrics, 3 dimensions and 3 properties.
func BenchmarkTen(b *testing.B) {
	names := make([]string, 10)
	values := make([]float64, 10)
	for i := range names {
		names[i] = "Metric" + strconv.Itoa(i)
		values[i] = 10.25 * float64(i+1)
	}
	outputs(b, func(b *testing.B, w io.Writer) {
		b.Run("lib=prozz", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l := emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("Summit2022").
					DimensionSet(emf.NewDimension("service", "orders"), emf.NewDimension("stage", "prod"), emf.NewDimension("region", "eu-central-1")).
					Property("requestId", "8f7b2c1e-1f3a-4f0e-9d58-3f1d2b0c4a5e").Property("path", "/orders/42").Property("customer", "c-1024")
				for i, name := range names {
					l.MetricFloatAs(name, values[i], emf.Milliseconds)
				}
				l.Log()
			}
		})
		properties := func(r metrics.Recorder) {
			r.Property("requestId", "8f7b2c1e-1f3a-4f0e-9d58-3f1d2b0c4a5e")
			r.Property("path", "/orders/42")
			r.Property("customer", "c-1024")
		}
		b.Run("lib=recorder", func(b *testing.B) {
			contexts(b, func(b *testing.B, ctx context.Context) {
				b.ReportAllocs()
				m := newMetrics(b, w)
				for b.Loop() {
					r := m.Begin(ctx)
					r.Dimension("service", "orders")
					r.Dimension("stage", "prod")
					r.Dimension("region", "eu-central-1")
					properties(r)
					for i, name := range names {
						r.Add(name, values[i], emf.Milliseconds)
					}
					if err := r.End(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
		b.Run("lib=compiled", func(b *testing.B) {
			contexts(b, func(b *testing.B, ctx context.Context) {
				b.ReportAllocs()
				m := newMetrics(b, w, metrics.WithDimensions("service", "orders", "stage", "prod", "region", "eu-central-1"))
				handles := make([]*metrics.Metric, len(names))
				for i, name := range names {
					handles[i] = handle(b, m, name, emf.Milliseconds)
				}
				for b.Loop() {
					r := m.Begin(ctx)
					properties(r)
					for i, h := range handles {
						r.Record(h, values[i])
					}
					if err := r.End(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	})
}

// BenchmarkValues is 100 observations of one metric: prozz needs a line each.
func BenchmarkValues(b *testing.B) {
	values := make([]float64, 100)
	for i := range values {
		values[i] = 12.5 + float64(i*7%100)
	}
	outputs(b, func(b *testing.B, w io.Writer) {
		b.Run("lib=prozz", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, v := range values {
					emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("Summit2022").
						Dimension("dim", "sales").MetricFloatAs("Latency", v, emf.Milliseconds).Log()
				}
			}
		})
		b.Run("lib=recorder", func(b *testing.B) {
			contexts(b, func(b *testing.B, ctx context.Context) {
				b.ReportAllocs()
				m := newMetrics(b, w, metrics.WithDimensions("dim", "sales"))
				for b.Loop() {
					r := m.Begin(ctx)
					for _, v := range values {
						r.Add("Latency", v, emf.Milliseconds)
					}
					if err := r.End(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
		b.Run("lib=compiled", func(b *testing.B) {
			contexts(b, func(b *testing.B, ctx context.Context) {
				b.ReportAllocs()
				m := newMetrics(b, w, metrics.WithDimensions("dim", "sales"))
				latency := handle(b, m, "Latency", emf.Milliseconds)
				for b.Loop() {
					r := m.Begin(ctx)
					for _, v := range values {
						r.Record(latency, v)
					}
					if err := r.End(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
		b.Run("lib=addvalues", func(b *testing.B) {
			contexts(b, func(b *testing.B, ctx context.Context) {
				b.ReportAllocs()
				m := newMetrics(b, w, metrics.WithDimensions("dim", "sales"))
				for b.Loop() {
					r := m.Begin(ctx)
					r.AddValues("Latency", values, emf.Milliseconds)
					if err := r.End(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	})
}

// BenchmarkParallel has 8 goroutines handle invocations at once.
func BenchmarkParallel(b *testing.B) {
	parallel := func(b *testing.B, invocation func()) {
		b.ReportAllocs()
		b.SetParallelism(max(1, 8/runtime.GOMAXPROCS(0)))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				invocation()
			}
		})
	}
	outputs(b, func(b *testing.B, w io.Writer) {
		b.Run("lib=prozz", func(b *testing.B) {
			parallel(b, func() {
				emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("Summit2022").
					Dimension("dim", "sales").MetricAs("Conversion", 100, emf.Count).Log()
			})
		})
		b.Run("lib=compiled", func(b *testing.B) {
			m := newMetrics(b, w, metrics.WithDimensions("dim", "sales"))
			conversion := handle(b, m, "Conversion", emf.Count)
			parallel(b, func() {
				r := m.Begin(context.Background())
				r.Record(conversion, 100)
				if err := r.End(); err != nil {
					b.Error(err)
				}
			})
		})
	})
}

// BenchmarkMiddleware is what an invocation costs in all: recorder, context, deadline
// timer, one value by its handle, and the line.
func BenchmarkMiddleware(b *testing.B) {
	m := newMetrics(b, io.Discard, metrics.WithDimensions("dim", "sales"))
	conversion := handle(b, m, "Conversion", emf.Count)
	h := m.Middleware(func(ctx context.Context, p []byte) ([]byte, error) {
		conversion.Add(ctx, 100)
		return p, nil
	})
	for _, deadline := range []bool{false, true} {
		b.Run("deadline="+strconv.FormatBool(deadline), func(b *testing.B) {
			v := invocation.Value{Start: time.Now(), RequestID: "8f7b2c1e-1f3a-4f0e-9d58-3f1d2b0c4a5e"}
			if deadline {
				v.Deadline = time.Now().Add(time.Hour)
			}
			ctx := invocation.NewContext(context.Background(), v)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h(ctx, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHistogram is 100,000 observations of one metric in one document.
func BenchmarkHistogram(b *testing.B) {
	bytes := 0
	m := newMetrics(b, writerFunc(func(p []byte) (int, error) {
		bytes += len(p)
		return len(p), nil
	}))
	latency, err := m.Metric("Latency", emf.Milliseconds, metrics.Histogram)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 100_000)
	for i := range values {
		values[i] = math.Exp(3 + 0.8*rng.NormFloat64())
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r := m.Begin(context.Background())
		for _, v := range values {
			r.Record(latency, v)
		}
		if err := r.End(); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*len(values)), "ns/value")
	b.ReportMetric(float64(bytes)/float64(n), "line-B")
}

// BenchmarkGuard is prozz's talk document on its way through a Guard.
func BenchmarkGuard(b *testing.B) {
	w := metrics.Guard(io.Discard, func(err error) { b.Error(err) })
	b.ReportAllocs()
	for b.Loop() {
		emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("Summit2022").
			Dimension("dim", "sales").MetricAs("Conversion", 100, emf.Count).Log()
	}
}
