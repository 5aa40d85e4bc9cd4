package metrics_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/metrics"
	"github.com/lambdatune/lambdatune/metrics/emftest"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// TestGuardOnProzz has prozz do each thing that CloudWatch would not take, or that
// publishes wrong data.
func TestGuardOnProzz(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, test := range []struct {
		name    string
		log     func(l *emf.Logger)
		opts    []emf.LoggerOption
		reject  []string
		emitted map[string][]float64
	}{
		{"fine", func(l *emf.Logger) { l.Namespace("n").Dimension("dim", "sales").MetricAs("ok", 1, emf.Count).Log() },
			nil, nil, map[string][]float64{"ok": {1}}},
		{"NaN", func(l *emf.Logger) { l.MetricFloat("lat", math.NaN()).Metric("ok", 1).Log() },
			nil, []string{"document/"}, nil},
		{"no dimensions", func(l *emf.Logger) { l.Metric("ok", 1).Log() }, nil, nil, map[string][]float64{"ok": {1}}},
		{"31 dimensions", func(l *emf.Logger) {
			var set []emf.Dimension
			for i := range 31 {
				set = append(set, emf.NewDimension("d"+strconv.Itoa(i), "x"))
			}
			l.DimensionSet(set...).Dimension("ok", "x").Metric("ok1", 1).Log()
		}, nil, []string{"dimension set/"}, map[string][]float64{"ok1": {1}}},
		{"only bad sets", func(l *emf.Logger) { l.Dimension("d", long).Metric("lost", 1).Log() },
			nil, []string{"dimension set/", "metric/lost"}, nil},
		{"empty dimension", func(l *emf.Logger) {
			l.Dimension("", "x").Dimension("e", "").Dimension("ok", "x").Metric("ok1", 1).Log()
		},
			nil, []string{"dimension set/", "dimension set/"}, map[string][]float64{"ok1": {1}}},
		{"the same set twice", func(l *emf.Logger) { l.Dimension("a", "x").Dimension("a", "y").Metric("ok", 1).Log() },
			nil, []string{"dimension set/"}, map[string][]float64{"ok": {1}}},
		{"unit", func(l *emf.Logger) { l.MetricAs("bad", 1, "Parsecs").Metric("ok", 1).Log() },
			nil, []string{"metric/bad"}, map[string][]float64{"ok": {1}}},
		{"metric names", func(l *emf.Logger) {
			l.Metric("", 1).Metric(long, 1).Metric("a\nb", 1).Metric("_aws", 5).Metric("ok", 1).Log()
		}, nil, []string{"metric/", "metric/" + long, "metric/a\nb", "metric/_aws"}, map[string][]float64{"ok": {1}}},
		{"namespace", func(l *emf.Logger) { l.Namespace("").Metric("lost", 1).Log() },
			nil, []string{"namespace/", "metric/lost"}, nil},
		{"timestamp", func(l *emf.Logger) { l.Metric("lost", 1).Log() },
			[]emf.LoggerOption{emf.WithTimestamp(time.Now().AddDate(0, 0, -30))}, []string{"document/"}, nil},
		{"metric twice", func(l *emf.Logger) { l.MetricAs("lat", 10, emf.Milliseconds).MetricAs("lat", 999, emf.Seconds).Log() },
			nil, []string{"metric/lat"}, map[string][]float64{"lat": {999}}},
		{"property with the metric's name", func(l *emf.Logger) { l.Metric("orders", 1).Property("orders", "oops").Metric("ok", 1).Log() },
			nil, []string{"metric/orders"}, map[string][]float64{"ok": {1}}},
		{"metric with the dimension's name", func(l *emf.Logger) { l.Dimension("d", "x").Dimension("e", "x").Metric("d", 5).Metric("ok", 1).Log() },
			nil, []string{"dimension set/"}, map[string][]float64{"ok": {1}, "d": {5}}},
		{"two contexts", func(l *emf.Logger) {
			l.Namespace("A").Metric("same", 1).Metric("ok", 1)
			l.NewContext().Namespace("B").Metric("same", 777)
			l.Log()
		}, nil, []string{"metric/same"}, map[string][]float64{"ok": {1}, "same": {777, 777}}},
		{"big property", func(l *emf.Logger) { l.Property("big", strings.Repeat("x", 2<<20)).Metric("ok", 1).Log() },
			nil, []string{"property/big"}, map[string][]float64{"ok": {1}}},
		{"values out of range", func(l *emf.Logger) { l.MetricFloat("bad", math.MaxFloat64).MetricFloat("ok", 0x1p360).Log() },
			nil, []string{"metric/bad"}, map[string][]float64{"ok": {0x1p360}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out emftest.Capture
			var reported error
			w := metrics.Guard(&out, func(err error) { reported = errors.Join(reported, err) })
			test.log(emf.New(append([]emf.LoggerOption{emf.WithWriter(w), emf.WithoutDimensions()}, test.opts...)...))
			wantRejected(t, reported, test.reject...)
			out.AssertValid(t)
			for name, want := range test.emitted {
				out.AssertValues(t, name, want)
			}
			n := 0
			for _, want := range test.emitted {
				n += len(want)
			}
			if got := len(out.Values("")); got != n {
				t.Errorf("%d values emitted, want %d: %v", got, n, out.Lines())
			}
		})
	}
}

