package metrics

import (
	"context"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
	"github.com/lambdatune/lambdatune/metrics/internal/line"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// Unit is the unit type of prozz/aws-embedded-metrics-golang, whose constants
// are used as they are: emf.Count, emf.Milliseconds. Empty means None.
type Unit = emf.MetricUnit

// MetricOption is a property of a metric's definition; several may be given.
type MetricOption uint8

const (
	// HighResolution stores the metric at 1 s rather than 60 s.
	HighResolution MetricOption = 1 << iota

	// Histogram collects the values of one document in buckets and emits them
	// as {"Values":[…],"Counts":[…]}, about a kilobyte for 100,000 values. The
	// format's specification does not mention this form; AWS's own metrique and
	// the OpenTelemetry EMF exporter emit it. The smallest and the largest
	// value, and values of which a bucket saw no other, are exact, all others
	// within 4 %. Without it values are emitted one by one.
	Histogram
)

// Metric is a metric's definition, checked and encoded once, for the hot path.
// It is immutable and safe for concurrent use.
type Metric struct {
	m    *Metrics
	name string
	unit Unit
	opts MetricOption
	bit  uint64
	def  []byte // {"Name":"…","Unit":"…"}
	key  []byte // ,"…":
}

// Metric returns a handle for the metric. Names have 1 to 255 characters.
func (m *Metrics) Metric(name string, unit Unit, opts ...MetricOption) (*Metric, error) {
	m = m.orNone()
	why := limits.MetricName(name)
	known, ok := limits.Unit(unit)
	if why == "" && !ok {
		why = limits.BadUnit
	}
	if why == "" && m.reserves(name) {
		why = line.ReservedForLevel
	}
	if why == "" && hasName(m.dims, name) {
		why = "the name is also a default dimension's"
	}
	if why != "" {
		return nil, &RejectedError{Kind: "metric", Name: name, Count: 1, Reason: why}
	}
	h := &Metric{m: m, name: name, unit: known, opts: join(opts), bit: nameBit(name)}
	h.def = line.AppendDefinition(nil, name, known, h.opts&HighResolution != 0)
	h.key = line.AppendKey(nil, name)
	return h, nil
}

// Add records value with the recorder in ctx. Without one it writes a document
// of its own at once, whose error goes to the error handler; nothing is lost.
func (h *Metric) Add(ctx context.Context, value float64) {
	if r, ok := recorderFrom(ctx); ok {
		r.Record(h, value)
		return
	}
	if h == nil || h.m == nil {
		From(ctx).Record(h, value)
		return
	}
	r := h.m.Begin(ctx)
	r.Record(h, value)
	if err := r.End(); err != nil {
		h.m.onError(err)
	}
}

func join(opts []MetricOption) MetricOption {
	var all MetricOption
	for _, o := range opts {
		all |= o
	}
	return all
}

// nameBit maps a name to one bit of a set that can tell quickly that two lists
// of names have none in common.
func nameBit(name string) uint64 {
	n := len(name)
	if n == 0 {
		return 1
	}
	h := uint(n)*7 + uint(name[0])*3 + uint(name[n/2])*11 + uint(name[n-1])*13
	return 1 << (h & 63)
}
