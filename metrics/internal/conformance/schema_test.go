package conformance

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/metrics"
	"github.com/lambdatune/lambdatune/metrics/emftest"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schema(tb testing.TB) *jsonschema.Schema {
	tb.Helper()
	s, err := jsonschema.NewCompiler().Compile("testdata/emf-schema.json")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func validate(s *jsonschema.Schema, line string) error {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

// TestDocumentsFollowTheSchema records everything there is, within limits and past
// them, and has the schema judge what comes out.
func TestDocumentsFollowTheSchema(t *testing.T) {
	s := schema(t)
	var out emftest.Capture
	m, err := metrics.New("Summit2022", metrics.WithWriter(&out), metrics.WithDimensions("dim", "sales"), metrics.WithDimensionSets([]string{"dim"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	units := []metrics.Unit{"", emf.None, emf.Count, emf.Milliseconds, emf.KilobytesSecond, "Parsecs"}
	names := []string{"a", "b\"", "ü", "", "_aws", "dim", "x\ny", strings.Repeat("n", 255), strings.Repeat("n", 256)}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		r := m.Begin(context.Background())
		for range rng.IntN(40) {
			name, unit := names[rng.IntN(len(names))], units[rng.IntN(len(units))]
			switch rng.IntN(8) {
			case 0:
				r.AddValues(name, make([]float64, rng.IntN(250)), unit)
			case 1:
				r.Add(name, math.NaN(), unit)
			case 2:
				for i := range rng.IntN(150) {
					r.Count(fmt.Sprint("m", i), i, metrics.HighResolution)
				}
			case 3:
				r.Dimension([]string{"d", "e", "", strings.Repeat("d", 251)}[rng.IntN(4)], "x")
			case 4:
				r.DimensionSet("s", "1", "t", "2")
			case 5:
				r.In("Other").Gauge(name, rng.NormFloat64(), metrics.Histogram)
			default:
				r.Add(name, rng.NormFloat64(), unit)
			}
		}
		r.PropertyJSON("p", map[string]any{"q": []int{1}})
		r.End()
	}
	out.AssertValid(t)
	for _, line := range out.Lines() {
		if err := validate(s, line); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
	}
	t.Logf("%d documents follow the schema", len(out.Lines()))
}

// FuzzValidatorIsStricterThanTheSchema changes documents: what emftest accepts, the
// schema must accept as well.
func FuzzValidatorIsStricterThanTheSchema(f *testing.F) {
	s := schema(f)
	now := time.UnixMilli(1_790_000_000_123)
	f.Add([]byte(`{"_aws":{"Timestamp":1790000000123,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[["d"],[]],"Metrics":[{"Name":"a","Unit":"Count","StorageResolution":1},{"Name":"b"}]}]},"d":"x","a":[1,2.5],"b":{"Values":[1],"Counts":[2]},"p":null}`))
	f.Add([]byte(`{"_aws":{"Timestamp":1790000000123,"CloudWatchMetrics":[]}}`))
	f.Add([]byte(`{"_aws":{"Timestamp":1790000000123,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":null,"Metrics":[{"Name":"a","Unit":"Parsecs"}]}]},"a":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if emftest.Validate(line, now) != nil {
			return
		}
		if err := validate(s, string(bytes.TrimSuffix(line, []byte("\n")))); err != nil {
			t.Errorf("emftest accepts %s, the schema does not: %v", line, err)
		}
	})
}

// TestSchemaTellsFailures makes sure that the schema is one: it refuses what prozz
// writes without dimensions and with an unknown unit.
func TestSchemaTellsFailures(t *testing.T) {
	s := schema(t)
	for name, log := range map[string]func(*emf.Logger){
		"dimensions": func(l *emf.Logger) { l.Metric("a", 1).Log() },
		"unit":       func(l *emf.Logger) { l.Dimension("d", "x").MetricAs("a", 1, "Parsecs").Log() },
		"name":       func(l *emf.Logger) { l.Dimension("d", "x").Metric("", 1).Log() },
	} {
		var out bytes.Buffer
		log(emf.New(emf.WithWriter(&out), emf.WithoutDimensions()))
		if validate(s, out.String()) == nil {
			t.Errorf("%s: the schema accepts %s", name, out.String())
		}
		if emftest.Validate(out.Bytes(), time.Now()) == nil {
			t.Errorf("%s: emftest accepts %s", name, out.String())
		}
	}
}