func TestGuardSplits(t *testing.T) {
	var out emftest.Capture
	var errs []error
	w := metrics.Guard(&out, func(err error) { errs = append(errs, err) })
	l := emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("n").Dimension("d", "x").Property("p", "kept")
	for i := range 250 {
		l.Metric("m"+strconv.Itoa(i), i)
	}
	l.Log()
	values := make([]string, 1000)
	for i := range values {
		values[i] = strconv.Itoa(i)
	}
	now := time.Now().UnixMilli()
	fmt.Fprintf(w, `{"_aws":{"Timestamp":%d,"LogGroupName":"g","CloudWatchMetrics":[{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"many","Unit":"Bytes","StorageResolution":1},{"Name":"hist"}]}]},"many":[%s],"hist":{"Values":[%s],"Counts":[%s]},"p":"kept"}`+"\n",
		now, strings.Join(values, ","), strings.Join(values, ","), strings.Repeat("2,", 999)+"2")
	if len(errs) > 0 {
		t.Error(errs)
	}
	out.AssertValid(t)
	for i := range 250 {
		out.AssertValues(t, "m"+strconv.Itoa(i), []float64{float64(i)}, "d", "x")
	}
	if got := len(out.Values("many")); got != 1000 {
		t.Errorf("%d values of many", got)
	}
	if got := len(out.Values("hist")); got != 2000 {
		t.Errorf("%d values of hist", got)
	}
	docs, _ := out.Documents()
	if len(docs) != 13 {
		t.Errorf("%d documents, want 3 and 10", len(docs))
	}
	for _, doc := range docs {
		if doc.Members["p"] != "kept" {
			t.Error("a document lost its property")
		}
	}
	if m := out.Metrics("many")[3]; m.Unit != "Bytes" || m.StorageResolution != 1 {
		t.Errorf("definition %+v", m)
	}

	out.Reset()
	big := emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("n").Dimension("d", "x").Property("p", strings.Repeat("p", 40_000))
	for i := range 90 {
		big.Metric(strings.Repeat("m", 240)+strconv.Itoa(i), i)
	}
	big.Log()
	out.AssertValid(t)
	if got := len(out.Values("")); got != 90 {
		t.Errorf("%d of 90 long metrics", got)
	}
	for _, line := range out.Lines() {
		if len(line) >= 64<<10 {
			t.Errorf("a line has %d bytes", len(line))
		}
	}
}

