package metrics

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/metrics/internal/limits"
	"github.com/lambdatune/lambdatune/metrics/internal/line"
)

// Metrics is a namespace with its default dimensions and its output: what all
// invocations share. It is immutable and safe for concurrent use. A nil or zero
// Metrics emits nothing; its recorders report that as [From] does without one.
type Metrics struct {
	out      io.Writer
	maxLine  int
	margin   time.Duration
	onError  func(error)
	level    string // the log level that passes the platform's filter, or ""
	metadata bool

	namespace string
	dims      []string // default dimensions, alternating names and values
	dimKeys   [][]byte // their names as ,"name"
	dimMask   uint64
	base      header // root documents without dimensions of their own
	bare      header // the same without the default dimensions

	coldStart, duration, errors, remaining, raiseOnEmpty bool
	functionName                                         string
	began                                                atomic.Bool // the middleware has seen an invocation
	torn                                                 atomic.Bool // the output ends within a line
	lost                                                 bool        // nothing can be emitted: From without a recorder

	pool sync.Pool // of *state
}

// header is the part of a document that depends on namespace and default
// dimensions only.
type header struct {
	prefix  []byte     // {"_aws":{"Timestamp":…,"CloudWatchMetrics":[{"Namespace":"…","Dimensions":[
	names   [][]string // the default dimension sets, of quoted names
	sets    [][]byte   // the same without brackets: "a","b"
	keys    int        // of the largest set
	head    []byte     // prefix, the sets, and ],"Metrics":[
	members []byte     // ,"a":"…","b":"…"
}

// New returns a Metrics that publishes in namespace, 1 to 255 of the characters
// A-Z a-z 0-9 . - _ / # : and space, not beginning with a colon or "AWS/". An
// empty namespace means the environment's POWERTOOLS_METRICS_NAMESPACE.
//
// Two more variables are read as Powertools for AWS Lambda reads them:
// POWERTOOLS_SERVICE_NAME becomes the default dimension "service", and with
// POWERTOOLS_METRICS_DISABLED true everything is checked but nothing written.
// With AWS_LAMBDA_LOG_FORMAT JSON and an AWS_LAMBDA_LOG_LEVEL of WARN or above,
// documents carry that level, because Lambda drops lines without one as INFO;
// the root members "level" and "timestamp" are reserved then.
//
// The error joins all that is wrong, each as a [*RejectedError].
func New(namespace string, opts ...Option) (*Metrics, error) {
	c := config{maxLine: limits.LineDefault, margin: 50 * time.Millisecond}
	for _, opt := range opts {
		opt(&c)
	}
	if namespace == "" {
		namespace = os.Getenv("POWERTOOLS_METRICS_NAMESPACE")
	}
	if why := limits.Namespace(namespace); why != "" {
		c.errs = append(c.errs, &RejectedError{Kind: "namespace", Name: namespace, Count: 1, Reason: why})
	}
	if s := os.Getenv("POWERTOOLS_SERVICE_NAME"); s != "" && !hasName(c.dims, "service") {
		c.dims = append([]string{"service", s}, c.dims...)
	}
	m := &Metrics{
		out: serialized(c.out), maxLine: c.maxLine, margin: c.margin, onError: c.onError,
		level: line.PassingLevel(), metadata: !c.noMetadata, namespace: namespace,
		coldStart: !c.noColdStart && onDemand(), duration: c.duration, errors: c.errors,
		remaining: c.remaining, raiseOnEmpty: c.raiseOnEmpty,
		functionName: os.Getenv("AWS_LAMBDA_FUNCTION_NAME"),
	}
	if m.onError == nil {
		m.onError = func(err error) { log.Print(err) }
	}
	if disabled() {
		m.out = io.Discard
	}
	m.setDimensions(&c)
	if err := c.err(); err != nil {
		return nil, err
	}
	if n := len(m.base.head) + len(m.base.members) + line.LevelLen + limits.Reserve; n > m.maxLine {
		return nil, &RejectedError{Kind: "dimension", Count: 1, Reason: fmt.Sprintf(
			"the default dimensions need lines of %d bytes, allowed are %d; see WithMaxLine", n, m.maxLine)}
	}
	return m, nil
}

