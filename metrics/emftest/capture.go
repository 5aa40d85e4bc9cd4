package emftest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Capture is an [io.Writer] that keeps what is written to it, for
// metrics.WithWriter or as anything's standard output. The zero value is ready and
// safe for concurrent use.
type Capture struct {
	mu    sync.Mutex
	lines []captured
	torn  []byte
	errs  []error
}

type captured struct {
	line []byte
	at   time.Time

	parsed bool
	doc    *Document
	err    error
}

// Write keeps p. A document must come in one Write: where others write to the same
// pipe, one in pieces is torn apart. [Capture.AssertValid] reports it.
func (c *Capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.torn) > 0 {
		c.errs = append(c.errs, fmt.Errorf("emftest: a line came in several Writes: %.80q, then %.80q", c.torn, p))
	}
	text := append(c.torn, p...)
	c.torn = nil
	for len(text) > 0 {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			c.torn = bytes.Clone(text)
			break
		}
		c.lines = append(c.lines, captured{line: bytes.Clone(text[:i]), at: time.Now()})
		text = text[i+1:]
	}
	return len(p), nil
}

// Reset forgets what was captured.
func (c *Capture) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines, c.torn, c.errs = nil, nil, nil
}

// Documents returns the valid documents, in order, and what is wrong with others.
// Lines without a metadata object are ordinary log lines and left out.
func (c *Capture) Documents() ([]*Document, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	errs := slices.Clone(c.errs)
	if len(c.torn) > 0 {
		errs = append(errs, fmt.Errorf("emftest: the last line has no newline: %.80q", c.torn))
	}
	var docs []*Document
	for i := range c.lines {
		l := &c.lines[i]
		if !l.parsed {
			l.doc, l.err = Parse(l.line, l.at)
			l.parsed = true
		}
		switch {
		case l.err == nil:
			docs = append(docs, l.doc)
		case !errors.Is(l.err, ErrNotEMF):
			errs = append(errs, fmt.Errorf("%w\n\tin %.200s", l.err, l.line))
		}
	}
	return docs, errors.Join(errs...)
}

// Lines returns all lines, ordinary log lines included.
func (c *Capture) Lines() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	for _, l := range c.lines {
		lines = append(lines, string(l.line))
	}
	return lines
}

// Metrics returns the metrics of the name, in order of their documents, published
// under the dimension set that has exactly the given dimensions, alternating names
// and values; without any, those under any set. An empty name is any.
func (c *Capture) Metrics(name string, dimensions ...string) []Metric {
	docs, _ := c.Documents()
	var found []Metric
	for _, doc := range docs {
		for _, m := range doc.Metrics {
			if (name == "" || m.Name == name) && (len(dimensions) == 0 || m.Under(dimensions...)) {
				found = append(found, m)
			}
		}
	}
	return found
}

// Under reports whether the metric is published under the dimension set that has
// exactly the given dimensions, alternating names and values.
func (m Metric) Under(dimensions ...string) bool {
	for _, set := range m.DimensionSets {
		match := 2*len(set) == len(dimensions)
		for i := 0; i+1 < len(dimensions); i += 2 {
			value, ok := set[dimensions[i]]
			match = match && ok && value == dimensions[i+1]
		}
		if match {
			return true
		}
	}
	return false
}

// Values returns the values of the metrics that [Capture.Metrics] finds, each as
// often as it counts.
func (c *Capture) Values(name string, dimensions ...string) []float64 {
	var values []float64
	for _, m := range c.Metrics(name, dimensions...) {
		for i, v := range m.Values {
			n := uint64(1)
			if m.Counts != nil {
				n = m.Counts[i]
			}
			for range n {
				values = append(values, v)
			}
		}
	}
	return values
}

// AssertValid fails the test for each document that CloudWatch would not accept.
func (c *Capture) AssertValid(tb testing.TB) {
	tb.Helper()
	if _, err := c.Documents(); err != nil {
		tb.Error(err)
	}
}

// AssertValues fails the test unless the metric has exactly these values, in any
// order, under the dimensions as in [Capture.Metrics]. No values assert that the
// metric is absent.
func (c *Capture) AssertValues(tb testing.TB, name string, want []float64, dimensions ...string) {
	tb.Helper()
	got := c.Values(name, dimensions...)
	slices.Sort(got)
	want = slices.Clone(want)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		tb.Errorf("emftest: %s under [%s] has the values %v, want %v; captured are:\n%s",
			name, strings.Join(dimensions, " "), got, want, strings.Join(c.Lines(), "\n"))
	}
}
