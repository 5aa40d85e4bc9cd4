package metrics_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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

// rejected returns kind/name of each rejection in err.
func rejected(err error) []string {
	var all []string
	var walk func(error)
	walk = func(err error) {
		if r, ok := err.(*metrics.RejectedError); ok {
			s := r.Kind + "/" + r.Name
			if r.Count > 1 {
				s += "×" + strconv.Itoa(r.Count)
			}
			all = append(all, s)
			return
		}
		if j, ok := err.(interface{ Unwrap() []error }); ok {
			for _, err := range j.Unwrap() {
				walk(err)
			}
		}
	}
	walk(err)
	slices.Sort(all)
	return all
}

func wantRejected(t *testing.T, err error, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := rejected(err); !slices.Equal(got, want) {
		t.Errorf("rejected %q, want %q; error: %v", got, want, err)
	}
}

// at returns a context of an invocation that started at the moment.
func at(t time.Time) context.Context {
	return invocation.NewContext(context.Background(), invocation.Value{Start: t})
}

func TestDeckLine(t *testing.T) {
	var out emftest.Capture
	m := newMetrics(t, &out, metrics.WithDimensions("dim", "sales"))
	now := time.Now()
	r := m.Begin(at(now))
	r.Add("Conversion", 100, emf.Count)
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	want := `{"_aws":{"Timestamp":` + strconv.FormatInt(now.UnixMilli(), 10) +
		`,"CloudWatchMetrics":[{"Namespace":"Summit2022","Dimensions":[["dim"]],"Metrics":[{"Name":"Conversion","Unit":"Count"}]}]},"dim":"sales","Conversion":100}`
	if got := out.Lines(); len(got) != 1 || got[0] != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	out.AssertValid(t)
	out.AssertValues(t, "Conversion", []float64{100}, "dim", "sales")
}

