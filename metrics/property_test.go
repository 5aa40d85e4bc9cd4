package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/metrics"
	"github.com/lambdatune/lambdatune/metrics/emftest"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// The property: whatever is recorded, every accepted value appears exactly once in a
// document that emftest accepts, under the right namespace, unit, resolution and
// dimension sets, and everything else is named in the error, as often as it was
// recorded. A plain model that knows nothing of buffers, prediction and splitting
// says what has to be accepted.

// model is the reference: what a recorder was told.
type model struct {
	maxLine   int
	docs      []*modelDoc
	props     map[string]int // key → size of the value
	rejected  map[string]int // kind/name → how often
	emitted   []emitted
	histogram map[string][]float64 // identity → values
	through   bool
}

type modelDoc struct {
	namespace string
	bad       bool
	defaults  map[string]string
	sets      [][]string // defaults, then further ones
	nDefault  int
	values    map[string]string // of own dimensions
	metrics   map[string]*modelMetric
	order     []string
}

type modelMetric struct {
	unit   string
	opts   metrics.MetricOption
	values []float64
}

// emitted is one value as it must come out.
type emitted struct {
	identity string // namespace, dimension sets, name, unit, resolution
	value    float64
}

func identity(namespace, name, unit string, resolution int, sets []map[string]string) string {
	var all []string
	for _, set := range sets {
		var s []string
		for k, v := range set {
			s = append(s, k+"="+v)
		}
		slices.Sort(s)
		all = append(all, strings.Join(s, ","))
	}
	slices.Sort(all)
	return fmt.Sprintf("%s|%q|%s|%s|%d", namespace, all, name, unit, resolution)
}

func (m *model) reject(kind, name string, n int) {
	if n > 0 {
		m.rejected[kind+"/"+name] += n
	}
}

func validName(name string) bool {
	n := utf8.RuneCountInString(name)
	return utf8.ValidString(name) && n >= 1 && n <= 255 && strings.TrimSpace(name) != "" && name != "_aws" &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < 32 || r == 127 })
}

func validValue(v float64) bool {
	return !math.IsNaN(v) && math.Abs(v) <= math.Pow(2, 360)
}

func validDimension(s string, limit int) bool {
	return s != "" && len(s) <= limit && strings.TrimSpace(s) != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < 32 || r > 126 })
}

func (m *model) add(d *modelDoc, name, unit string, opts metrics.MetricOption, values ...float64) {
	valid := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return !validValue(v) })
	m.reject("metric", name, len(values)-len(valid))
	known := unit == "" || slices.Contains([]string{"None", "Count", "Milliseconds", "Count/Second"}, unit)
	if unit == "" {
		unit = "None"
	}
	old := d.metrics[name]
	if d.bad || !validName(name) || !known || old != nil && (old.unit != unit || old.opts != opts) {
		m.reject("metric", name, len(valid))
		return
	}
	if len(valid) == 0 {
		return
	}
	if old == nil {
		old = &modelMetric{unit: unit, opts: opts}
		d.metrics[name] = old
		d.order = append(d.order, name)
	}
	old.values = append(old.values, valid...)
	if m.through {
		m.flush()
	}
}

func (m *model) dimension(d *modelDoc, name, value string, all bool) bool {
	ok := validDimension(name, 250) && name[0] != ':' && name != "_aws" && validDimension(value, 1024)
	if def, is := d.defaults[name]; ok && is {
		if def != value {
			m.reject("dimension", name, 1)
		}
		return def == value
	}
	old, is := d.values[name]
	ok = ok && (!is || old == value)
	if ok && all {
		for i := range d.nDefault {
			if !slices.Contains(d.sets[i], name) && len(d.sets[i]) >= 30 {
				ok = false
			}
		}
	}
	if !ok {
		m.reject("dimension", name, 1)
		return false
	}
	d.values[name] = value
	if all {
		for i := range d.nDefault {
			if !slices.Contains(d.sets[i], name) {
				d.sets[i] = append(d.sets[i], name)
			}
		}
	}
	return true
}

