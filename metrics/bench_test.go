package metrics_test

import (
	"context"
	"io"
	"os"
	"strconv"
	"testing"

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
	ctx := context.Background()
	outputs(b, func(b *testing.B, w io.Writer) {
		b.Run("lib=prozz", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("Summit2022").
					Dimension("dim", "sales").MetricAs("Conversion", 100, emf.Count).Log()
			}
		})
		b.Run("lib=recorder", func(b *testing.B) {
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
		b.Run("lib=compiled", func(b *testing.B) {
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
		b.Run("lib=barewrite", func(b *testing.B) {
			var line []byte
			m := newMetrics(b, writerFunc(func(p []byte) (int, error) {
				line = append(line[:0], p...)
				return len(p), nil
			}), metrics.WithDimensions("dim", "sales"))
			r := m.Begin(ctx)
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
	ctx := context.Background()
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
		b.Run("lib=compiled", func(b *testing.B) {
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
}

// BenchmarkValues is 100 observations of one metric: prozz needs a line each.
func BenchmarkValues(b *testing.B) {
	ctx := context.Background()
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
		b.Run("lib=compiled", func(b *testing.B) {
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
}