func TestGuardPassesTheRestUnchanged(t *testing.T) {
	now := strconv.FormatInt(time.Now().UnixMilli(), 10)
	for _, text := range []string{
		"plain text\n",
		"no newline",
		`{"level":"INFO","msg":"about \"_aws\" things","inner":{"_aws":1}}` + "\n",
		`time=now msg="_aws" {` + "\n",
		"one\n{\"two\":2}\nthree",
		`{ "_aws" : {"Timestamp":` + now + `,"CloudWatchMetrics":[{"Metrics":[{"Name":"a","Unit":"None","StorageResolution":60}],"Namespace":"n","Dimensions":[["d"],[]]}]},"d":"x","a":[1,2.50e1] }` + "\n",
		`{"_aws":{"Timestamp":` + now + `,"CloudWatchMetrics":[]},"x":1}` + "\n",
	} {
		var out bytes.Buffer
		n, err := metrics.Guard(&out, func(err error) { t.Error(err) }).Write([]byte(text))
		if n != len(text) || err != nil || out.String() != text {
			t.Errorf("%q became %q (%d, %v)", text, out.String(), n, err)
		}
	}
}

func TestGuardRejectsBrokenDocuments(t *testing.T) {
	now := strconv.FormatInt(time.Now().UnixMilli(), 10)
	meta := func(directives string) string {
		return `{"_aws":{"Timestamp":` + now + `,"CloudWatchMetrics":[` + directives + `]},"a":1,"s":"x","e":[],"o":{"Values":[1],"Counts":[1,2]},"big":1e400,"mix":[1,"x"]}` + "\n"
	}
	directive := func(metrics string) string {
		return meta(`{"Namespace":"n","Dimensions":[[]],"Metrics":[` + metrics + `]}`)
	}
	for _, test := range []struct {
		text string
		want []string
	}{
		{" \t\n", []string{"document/"}},
		{`{"_aws":{"Timestamp":1,"CloudWat` + "\n", []string{"document/"}},
		{`{"_aws":1}` + "\n", []string{"document/"}},
		{`{"_aws":null}` + "\n", []string{"document/"}},
		{`{"_aws":{"CloudWatchMetrics":[]}}` + "\n", []string{"document/"}},
		{`{"_aws":{"Timestamp":null,"CloudWatchMetrics":[]}}` + "\n", []string{"document/"}},
		{`{"_aws":{"Timestamp":1.5,"CloudWatchMetrics":[]}}` + "\n", []string{"document/"}},
		{`{"_aws":{"timestamp":` + now + `,"CloudWatchMetrics":[]}}` + "\n", []string{"document/"}},
		{`{"_aws":{"Timestamp":` + now + `,"CloudWatchMetrics":{}}}` + "\n", []string{"document/"}},
		{meta(`1`), []string{"document/"}},
		{meta(`{"Namespace":1,"Dimensions":[[]],"Metrics":[{"Name":"a"}]}`), []string{"namespace/", "metric/a"}},
		{meta(`{"Namespace":"n","Dimensions":[1],"Metrics":[{"Name":"a"}]}`), []string{"dimension set/", "metric/a"}},
		{meta(`{"Namespace":"n","Dimensions":[["nowhere"]],"Metrics":[{"Name":"a"}]}`), []string{"dimension set/", "metric/a"}},
		{meta(`{"Namespace":"n","Dimensions":[["s","s"],[]],"Metrics":[{"Name":"a"}]}`), []string{"dimension set/"}},
		{directive(`{}`), []string{"metric/"}},
		{directive(`7`), []string{"metric/"}},
		{directive(`{"Name":"s"}`), []string{"metric/s"}},
		{directive(`{"Name":"e"}`), []string{"metric/e"}},
		{directive(`{"Name":"o"}`), []string{"metric/o"}},
		{directive(`{"Name":"big"}`), []string{"metric/big"}},
		{directive(`{"Name":"mix"}`), []string{"metric/mix"}},
		{directive(`{"Name":"nowhere"}`), []string{"metric/nowhere"}},
		{directive(`{"Name":"a","Unit":1}`), []string{"metric/a"}},
		{directive(`{"Name":"a","Unit":""}`), []string{"metric/a"}},
		{directive(`{"Name":"a","StorageResolution":5}`), []string{"metric/a"}},
	} {
		var out emftest.Capture
		var reported error
		_, err := metrics.Guard(&out, func(err error) { reported = err }).Write([]byte(test.text))
		wantRejected(t, reported, test.want...)
		if err == nil || err.Error() != reported.Error() {
			t.Errorf("Write returned %v, reported %v", err, reported)
		}
		out.AssertValid(t)
	}
}