func (m *model) dimensionSet(d *modelDoc, pairs []string) {
	before := maps.Clone(d.values)
	ok := len(pairs)%2 == 0 && len(pairs) <= 60
	var set []string
	for i := 0; ok && i < len(pairs); i += 2 {
		if slices.Contains(set, pairs[i]) || !m.dimension(d, pairs[i], pairs[i+1], false) {
			ok = false
		}
		set = append(set, pairs[i])
	}
	if !ok {
		d.values = before
		m.reject("dimension set", "", 1)
		return
	}
	d.sets = append(d.sets, set)
}

func (m *model) flush() {
	for _, d := range m.docs {
		if len(d.order) == 0 {
			continue
		}
		var sets []map[string]string
		for _, set := range d.sets {
			values := map[string]string{}
			for _, name := range set {
				values[name] = d.values[name]
				if v, ok := d.defaults[name]; ok {
					values[name] = v
				}
			}
			if !slices.ContainsFunc(sets, func(other map[string]string) bool { return maps.Equal(other, values) }) {
				sets = append(sets, values)
			}
		}
		isDimension := func(name string) bool {
			_, a := d.values[name]
			_, b := d.defaults[name]
			return a || b
		}
		for key, size := range m.props {
			if _, ok := d.metrics[key]; ok || isDimension(key) || size > m.maxLine {
				m.reject("property", key, 1)
			}
		}
		for _, name := range d.order {
			metric := d.metrics[name]
			if isDimension(name) {
				m.reject("metric", name, len(metric.values))
				continue
			}
			resolution := 60
			if metric.opts&metrics.HighResolution != 0 {
				resolution = 1
			}
			id := identity(d.namespace, name, metric.unit, resolution, sets)
			for _, v := range metric.values {
				if metric.opts&metrics.Histogram != 0 {
					m.histogram[id] = append(m.histogram[id], v)
				} else {
					m.emitted = append(m.emitted, emitted{id, v + 0}) // never negative zero
				}
			}
		}
		d.metrics, d.order = map[string]*modelMetric{}, nil
	}
}

// program is a source of choices: fuzz input, or random.
type program struct {
	data []byte
	n    int // values handed out
}

func (p *program) next(n int) int {
	if len(p.data) == 0 {
		return 0
	}
	b := p.data[0]
	p.data = p.data[1:]
	return int(b) % n
}

func pick[T any](p *program, from []T) T { return from[p.next(len(from))] }

var (
	names = []string{"a", "b", "lat", "size", "with \"quotes\"", "back\\slash", "ünïcödé", "</script>&", strings.Repeat("n", 255), strings.Repeat("é", 255),
		"d0", "dim", "requestId", "", " ", "_aws", "x\ny", "\xff\xfe", strings.Repeat("n", 256), "nul\x00"}
	unitNames = []string{"", "None", "Count", "Count", "Milliseconds", "Count/Second", "Parsecs", "count"}
	options   = []metrics.MetricOption{0, 0, 0, metrics.HighResolution, metrics.Histogram, metrics.Histogram | metrics.HighResolution}
	dimNames  = []string{"d0", "d1", "d2", "a", "lat", "dim", "q\"uote", ":colon", "", "_aws", "ä", "tab\t", strings.Repeat("D", 251)}
	dimValues = []string{"x", "y", "sales", "with \"quotes\" and \\", "", "  ", "ü", "new\nline", strings.Repeat("v", 1025)}
	propKeys  = []string{"p0", "p1", "requestId", "a", "d0", "dim", "k\"ey", "ключ"}
	spaces    = []string{"", "", "Other", "Some/Other #1", "AWS/Lambda", "ns\n", "Summit2022"}
)

// value returns a value that no other call returned, or one that is not accepted.
func (p *program) value() float64 {
	p.n++
	v := float64(p.n)
	switch p.next(16) {
	case 0:
		return math.NaN()
	case 1:
		return math.Inf(1 - 2*p.next(2))
	case 2:
		return math.Ldexp(1, 361)
	case 3, 4:
		return v + 0.5
	case 5:
		return v / 1000
	case 6:
		return -v * math.Pi
	case 7:
		return v * 0x1p340
	case 8:
		return v * 0x1p-1070 // subnormal
	case 9:
		return v*1e15 + 1
	case 10:
		return v / 3
	}
	return v
}