// setDimensions checks and compiles the default dimensions.
func (m *Metrics) setDimensions(c *config) {
	reject := func(name, why string) {
		c.errs = append(c.errs, &RejectedError{Kind: "dimension", Name: name, Count: 1, Reason: why})
	}
	var all []string
	for i := 0; i < len(c.dims); i += 2 {
		name, value := c.dims[i], c.dims[i+1]
		why := limits.DimensionName(name)
		if why == "" {
			why = limits.DimensionValue(value)
		}
		if why == "" && m.reserves(name) {
			why = line.ReservedForLevel
		}
		if why == "" && hasName(m.dims, name) {
			why = "the dimension is given twice"
		}
		if why != "" {
			reject(name, why)
			continue
		}
		m.dims = append(m.dims, name, value)
		key := line.AppendKey(nil, name)
		m.dimKeys = append(m.dimKeys, key[:len(key)-1])
		m.dimMask |= nameBit(name)
		all = append(all, name)
	}
	sets := c.sets
	if !c.haveSets {
		sets = [][]string{all}
	}
	for i, set := range sets {
		if slices.ContainsFunc(sets[:i], func(other []string) bool { return sameNames(other, set) }) {
			reject("", "a dimension set is given twice: "+strings.Join(set, ", "))
		}
		if len(set) > limits.Dimensions {
			reject("", fmt.Sprintf("a dimension set has %d dimensions, allowed are 30", len(set)))
		}
		for i, name := range set {
			if !hasName(c.dims, name) {
				reject(name, "a dimension set names it, but it is no default dimension")
			} else if slices.Contains(set[:i], name) {
				reject(name, "a dimension set names it twice")
			}
		}
	}
	m.base = newHeader(m.namespace, sets, m.dims)
	m.bare = newHeader(m.namespace, [][]string{nil}, nil)
}

func newHeader(namespace string, sets [][]string, dims []string) header {
	var h header
	h.prefix = line.AppendPrefix(nil, namespace)
	for _, set := range sets {
		var names []string
		var b []byte
		for i, name := range set {
			if i > 0 {
				b = append(b, ',')
			}
			b = line.AppendString(b, name)
			names = append(names, string(line.AppendString(nil, name)))
		}
		h.names = append(h.names, names)
		h.sets = append(h.sets, b)
		h.keys = max(h.keys, len(set))
	}
	h.head = append(h.head, h.prefix...)
	h.head = append(h.head, '[')
	h.head = append(h.head, bytes.Join(h.sets, []byte("],["))...)
	h.head = append(h.head, "]"+line.HeadMetrics...)
	for i := 0; i < len(dims); i += 2 {
		h.members = line.AppendMember(h.members, dims[i], dims[i+1])
	}
	return h
}

// Begin returns a recorder for one invocation, to be ended with [Recorder.End].
// [Metrics.Middleware] does both, so only code without it needs Begin. The
// documents' timestamp is the start of the invocation in ctx, or now.
func (m *Metrics) Begin(ctx context.Context) Recorder {
	m = m.orNone()
	s, _ := m.pool.Get().(*state)
	if s == nil {
		s = newState(m)
	}
	inv := invocation.From(ctx)
	ts := time.Time{}
	if inv != nil {
		ts = inv.Start
	}
	if ts.IsZero() {
		ts = time.Now()
	}
	// No lock: until Begin returns, no recorder has the generation to touch this.
	s.ts = ts.UnixMilli()
	if m.metadata {
		s.addMetadata(ctx, inv)
	}
	return Recorder{s: s, gen: s.gen}
}

// orNone returns m, or one that emits nothing if m is not from New.
func (m *Metrics) orNone() *Metrics {
	if m == nil || m.out == nil {
		return noMetrics()
	}
	return m
}

// addMetadata adds who is running as properties. They are never dimensions:
// each value would make, and bill, a metric of its own.
func (s *state) addMetadata(ctx context.Context, inv *invocation.Value) {
	var trace string
	if inv != nil {
		trace = inv.TraceID
		if inv.RequestID != "" {
			s.addProperty("requestId", inv.RequestID, nil)
		}
	} else {
		// Under this key aws-lambda-go passes the trace header on.
		trace, _ = ctx.Value("x-amzn-trace-id").(string)
	}
	if strings.Contains(trace, "Sampled=1") {
		s.addProperty("traceId", trace, nil)
	}
}

// hasName reports whether one of the alternating names and values is name.
func hasName(pairs []string, name string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == name {
			return true
		}
	}
	return false
}

// reserves reports whether lines need name for the level.
func (m *Metrics) reserves(name string) bool {
	return m.level != "" && (name == "level" || name == "timestamp")
}

func disabled() bool {
	switch strings.ToLower(os.Getenv("POWERTOOLS_METRICS_DISABLED")) {
	case "1", "true", "t", "yes", "y", "on":
		return true
	}
	return false
}

// onDemand is false where environments are initialized ahead of invocations, so
// that no caller waits for a cold start.
func onDemand() bool {
	switch os.Getenv("AWS_LAMBDA_INITIALIZATION_TYPE") {
	case "provisioned-concurrency", "lambda-managed-instances":
		return false
	}
	return true
}