func TestEverythingInOneDocument(t *testing.T) {
	t.Setenv("POWERTOOLS_SERVICE_NAME", "orders")
	t.Setenv("POWERTOOLS_METRICS_NAMESPACE", "FromEnv")
	var out emftest.Capture
	m, err := metrics.New("", metrics.WithWriter(&out), metrics.WithDimensions("stage", "prod"),
		metrics.WithDimensionSets([]string{"service"}, []string{"service", "stage"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	high, err := m.Metric("Compiled", emf.Bytes, metrics.HighResolution)
	if err != nil {
		t.Fatal(err)
	}
	r := m.Begin(context.Background())
	r.Count("Orders", 3)
	r.Count("Orders", 4)
	r.Gauge("Depth", 17.25)
	r.Duration("Lookup", 1500*time.Microsecond, metrics.HighResolution)
	r.AddValues("Sizes", []float64{1, 2.5, -3e-9}, emf.Kilobytes)
	r.Record(high, 9)
	r.Dimension("tenant", "blue")
	r.DimensionSet("region", "eu")
	r.Property("note", "a \"quoted\" <b>\n\x01 and \xff bytes")
	r.PropertyJSON("list", []any{1, "two", nil, map[string]any{"three": 3.5}})
	r.PropertyJSON("html", "<&>")
	other := r.In("Billing/Usage", "customer", "c-7")
	other.Add("Calls", 1, emf.Count)
	if got := r.In("Billing/Usage", "customer", "c-7"); got != other {
		t.Error("In with the same arguments is another recorder")
	}
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	docs, err := out.Documents()
	if err != nil || len(docs) != 2 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	got := map[string]string{}
	for _, m := range docs[0].Metrics {
		got[m.Name] = fmt.Sprintf("%v %s %d", m.Values, m.Unit, m.StorageResolution)
		if m.Namespace != "FromEnv" {
			t.Errorf("namespace %q", m.Namespace)
		}
		for _, set := range [][]string{
			{"service", "orders", "tenant", "blue"}, {"service", "orders", "stage", "prod", "tenant", "blue"},
			{"tenant", "blue"}, {"region", "eu"},
		} {
			if !m.Under(set...) {
				t.Errorf("%s is not published under %q but %v", m.Name, set, m.DimensionSets)
			}
		}
		if len(m.DimensionSets) != 4 {
			t.Errorf("%d dimension sets", len(m.DimensionSets))
		}
	}
	for name, want := range map[string]string{
		"Orders": "[3 4] Count 60", "Depth": "[17.25] None 60", "Lookup": "[1.5] Milliseconds 1",
		"Sizes": "[1 2.5 -3e-09] Kilobytes 60", "Compiled": "[9] Bytes 1",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	if got := docs[0].Members["note"]; got != "a \"quoted\" <b>\n\x01 and \ufffd bytes" {
		t.Errorf("note = %q", got)
	}
	if !strings.Contains(docs[0].Line, `"html":"<&>"`) {
		t.Error("properties are HTML-escaped")
	}
	list, _ := json.Marshal(docs[0].Members["list"])
	if string(list) != `[1,"two",null,{"three":3.5}]` {
		t.Errorf("list = %s", list)
	}
	if m := docs[1].Metrics; len(m) != 1 || m[0].Namespace != "Billing/Usage" || !m[0].Under("customer", "c-7") || len(m[0].DimensionSets) != 1 {
		t.Errorf("the other namespace's document: %+v", m)
	}
	if docs[1].Members["note"] == nil {
		t.Error("the other namespace's document lacks the properties")
	}
}

func TestRejections(t *testing.T) {
	long := strings.Repeat("ä", 256)
	for _, test := range []struct {
		name   string
		record func(r metrics.Recorder)
		want   []string
		good   []float64 // values of "good" that must be emitted
	}{
		{"NaN among good", func(r metrics.Recorder) {
			r.Gauge("good", 1)
			r.Gauge("bad", math.NaN())
			r.Gauge("bad", math.NaN())
			r.Gauge("good", math.Inf(1))
			r.Gauge("good", math.Inf(-1))
			r.Gauge("good", 2)
		}, []string{"metric/bad×2", "metric/good×2"}, []float64{1, 2}},
		{"range", func(r metrics.Recorder) {
			r.Gauge("good", 0x1p360)
			r.Gauge("good", -0x1p360)
			r.Gauge("good", math.Nextafter(0x1p360, math.Inf(1)))
			r.AddValues("good", []float64{5e-324, math.MaxFloat64, math.Copysign(0, -1)}, "")
		}, []string{"metric/good×2"}, []float64{0x1p360, -0x1p360, 5e-324, 0}},
		{"names", func(r metrics.Recorder) {
			r.Gauge("", 1)
			r.Gauge("  ", 1)
			r.Gauge("_aws", 1)
			r.Gauge("a\nb", 1)
			r.Gauge("\xff", 1)
			r.Gauge(long, 1)
			r.Gauge("good", 1)
			r.Gauge(long[2:], 1) // 255 characters of two bytes
		}, []string{"metric/", "metric/  ", "metric/_aws", "metric/a\nb", "metric/\xff", "metric/" + long}, []float64{1}},
		{"units", func(r metrics.Recorder) {
			r.Add("bad", 1, "Parsecs")
			r.Add("good", 1, "")
			r.Add("good", 2, emf.None)
			r.Add("good", 3, emf.Count)
			r.Add("good", 4, "Parsecs")
			r.Gauge("good", 5, metrics.HighResolution)
		}, []string{"metric/bad", "metric/good", "metric/good", "metric/good"}, []float64{1, 2}},
		{"dimensions", func(r metrics.Recorder) {
			r.Gauge("good", 1)
			r.Dimension("", "x")
			r.Dimension("empty", "")
			r.Dimension(":colon", "x")
			r.Dimension("_aws", "x")
			r.Dimension("umlaut", "ä")
			r.Dimension("long", strings.Repeat("x", 1025))
			r.Dimension(strings.Repeat("x", 251), "x")
			r.Dimension("twice", "a")
			r.Dimension("twice", "a")
			r.Dimension("twice", "b")
			r.Dimension("dim", "other than the default")
			r.Dimension("dim", "sales")
			r.Dimension(strings.Repeat("y", 250), strings.Repeat("x", 1024))
		}, []string{"dimension/", "dimension/empty", "dimension/:colon", "dimension/_aws", "dimension/umlaut", "dimension/long",
			"dimension/" + strings.Repeat("x", 251), "dimension/twice", "dimension/dim"}, []float64{1}},
		{"dimension sets", func(r metrics.Recorder) {
			r.Gauge("good", 1)
			r.DimensionSet("odd")
			r.DimensionSet("a", "1", "a", "1")
			r.DimensionSet("a", "1", "b", "")
			r.DimensionSet("c", "1")
			r.DimensionSet("c", "1")
			r.DimensionSet()
			r.DimensionSet("dim", "sales") // the default set
			many := []string{}
			for i := range 31 {
				many = append(many, "d"+strconv.Itoa(i), "x")
			}
			r.DimensionSet(many...)
			r.DimensionSet(many[:60]...)
		}, []string{"dimension set/", "dimension set/", "dimension set/", "dimension/b", "dimension set/"}, []float64{1}},
		{"thirty dimensions", func(r metrics.Recorder) {
			r.Gauge("good", 1)
			for i := range 30 {
				r.Dimension("d"+strconv.Itoa(i), "x")
			}
		}, []string{"dimension/d29"}, []float64{1}},
		{"collisions", func(r metrics.Recorder) {
			r.Property("metric", "oops")
			r.Gauge("metric", 1)
			r.Gauge("dim", 2)
			r.Property("dim", "oops")
			r.Dimension("tenant", "x")
			r.Gauge("tenant", 3)
			r.Property("tenant", "oops")
			r.Property("_aws", "oops")
			r.Property("", "oops")
			r.Property("\xff", "oops")
			r.Property("fine", "1")
			r.Property("fine", "2")
			r.Gauge("good", 4)
		}, []string{"property/metric", "metric/dim", "property/dim", "metric/tenant", "property/tenant", "property/_aws", "property/", "property/\xff"}, []float64{4}},
		{"property types", func(r metrics.Recorder) {
			r.PropertyJSON("chan", make(chan int))
			r.PropertyJSON("nan", math.NaN())
			r.PropertyJSON("raw", json.RawMessage("{\"a\":\n1}"))
			r.PropertyJSON("bad", json.RawMessage("{"))
			r.Gauge("good", 1)
		}, []string{"property/chan", "property/nan", "property/bad"}, []float64{1}},
		{"timestamps", func(r metrics.Recorder) {
			r.Timestamp(time.Now().Add(-15 * 24 * time.Hour))
			r.Timestamp(time.Now().Add(3 * time.Hour))
			r.Gauge("good", 1)
		}, []string{"timestamp/old", "timestamp/new"}, []float64{1}},
		{"other documents", func(r metrics.Recorder) {
			r.In("AWS/Lambda").Gauge("bad", 1)
			r.In("tänks").Gauge("bad", 1)
			r.In("", "odd").Gauge("odd", 1)
			r.In("", "a", "").Gauge("empty", 1)
			r.In("", "x\xff\x01y").Gauge("odd", 1)
			r.In("", "x", "y").Gauge("right", 1)
			r.Gauge("good", 1)
		}, []string{"namespace/AWS/Lambda", "namespace/tänks", "metric/bad", "metric/bad", "dimension/odd", "dimension/a", "dimension/x\xff\x01y"}, []float64{1}},
		{"nil handle", func(r metrics.Recorder) {
			r.Record(nil, 1)
			r.Record(&metrics.Metric{}, 1)
			r.Gauge("good", 1)
		}, []string{"metric/×2"}, []float64{1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out emftest.Capture
			m := newMetrics(t, &out, metrics.WithDimensions("dim", "sales"))
			for range 2 { // the second time with a used recorder
				out.Reset()
				r := m.Begin(context.Background())
				test.record(r)
				err := r.End()
				got := rejected(err)
				for i, s := range got {
					if strings.HasPrefix(s, "timestamp/") {
						got[i] = test.want[i]
					}
				}
				want := slices.Clone(test.want)
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("rejected %q\n    want %q", got, want)
				}
				out.AssertValid(t)
				out.AssertValues(t, "good", test.good)
				if test.name == "other documents" {
					out.AssertValues(t, "right", []float64{1}, "x", "y")
				}
				if test.name == "collisions" {
					out.AssertValues(t, "metric", []float64{1})
					if docs, _ := out.Documents(); docs[0].Members["fine"] != "2" {
						t.Error("a property set again keeps its old value")
					}
				}
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	m := newMetrics(t, &emftest.Capture{})
	r := m.Begin(context.Background())
	r.Gauge("lat", math.NaN())
	r.Gauge("lat", math.NaN())
	r.PropertyJSON("secret", func() {})
	err := r.End()
	want := "metrics: metric \"lat\": the value is NaN (2 times)\nmetrics: property \"secret\": encoding/json can't marshal a value of its type"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
}

func TestSplitByCount(t *testing.T) {
	var out emftest.Capture
	m := newMetrics(t, &out, metrics.WithDimensions("dim", "sales"))
	for range 2 {
		out.Reset()
		r := m.Begin(context.Background())
		r.Property("trace", "kept everywhere")
		want := map[string][]float64{}
		for i := range 250 {
			name := "m" + strconv.Itoa(i)
			for k := range 1 + i%3*120 {
				v := float64(1000*i + k)
				r.Add(name, v, emf.Count)
				want[name] = append(want[name], v)
			}
		}
		if err := r.End(); err != nil {
			t.Fatal(err)
		}
		out.AssertValid(t)
		for name, values := range want {
			out.AssertValues(t, name, values, "dim", "sales")
		}
		docs, _ := out.Documents()
		for _, doc := range docs {
			if doc.Members["trace"] != "kept everywhere" {
				t.Error("a document lost its property")
			}
			if len(doc.Line) >= 64<<10 {
				t.Errorf("a line has %d bytes", len(doc.Line))
			}
		}
		if len(docs) > 9 {
			t.Errorf("%d documents for 250 metrics with up to 241 values", len(docs))
		}
	}
}

func TestSplitByBytes(t *testing.T) {
	for _, limit := range []int{4096, 10000, 65535, 1<<20 - 26} {
		var out emftest.Capture
		m := newMetrics(t, &out, metrics.WithDimensions("dim", "sales"), metrics.WithMaxLine(limit))
		r := m.Begin(context.Background())
		r.Property("big", strings.Repeat("x", limit/3))
		r.Property("tooBig", strings.Repeat("\n", limit/2)) // twice as long in JSON
		r.Property("small", "x")
		want := 0
		for i := range 40 {
			name := strings.Repeat("n", 200) + strconv.Itoa(i)
			for k := range 60 {
				r.Add(name, math.Pi*float64(i*60+k), emf.Bytes)
				want++
			}
		}
		wantRejected(t, r.End(), "property/tooBig")
		out.AssertValid(t)
		if got := len(out.Values("")); got != want {
			t.Errorf("limit %d: %d values, want %d", limit, got, want)
		}
		for _, line := range out.Lines() {
			if len(line)+1 > limit {
				t.Errorf("limit %d: a line has %d bytes", limit, len(line)+1)
			}
			if !strings.Contains(line, `"small":"x"`) || !strings.Contains(line, `"big":`) {
				t.Error("a document lost its property")
			}
		}
	}
}

func TestFlushKeepsNothingAndCountsNothingTwice(t *testing.T) {
	var out emftest.Capture
	m := newMetrics(t, &out)
	r := m.Begin(context.Background())
	r.Dimension("tenant", "a")
	r.Property("p", "1")
	r.Count("n", 1)
	for range 3 {
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	r.Count("n", 2)
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	out.AssertValid(t)
	out.AssertValues(t, "n", []float64{1, 2}, "tenant", "a")
	if got := len(out.Lines()); got != 2 {
		t.Errorf("%d lines, want 2", got)
	}
}

// faulty fails the first Writes, each after having taken some bytes.
type faulty struct {
	out   emftest.Capture
	takes []int // bytes taken by the Writes that fail
	err   error
}

func (f *faulty) Write(p []byte) (int, error) {
	if len(f.takes) == 0 {
		return f.out.Write(p)
	}
	n := min(f.takes[0], len(p))
	if f.takes[0] < 0 {
		n = len(p) + f.takes[0]
	}
	f.takes = f.takes[1:]
	f.out.Write(p[:n])
	return n, f.err
}

func TestWriteErrors(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, test := range []struct {
		name  string
		takes []int
		err   error
		want  []float64 // what arrives after Flush and End
		lost  bool
	}{
		{"once", []int{0}, broken, []float64{1}, false},
		{"twice", []int{0, 0}, broken, nil, true},
		{"torn", []int{10}, broken, []float64{1}, false},
		{"all but the newline", []int{-1}, broken, []float64{1}, false},
		{"all, and an error", []int{1 << 20}, broken, []float64{1}, false},
		{"short without error", []int{10}, nil, []float64{1}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &faulty{takes: test.takes, err: test.err}
			m := newMetrics(t, f)
			r := m.Begin(context.Background())
			r.Count("n", 1)
			err := r.Flush()
			if err == nil || test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("Flush = %v", err)
			}
			err = r.End()
			if lost := err != nil && strings.Contains(err.Error(), "lost"); lost != test.lost {
				t.Errorf("End = %v", err)
			}
			f.out.AssertValues(t, "n", test.want)
		})
	}
}

func TestEndRetriesAtOnce(t *testing.T) {
	f := &faulty{takes: []int{0}, err: errors.New("again")}
	m := newMetrics(t, f)
	r := m.Begin(context.Background())
	r.Count("n", 1)
	if err := r.End(); err == nil || !errors.Is(err, f.err) {
		t.Errorf("End = %v, want the write error", err)
	}
	f.out.AssertValid(t)
	f.out.AssertValues(t, "n", []float64{1})
}

// TestBytes compares what is written for 100 values of one metric, to be paid per
// byte, with prozz's line per value.
func TestBytes(t *testing.T) {
	var ours, theirs bytes.Buffer
	m := newMetrics(t, &ours, metrics.WithDimensions("dim", "sales"))
	r := m.Begin(context.Background())
	for i := range 100 {
		v := 12.5 + float64(i*7%100)
		r.Add("Latency", v, emf.Milliseconds)
		emf.New(emf.WithWriter(&theirs), emf.WithoutDimensions()).Namespace("Summit2022").
			Dimension("dim", "sales").MetricFloatAs("Latency", v, emf.Milliseconds).Log()
	}
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	if theirs.Len() < 25*ours.Len() {
		t.Errorf("%d bytes, prozz %d", ours.Len(), theirs.Len())
	}
	t.Logf("%d bytes, prozz %d: %.1f times fewer", ours.Len(), theirs.Len(), float64(theirs.Len())/float64(ours.Len()))
}

func TestUseAfterEnd(t *testing.T) {
	var out emftest.Capture
	var mu sync.Mutex
	var late []error
	m := newMetrics(t, &out, metrics.WithErrorHandler(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		late = append(late, err)
	}))
	stale := m.Begin(context.Background())
	in := stale.In("Other")
	if err := stale.End(); err != nil {
		t.Fatal(err)
	}
	fresh := m.Begin(context.Background()) // the same memory, if the pool still has it
	stale.Count("n", 1)
	stale.AddValues("n", []float64{1, 2}, "")
	stale.Record(handle(t, m, "n", ""), 1)
	stale.Dimension("d", "x")
	stale.DimensionSet("d", "x")
	stale.Property("p", "x")
	stale.PropertyJSON("p", 1)
	stale.Timestamp(time.Now())
	in.Count("n", 1)
	stale.In("Third").Count("n", 1)
	for _, err := range []error{stale.Flush(), stale.End()} {
		if !errors.Is(err, metrics.ErrEnded) {
			t.Errorf("after End: %v", err)
		}
	}
	fresh.Count("n", 5)
	if err := fresh.End(); err != nil {
		t.Error(err)
	}
	out.AssertValues(t, "n", []float64{5})
	if len(late) != 11 {
		t.Errorf("%d late uses reported, want 11: %v", len(late), late)
	}
	for _, err := range late {
		if !errors.Is(err, metrics.ErrEnded) {
			t.Errorf("late use: %v", err)
		}
	}
}

func TestWithoutRecorder(t *testing.T) {
	r := metrics.From(context.Background())
	if err := r.Flush(); err != nil {
		t.Errorf("Flush of nothing = %v", err)
	}
	r.Count("orders", 1)
	r.Count("orders", 2)
	r.In("Other", "a", "b").Gauge("depth", 1)
	r.Gauge("bad", math.NaN())
	err := r.End()
	wantRejected(t, err, "metric/orders×2", "metric/depth", "metric/bad")
	if !errors.Is(err, metrics.ErrNoRecorder) {
		t.Errorf("End = %v, want ErrNoRecorder", err)
	}
	for _, m := range []*metrics.Metrics{nil, {}} {
		r := m.Begin(context.Background())
		r.Count("orders", 1)
		if err := r.End(); !errors.Is(err, metrics.ErrNoRecorder) {
			t.Errorf("a zero Metrics' End = %v", err)
		}
		h, err := m.Metric("orders", emf.Count)
		if err != nil {
			t.Error(err)
		}
		if out, err := m.Middleware(func(ctx context.Context, p []byte) ([]byte, error) {
			metrics.From(ctx).In("x").Dimension("a", "b")
			return p, nil
		})(context.Background(), []byte("x")); string(out) != "x" || err != nil {
			t.Errorf("a zero Metrics' middleware: %q, %v", out, err)
		}
		_ = h
	}
	var zero metrics.Recorder
	zero.Count("x", 1)
	zero.Dimension("x", "y")
	zero.In("x").Property("a", "b")
	if err := zero.Flush(); !errors.Is(err, metrics.ErrNoRecorder) {
		t.Errorf("the zero recorder's Flush = %v", err)
	}
	if err := metrics.From(metrics.NewContext(context.Background(), zero)).End(); !errors.Is(err, metrics.ErrNoRecorder) {
		t.Errorf("a carried zero recorder's End = %v", err)
	}
}

func TestHandleWithoutRecorderWritesAtOnce(t *testing.T) {
	var out emftest.Capture
	var errs []error
	m := newMetrics(t, &out, metrics.WithErrorHandler(func(err error) { errs = append(errs, err) }))
	h := handle(t, m, "n", emf.Count)
	h.Add(context.Background(), 1)
	h.Add(context.Background(), math.NaN())
	out.AssertValid(t)
	out.AssertValues(t, "n", []float64{1})
	if len(errs) != 1 {
		t.Errorf("errors %v", errs)
	}
	var none *metrics.Metric
	none.Add(context.Background(), 1) // must not panic
	r := m.Begin(context.Background())
	ctx := metrics.NewContext(context.Background(), r)
	h.Add(ctx, 2)
	none.Add(ctx, 3)
	wantRejected(t, r.End(), "metric/")
	out.AssertValues(t, "n", []float64{1, 2})
}

func TestNewReportsEverything(t *testing.T) {
	t.Setenv("POWERTOOLS_METRICS_NAMESPACE", "")
	_, err := metrics.New("", metrics.WithDimensions("odd"), metrics.WithDimensions("a", ""), metrics.WithDimensions("b", "1", "b", "2"),
		metrics.WithDimensionSets(), metrics.WithDimensionSets([]string{"x"}, []string{"x"}), metrics.WithWriter(nil), metrics.WithMaxLine(10), metrics.WithFlushMargin(-1),
		metrics.WithErrorHandler(nil))
	wantRejected(t, err, "namespace/", "option/WithDimensions", "dimension/a", "dimension/b", "option/WithDimensionSets",
		"dimension/x", "dimension/x", "dimension/", "option/WithWriter", "option/WithMaxLine", "option/WithFlushMargin", "option/WithErrorHandler")
	for _, ns := range []string{"AWS/Lambda", ":a", "a\n", "ä", strings.Repeat("a", 256), " "} {
		if _, err := metrics.New(ns); err == nil {
			t.Errorf("namespace %q is accepted", ns)
		}
	}
	many := []string{}
	for i := range 30 {
		many = append(many, "d"+strconv.Itoa(i), strings.Repeat("x", 1024))
	}
	if _, err := metrics.New("a", metrics.WithDimensions(many...)); err != nil {
		t.Errorf("30 long dimensions: %v", err)
	}
	if _, err := metrics.New("a", metrics.WithDimensions(many...), metrics.WithMaxLine(20000)); err == nil {
		t.Error("default dimensions that don't fit the line are accepted")
	}
	if _, err := metrics.New("a", metrics.WithDimensions(append(many, "one", "more")...)); err == nil {
		t.Error("31 dimensions are accepted")
	}
	m := newMetrics(t, &emftest.Capture{}, metrics.WithDimensions("dim", "sales"))
	for _, name := range []string{"", "dim", "_aws", strings.Repeat("a", 256)} {
		if _, err := m.Metric(name, ""); err == nil {
			t.Errorf("handle %q is accepted", name)
		}
	}
	if _, err := m.Metric("a", "Parsecs"); err == nil {
		t.Error("an unknown unit is accepted")
	}
}

func TestDisabled(t *testing.T) {
	t.Setenv("POWERTOOLS_METRICS_DISABLED", "true")
	var out emftest.Capture
	m := newMetrics(t, &out)
	r := m.Begin(context.Background())
	r.Count("n", 1)
	r.Gauge("bad", math.NaN())
	wantRejected(t, r.End(), "metric/bad")
	if got := out.Lines(); len(got) != 0 {
		t.Errorf("written: %q", got)
	}
}

func TestLogLevel(t *testing.T) {
	for _, test := range []struct{ format, level, want string }{
		{"JSON", "WARN", "WARN"}, {"JSON", "error", "ERROR"}, {"json", "FATAL", "FATAL"},
		{"JSON", "INFO", ""}, {"JSON", "", ""}, {"Text", "WARN", ""}, {"", "ERROR", ""},
	} {
		t.Run(test.format+test.level, func(t *testing.T) {
			t.Setenv("AWS_LAMBDA_LOG_FORMAT", test.format)
			t.Setenv("AWS_LAMBDA_LOG_LEVEL", test.level)
			var out emftest.Capture
			m := newMetrics(t, &out)
			now := time.Now()
			r := m.Begin(at(now))
			for i := range 120 { // the packed way, then the fast one
				r.Count("n"+strconv.Itoa(i), 1)
			}
			if err := r.Flush(); err != nil {
				t.Fatal(err)
			}
			r.Count("n", 1)
			if test.want != "" {
				r.Count("level", 1)
				r.Property("timestamp", "x")
				r.Dimension("level", "x")
				wantRejected(t, r.End(), "metric/level", "property/timestamp", "dimension/level")
			} else {
				r.Count("level", 1)
				if err := r.End(); err != nil {
					t.Error(err)
				}
			}
			docs, err := out.Documents()
			if err != nil || len(docs) != 3 {
				t.Fatalf("%d documents, %v", len(docs), err)
			}
			for _, doc := range docs {
				level, _ := doc.Members["level"].(string)
				if level != test.want {
					t.Errorf("level %q, want %q", level, test.want)
				}
				if stamp, _ := doc.Members["timestamp"].(string); test.want != "" {
					if got, err := time.Parse(time.RFC3339, stamp); err != nil || got.UnixMilli() != now.UnixMilli() {
						t.Errorf("timestamp %q", stamp)
					}
				}
			}
		})
	}
}

func TestMetadataAreProperties(t *testing.T) {
	inv := invocation.Value{RequestID: "r-1", TraceID: "Root=1-5;Sampled=1", Start: time.Now()}
	unsampled := inv
	unsampled.TraceID = "Root=1-5;Sampled=0"
	//lint:ignore SA1029 this is the key that aws-lambda-go uses
	bare := context.WithValue(context.Background(), "x-amzn-trace-id", "Root=1-6;Sampled=1")
	for _, test := range []struct {
		name       string
		ctx        context.Context
		opts       []metrics.Option
		request    any
		trace      any
		properties int
	}{
		{"handler", invocation.NewContext(context.Background(), inv), nil, "r-1", "Root=1-5;Sampled=1", 2},
		{"not sampled", invocation.NewContext(context.Background(), unsampled), nil, "r-1", nil, 1},
		{"aws-lambda-go", bare, nil, nil, "Root=1-6;Sampled=1", 1},
		{"switched off", invocation.NewContext(context.Background(), inv), []metrics.Option{metrics.WithoutMetadata()}, nil, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out emftest.Capture
			m := newMetrics(t, &out, test.opts...)
			r := m.Begin(test.ctx)
			r.Count("n", 1)
			if err := r.End(); err != nil {
				t.Fatal(err)
			}
			docs, err := out.Documents()
			if err != nil {
				t.Fatal(err)
			}
			doc := docs[0]
			if doc.Members["requestId"] != test.request || doc.Members["traceId"] != test.trace || len(doc.Members) != 1+test.properties {
				t.Errorf("members %v", doc.Members)
			}
			if len(doc.Metrics[0].DimensionSets[0]) != 0 {
				t.Error("metadata are dimensions")
			}
		})
	}
}

func TestTimestamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins in the year 2000, at 12 digits
		var out emftest.Capture
		m := newMetrics(t, &out)
		start := time.Now().Add(-3 * time.Second)
		for _, test := range []struct {
			ctx context.Context
			set time.Time
		}{
			{at(start), start},
			{context.Background(), time.Now()},
			{at(start), time.Now().Add(-13 * 24 * time.Hour)},
			{at(start), time.Now().Add(2 * time.Hour)},
		} {
			out.Reset()
			r := m.Begin(test.ctx)
			r.Timestamp(test.set)
			r.Count("n", 1)
			if err := r.End(); err != nil {
				t.Fatal(err)
			}
			docs, err := out.Documents()
			if err != nil || !docs[0].Timestamp.Equal(test.set.Truncate(time.Millisecond)) {
				t.Errorf("timestamp %v, want %v (%v)", docs, test.set, err)
			}
		}
	})
}

func TestInvocationsAreIsolated(t *testing.T) {
	var out emftest.Capture
	m := newMetrics(t, &out)
	h := handle(t, m, "compiled", emf.Count)
	var wg sync.WaitGroup
	const rounds = 50
	for g := range 8 {
		wg.Go(func() {
			tenant := "t" + strconv.Itoa(g)
			for i := range rounds {
				r := m.Begin(context.Background())
				ctx := metrics.NewContext(context.Background(), r)
				r.Dimension("tenant", tenant)
				metrics.From(ctx).Count("n", g*1000+i)
				h.Add(ctx, float64(g*1000+i))
				r.In("Other", "tenant", tenant).Count("m", g*1000+i)
				if err := r.End(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	out.AssertValid(t)
	for g := range 8 {
		want := make([]float64, rounds)
		for i := range want {
			want[i] = float64(g*1000 + i)
		}
		for _, name := range []string{"n", "compiled", "m"} {
			out.AssertValues(t, name, want, "tenant", "t"+strconv.Itoa(g))
		}
	}
}

func TestOneRecorderManyGoroutines(t *testing.T) {
	var out emftest.Capture
	m := newMetrics(t, &out)
	h := handle(t, m, "compiled", emf.Count)
	r := m.Begin(context.Background())
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				r.Count("n", 1)
				r.Record(h, 1)
				r.Count("g"+strconv.Itoa(g), i)
				r.In("Other", "g", strconv.Itoa(g)).Count("n", 1)
				r.Property("p"+strconv.Itoa(i), "x")
				if i%40 == 39 {
					if err := r.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	out.AssertValid(t)
	if got := len(out.Values("n")); got != 1600 {
		t.Errorf("%d values of n, want 1600", got)
	}
	if got := len(out.Values("compiled")); got != 800 {
		t.Errorf("%d values of compiled, want 800", got)
	}
}

func TestHistogram(t *testing.T) {
	var out emftest.Capture
	m := newMetrics(t, &out)
	for _, test := range []struct {
		name     string
		value    func(i int) float64
		n        int
		maxBytes int
	}{
		{"latencies", func(i int) float64 { return math.Exp(3 + 0.8*math.Sin(float64(i)*1.7)*math.Cos(float64(i))*2) }, 100_000, 1300},
		{"small integers", func(i int) float64 { return float64(i % 7) }, 1000, 400},
		{"negative and zero", func(i int) float64 { return float64(i%2001 - 1000) }, 10_000, 0},
		{"every magnitude", func(i int) float64 { return math.Ldexp(1+float64(i%97)/97, i%700-350) }, 50_000, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			out.Reset()
			r := m.Begin(context.Background())
			exact := make([]float64, test.n)
			for i := range exact {
				exact[i] = test.value(i)
				r.Gauge("h", exact[i], metrics.Histogram)
			}
			r.Gauge("other", 1)
			if err := r.End(); err != nil {
				t.Fatal(err)
			}
			out.AssertValid(t)
			size := 0
			for _, line := range out.Lines() {
				size += len(line) + 1
			}
			if test.maxBytes > 0 && size > test.maxBytes {
				t.Errorf("%d bytes, want at most %d", size, test.maxBytes)
			}
			got := out.Values("h")
			slices.Sort(exact)
			slices.Sort(got)
			if len(got) != len(exact) {
				t.Fatalf("%d values, want %d", len(got), len(exact))
			}
			if got[0] != exact[0] || got[len(got)-1] != exact[len(exact)-1] {
				t.Errorf("extremes %v %v, want %v %v", got[0], got[len(got)-1], exact[0], exact[len(exact)-1])
			}
			worst := 0.0
			for i := range got {
				if d := math.Abs(got[i] - exact[i]); d > 0 {
					worst = max(worst, d/math.Abs(exact[i]))
				}
			}
			if worst > 0.04 {
				t.Errorf("worst relative error %.4f", worst)
			}
			t.Logf("%d values in %d bytes, worst relative error %.4f", test.n, size, worst)
		})
	}
}