// errWriter fails one Write, after having taken some of it.
type errWriter struct {
	out    bytes.Buffer
	writes int
	failAt int // which Write fails; 0: none
	takes  int // bytes it takes; negative: all but these
}

var errInjected = errors.New("injected")

func (w *errWriter) Write(p []byte) (int, error) {
	w.writes++
	if p[len(p)-1] != '\n' {
		panic("a line without newline is written")
	}
	if w.writes != w.failAt {
		return w.out.Write(p)
	}
	n := min(w.takes, len(p))
	if w.takes < 0 {
		n = max(0, len(p)+w.takes)
	}
	w.out.Write(p[:n])
	return n, errInjected
}

// recorded counts the values of all programs.
var recorded atomic.Int64

// run executes a program with both and returns what is wrong, or "".
func run(data []byte, prepare int) string {
	p := &program{data: data}
	limit := pick(p, []int{65535, 4096, 8192, 1<<20 - 26})
	w := &errWriter{failAt: max(0, p.next(24)-12), takes: pick(p, []int{0, 0, 10, -1, 1 << 30})}
	opts := []metrics.Option{metrics.WithWriter(w), metrics.WithMaxLine(limit), metrics.WithDimensions("dim", "sales", "svc", "orders")}
	sets := [][]string{{"dim", "svc"}}
	if p.next(2) == 1 {
		sets = [][]string{{"dim"}, {}, {"svc", "dim"}}
		opts = append(opts, metrics.WithDimensionSets(sets...))
	}
	m, err := metrics.New("Summit2022", opts...)
	if err != nil {
		return err.Error()
	}
	var handles []*metrics.Metric
	for _, name := range []string{"lat", "compiled", "with \"quotes\""} {
		h, err := m.Metric(name, emf.Count)
		if err != nil {
			return err.Error()
		}
		handles = append(handles, h)
	}
	handleNames := []string{"lat", "compiled", "with \"quotes\""}

	// Pooled recorders remember names: have them remember something.
	if prepare > 0 {
		if prepare > len(p.data) {
			prepare = len(p.data)
		}
		failAt := w.failAt
		w.failAt = 0
		r := m.Begin(context.Background())
		execute(&program{data: p.data[:prepare]}, newModel(limit, sets), r, handles, handleNames)
		r.End()
		w.out.Reset()
		w.writes, w.failAt = 0, failAt
	}
	ref := newModel(limit, sets)
	r := m.Begin(context.Background())
	var errs []error
	if err := execute(p, ref, r, handles, handleNames); err != nil {
		errs = append(errs, err)
	}
	ref.flush()
	if err := r.End(); err != nil {
		errs = append(errs, err)
	}
	recorded.Add(int64(p.n))
	return ref.compare(w, errors.Join(errs...))
}

func newModel(limit int, sets [][]string) *model {
	ref := &model{maxLine: limit, props: map[string]int{}, rejected: map[string]int{}, histogram: map[string][]float64{}}
	ref.docs = []*modelDoc{newModelDoc("Summit2022", map[string]string{"dim": "sales", "svc": "orders"}, sets)}
	return ref
}

func newModelDoc(namespace string, defaults map[string]string, sets [][]string) *modelDoc {
	d := &modelDoc{namespace: namespace, defaults: defaults, nDefault: len(sets), values: map[string]string{}, metrics: map[string]*modelMetric{}}
	for _, set := range sets {
		d.sets = append(d.sets, slices.Clone(set))
	}
	return d
}