func TestGuardWriteErrorAndDefaultReport(t *testing.T) {
	var logged bytes.Buffer
	defer log.SetOutput(log.Writer())
	log.SetOutput(&logged)
	f := &faulty{takes: []int{5}, err: errors.New("broken pipe")}
	w := metrics.Guard(f)
	l := emf.New(emf.WithWriter(w), emf.WithoutDimensions()).Namespace("n").Metric("a", 1)
	l.Log()
	if !strings.Contains(logged.String(), "broken pipe") {
		t.Errorf("logged %q", logged.String())
	}
	l.Log()
	if lines := f.out.Lines(); len(lines) != 2 || emftest.Validate([]byte(lines[1]), time.Now()) != nil {
		t.Errorf("after a torn line: %q", lines)
	}
}

func TestGuardAddsLevel(t *testing.T) {
	t.Setenv("AWS_LAMBDA_LOG_FORMAT", "JSON")
	t.Setenv("AWS_LAMBDA_LOG_LEVEL", "ERROR")
	var out emftest.Capture
	w := metrics.Guard(&out, func(err error) { t.Error(err) })
	emf.New(emf.WithWriter(w)).Metric("a", 1).Log()
	emf.New(emf.WithWriter(w)).Metric("a", 2).Property("level", "FATAL").Log()
	out.AssertValid(t)
	docs, _ := out.Documents()
	if docs[0].Members["level"] != "ERROR" || docs[0].Members["timestamp"] == nil || docs[1].Members["level"] != "FATAL" {
		t.Errorf("lines %q", out.Lines())
	}
}

func TestLogger(t *testing.T) {
	var out emftest.Capture
	m := newMetrics(t, &out)
	r := m.Begin(context.Background())
	ctx := metrics.NewContext(context.Background(), r)
	l := metrics.Logger(ctx)
	for i := range 150 {
		l.Metric("m"+strconv.Itoa(i), i)
	}
	l.MetricFloat("bad", math.MaxFloat64).Log()
	wantRejected(t, r.Flush(), "metric/bad")
	out.AssertValid(t)
	if docs, _ := out.Documents(); len(docs) != 2 || len(out.Values("")) != 150 {
		t.Errorf("%d documents", len(docs))
	}
	if err := r.End(); err != nil {
		t.Error(err)
	}
}