// execute tells recorder and model the same.
func execute(p *program, ref *model, root metrics.Recorder, handles []*metrics.Metric, handleNames []string) error {
	var errs []error
	type key struct{ namespace, dims string }
	type place struct {
		r metrics.Recorder
		d *modelDoc
	}
	here := place{root, ref.docs[0]}
	places := map[key]place{}
	dimBudget := 20
	for ops := 0; len(p.data) > 0 && ops < 400; ops++ {
		r, d := here.r, here.d
		switch p.next(20) {
		default:
			name, unit, opt, v := pick(p, names), pick(p, unitNames), pick(p, options), p.value()
			r.Add(name, v, metrics.Unit(unit), opt)
			ref.add(d, name, unit, opt, v)
		case 1, 2:
			v, i := p.value(), p.next(len(handles))
			r.Record(handles[i], v)
			ref.add(d, handleNames[i], "Count", 0, v)
		case 3:
			n := p.next(256)
			values := make([]float64, n)
			for i := range values {
				p.n++
				values[i] = float64(p.n) + 0.25
			}
			if n > 3 && p.next(4) == 0 {
				values[1] = math.NaN()
			}
			name, opt := pick(p, names[:10]), pick(p, options)
			r.AddValues(name, values, emf.Milliseconds, opt)
			if n > 0 {
				ref.add(d, name, "Milliseconds", opt, values...)
			}
		case 4:
			n := 1 + p.next(256)
			for i := range n {
				p.n++
				name := "m" + strconv.Itoa(i)
				r.Count(name, p.n)
				ref.add(d, name, "Count", 0, float64(p.n))
			}
		case 5:
			v := p.value()
			r.Gauge("g", v, metrics.HighResolution)
			ref.add(d, "g", "", metrics.HighResolution, v)
		case 6:
			p.n++
			r.Duration("t", time.Duration(p.n)*time.Microsecond)
			ref.add(d, "t", "Milliseconds", 0, float64(p.n)/1000)
		case 7, 8:
			if dimBudget--; dimBudget < 0 {
				continue
			}
			name, value := pick(p, dimNames), pick(p, dimValues)
			r.Dimension(name, value)
			ref.dimension(d, name, value, true)
		case 9:
			if dimBudget -= 4; dimBudget < 0 {
				continue
			}
			var pairs []string
			for range p.next(5) {
				pairs = append(pairs, pick(p, dimNames[:8]), pick(p, dimValues[:5]))
			}
			if p.next(8) == 0 {
				pairs = append(pairs, "odd")
			}
			r.DimensionSet(pairs...)
			ref.dimensionSet(d, pairs)
		case 10:
			if dimBudget--; dimBudget < 0 {
				continue
			}
			namespace := pick(p, spaces)
			var pairs []string
			for range p.next(3) {
				pairs = append(pairs, pick(p, []string{"t0", "t1", "a"}), pick(p, []string{"x", "y", ""}))
			}
			in := root.In(namespace, pairs...)
			if namespace == "Summit2022" {
				namespace = ""
			}
			k := key{namespace, strings.Join(pairs, "\xff")}
			if old, ok := places[k]; ok {
				here = old
				if old.r != in {
					errs = append(errs, errors.New("In returned another recorder"))
				}
				continue
			}
			n := namespace
			if n == "" {
				n = "Summit2022"
			}
			doc := newModelDoc(n, nil, [][]string{{}})
			if doc.bad = n == "AWS/Lambda" || n == "ns\n"; doc.bad {
				ref.reject("namespace", n, 1)
			}
			ref.docs = append(ref.docs, doc)
			for i := 0; i < len(pairs); i += 2 {
				ref.dimension(doc, pairs[i], pairs[i+1], true)
			}
			here = place{in, doc}
			places[k] = here
		case 11:
			here = place{root, ref.docs[0]}
		case 12, 13:
			k, v := pick(p, propKeys), pick(p, []string{"", "v", "\"\n\x00\xff", strings.Repeat("w", 100)})
			r.Property(k, v)
			ref.props[k] = len(v)
		case 14:
			k := pick(p, propKeys)
			r.PropertyJSON(k, map[string]any{"n": p.n, "list": []string{"<", ">"}})
			ref.props[k] = 20
		case 15:
			k := pick(p, propKeys)
			n := pick(p, []int{10, ref.maxLine + 1, 10})
			r.Property(k, strings.Repeat("z", n))
			ref.props[k] = n
		case 16:
			k := pick(p, []string{"", "_aws", "\xff"})
			r.Property(k, "v")
			ref.reject("property", k, 1)
		case 17:
			if p.next(4) > 0 {
				continue
			}
			ref.flush()
			if err := r.Flush(); err != nil {
				errs = append(errs, err)
			}
		case 18:
			if p.next(16) > 0 {
				continue
			}
			r.WriteThrough()
			ref.flush()
			ref.through = true
		}
	}
	return errors.Join(errs...)
}

// compare says what the recorder did otherwise than the model, or "".
func (m *model) compare(w *errWriter, err error) string {
	got := map[string]int{}
	var walk func(error) string
	walk = func(err error) string {
		if r, ok := err.(*metrics.RejectedError); ok {
			got[r.Kind+"/"+r.Name] += r.Count
			return ""
		}
		if j, ok := err.(interface{ Unwrap() []error }); ok {
			for _, err := range j.Unwrap() {
				if s := walk(err); s != "" {
					return s
				}
			}
			return ""
		}
		if err != nil && !errors.Is(err, errInjected) {
			return "unexpected error: " + err.Error()
		}
		return ""
	}
	if s := walk(err); s != "" {
		return s
	}
	if !maps.Equal(got, m.rejected) {
		return fmt.Sprintf("rejected %v\n    want %v\nerror %v", got, m.rejected, err)
	}
	var out []emitted
	histograms := map[string][]float64{}
	torn := 0
	for line := range strings.SplitSeq(strings.TrimSuffix(w.out.String(), "\n"), "\n") {
		if line == "" {
			continue
		}
		if len(line) >= m.maxLine {
			return fmt.Sprintf("a line has %d bytes, allowed are %d", len(line)+1, m.maxLine)
		}
		doc, err := emftest.Parse([]byte(line), time.Now())
		if err != nil {
			if torn++; torn > 1 || w.takes <= 0 || w.failAt > w.writes {
				return fmt.Sprintf("%v\n%s", err, line)
			}
			continue
		}
		for _, metric := range doc.Metrics {
			id := identity(metric.Namespace, metric.Name, metric.Unit, metric.StorageResolution, metric.DimensionSets)
			for i, v := range metric.Values {
				if metric.Counts == nil {
					out = append(out, emitted{id, v})
					continue
				}
				for range metric.Counts[i] {
					histograms[id] = append(histograms[id], v)
				}
			}
		}
	}
	order := func(a, b emitted) int {
		if c := strings.Compare(a.identity, b.identity); c != 0 {
			return c
		}
		switch {
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return 0
	}
	slices.SortFunc(out, order)
	slices.SortFunc(m.emitted, order)
	if !slices.Equal(out, m.emitted) {
		counts := map[emitted]int{}
		for _, e := range out {
			counts[e]++
		}
		for _, e := range m.emitted {
			counts[e]--
		}
		maps.DeleteFunc(counts, func(_ emitted, n int) bool { return n == 0 })
		return fmt.Sprintf("emitted too often, or too seldom if negative: %.3000v\n%.3000v", counts, err)
	}
	if len(histograms) != len(m.histogram) {
		return fmt.Sprintf("%d histograms, want %d", len(histograms), len(m.histogram))
	}
	for id, want := range m.histogram {
		got := histograms[id]
		slices.Sort(got)
		slices.Sort(want)
		if len(got) != len(want) {
			return fmt.Sprintf("histogram %s has %d values, want %d", id, len(got), len(want))
		}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 0.04*math.Abs(want[i]) {
				return fmt.Sprintf("histogram %s has %v, want %v", id, got[i], want[i])
			}
		}
	}
	return ""
}

func FuzzRecorder(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 15 {
		f.Add(randomBytes(rng, 20*n), 10*n)
	}
	f.Fuzz(func(t *testing.T, data []byte, prepare int) {
		if s := run(data, prepare); s != "" {
			t.Error(s)
		}
	})
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

var propertyTime = flag.Duration("property", 0, "how long TestProperty runs; 0 is 300 programs")

// TestProperty runs random programs. For a long run by hand:
//
//	nice -n 19 go test -run TestProperty -property 30m -timeout 0 -v ./metrics
func TestProperty(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	begin := time.Now()
	n := 0
	for ; n < 300 && *propertyTime == 0 || time.Since(begin) < *propertyTime; n++ {
		if raceEnabled && n == 50 && *propertyTime == 0 {
			break
		}
		data := randomBytes(rng, rng.IntN(500))
		prepare := rng.IntN(400) - 100
		if s := run(data, prepare); s != "" {
			t.Fatalf("seed %d, program %d: run(%#v, %d): %s", seed, n, data, prepare, s)
		}
	}
	t.Logf("%d programs recorded %d values, seed %d, %v", n, recorded.Load(), seed, time.Since(begin).Round(time.Millisecond))
}