// TestSameAsProzz compares with prozz where prozz is right: the documents must mean
// the same.
func TestSameAsProzz(t *testing.T) {
	now := time.Now()
	for i, test := range []struct {
		prozz func(l *emf.Logger) *emf.Logger
		ours  func(r metrics.Recorder)
	}{
		{func(l *emf.Logger) *emf.Logger {
			return l.Dimension("dim", "sales").MetricAs("Conversion", 100, emf.Count)
		},
			func(r metrics.Recorder) { r.Dimension("dim", "sales"); r.Add("Conversion", 100, emf.Count) }},
		{func(l *emf.Logger) *emf.Logger {
			return l.DimensionSet(emf.NewDimension("a", "1"), emf.NewDimension("b", "ü\"\\"[2:])).Property("p", "x\ny <&> ü").
				MetricFloatAs("f", 12.75, emf.Milliseconds).MetricAs("g", -7, emf.BytesSecond).MetricFloatAs("h", 1e21, emf.Percent).MetricFloatAs("i", 1e-9, emf.Bits)
		}, func(r metrics.Recorder) {
			r.Dimension("a", "1")
			r.Dimension("b", "\"\\")
			r.Property("p", "x\ny <&> ü")
			r.Add("f", 12.75, emf.Milliseconds)
			r.Add("g", -7, emf.BytesSecond)
			r.Add("h", 1e21, emf.Percent)
			r.Add("i", 1e-9, emf.Bits)
		}},
		{func(l *emf.Logger) *emf.Logger {
			return l.DimensionSet(emf.NewDimension("a", "1")).DimensionSet(emf.NewDimension("c", "3"), emf.NewDimension("a", "1")).MetricAs("n", 1, emf.Count)
		}, func(r metrics.Recorder) {
			r.Dimension("a", "1")
			r.DimensionSet("c", "3", "a", "1")
			r.Add("n", 1, emf.Count)
		}},
	} {
		var theirs, ours emftest.Capture
		test.prozz(emf.New(emf.WithWriter(&theirs), emf.WithoutDimensions(), emf.WithTimestamp(now)).Namespace("Summit2022")).Log()
		r := newMetrics(t, &ours).Begin(at(now))
		test.ours(r)
		if err := r.End(); err != nil {
			t.Fatal(err)
		}
		var a, b any
		if err := errors.Join(json.Unmarshal([]byte(theirs.Lines()[0]), &a), json.Unmarshal([]byte(ours.Lines()[0]), &b)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%d: differs\nprozz %s\nours  %s", i, theirs.Lines()[0], ours.Lines()[0])
		}
	}
}

// TestBesideSlog has slog share a locked writer with the metrics.
func TestBesideSlog(t *testing.T) {
	var out emftest.Capture
	w := metrics.LockedWriter(&out)
	logger := slog.New(slog.NewJSONHandler(w, nil))
	m := newMetrics(t, w)
	for i := range 100 {
		r := m.Begin(context.Background())
		logger.Info("hello", "i", i)
		r.Count("n", i)
		if err := r.End(); err != nil {
			t.Fatal(err)
		}
	}
	out.AssertValid(t)
	if got := len(out.Values("n")); got != 100 {
		t.Errorf("%d values", got)
	}
	if n := len(slices.DeleteFunc(out.Lines(), func(s string) bool { return !strings.Contains(s, `"msg":"hello"`) })); n != 100 {
		t.Errorf("%d log lines", n)
	}
}

func FuzzGuard(f *testing.F) {
	now := strconv.FormatInt(time.Now().UnixMilli(), 10)
	f.Add(`{"_aws":{"Timestamp":` + now + `,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[["d"]],"Metrics":[{"Name":"a","Unit":"Count"}]}]},"d":"x","a":1}`)
	f.Add(`{"_aws":{"Timestamp":` + now + `,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":null,"Metrics":[{"Name":"a"},{"Name":"b"},{"Name":"a"}]}]},"a":[1,2],"b":{"Values":[1],"Counts":[2]}}`)
	f.Add("text\n\n{\"_aws\":1}")
	f.Fuzz(func(t *testing.T, text string) {
		var out emftest.Capture
		metrics.Guard(&out, func(error) {}).Write([]byte(text))
		for _, line := range out.Lines() {
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "{") || !strings.Contains(line, `"_aws"`) {
				continue
			}
			if !json.Valid([]byte(line)) {
				t.Errorf("passed %q, which is no JSON", line)
			}
			err := emftest.Validate([]byte(line), time.Now())
			if err == nil || errors.Is(err, emftest.ErrNotEMF) {
				continue
			}
			// emftest is stricter than CloudWatch, which ignores unknown members.
			for _, s := range []string{"that the specification does not know", "occurs twice", "is not valid UTF-8"} {
				if strings.Contains(err.Error(), s) {
					return
				}
			}
			t.Errorf("passed %q: %v", line, err)
		}
	})
}
