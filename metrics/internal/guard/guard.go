// Package guard lets only those Embedded Metric Format documents through that
// CloudWatch accepts, whoever encoded them.
package guard

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
	"github.com/lambdatune/lambdatune/metrics/internal/line"
)

// Writer passes documents on to Out; see metrics.Guard. It is safe for concurrent
// use.
type Writer struct {
	Out     io.Writer
	MaxLine int    // bytes
	Level   string // that lines must carry, or ""

	// Report gets what was left out by a Write, and the write errors. What it
	// returns is Write's error. It is not called if there is nothing to report.
	Report func(rejected []Rejection, errs []error) error
	// Passed is called per document, unless nil.
	Passed func()

	mu   sync.Mutex
	torn bool // Out ends within a line
}

// Rejection is one thing left out.
type Rejection struct {
	Kind, Name, Reason string
	Count              int
}

type rejections []Rejection

func (r *rejections) add(kind, name, reason string, count int) {
	*r = append(*r, Rejection{kind, name, reason, count})
}

// Write handles each line of p. A last line without newline gets one if it is a
// document.
func (g *Writer) Write(p []byte) (int, error) {
	g.mu.Lock()
	var rejected rejections
	var errs []error
	for rest := p; len(rest) > 0; {
		text := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			text = rest[:i+1]
		}
		rest = rest[len(text):]
		if err := g.filter(text, &rejected); err != nil {
			errs = append(errs, fmt.Errorf("metrics: write: %w", err))
		}
	}
	g.mu.Unlock()
	if len(rejected)+len(errs) == 0 {
		return len(p), nil
	}
	return len(p), g.Report(rejected, errs)
}

// filter passes on one line, its newline included if it has one.
func (g *Writer) filter(whole []byte, rejected *rejections) error {
	text := bytes.TrimSpace(whole)
	if len(text) == 0 {
		rejected.add("document", "", "a blank line: prozz writes it when encoding/json can't encode a value, such as NaN or Inf; all metrics of the document are lost", 1)
		return nil
	}
	if text[0] != '{' || !bytes.Contains(text, []byte(`"`+limits.Metadata+`"`)) {
		return g.pass(whole)
	}
	if len(text) < g.MaxLine && g.Level == "" && quick(text) {
		if g.Passed != nil {
			g.Passed()
		}
		if whole[len(whole)-1] != '\n' {
			whole = append(bytes.Clone(whole), '\n')
		}
		return g.pass(whole)
	}
	doc, err := parseGuarded(text)
	if err != nil {
		rejected.add("document", "", err.Error(), 1)
		return nil
	}
	if doc == nil {
		return g.pass(whole)
	}
	if g.Passed != nil {
		g.Passed()
	}
	before := len(*rejected)
	doc.check(rejected)
	if !doc.changed && len(*rejected) == before && len(text) < g.MaxLine && (g.Level == "" || doc.has("level")) {
		if whole[len(whole)-1] != '\n' {
			whole = append(bytes.Clone(whole), '\n')
		}
		return g.pass(whole)
	}
	return g.rebuild(doc, rejected)
}

// pass writes one line as it is. A line that an earlier Write left torn is ended
// first, lest it spoil this one.
func (g *Writer) pass(whole []byte) error {
	if g.torn {
		whole = append([]byte{'\n'}, whole...)
	}
	n, err := g.Out.Write(whole)
	if err == nil && n < len(whole) {
		err = io.ErrShortWrite
	}
	if n > 0 {
		g.torn = n < len(whole) && whole[n-1] != '\n'
	}
	return err
}

// rebuild writes the parts of doc that were not left out.
func (g *Writer) rebuild(doc *guarded, rejected *rejections) error {
	var errs []error
	for i := range doc.directives {
		d := &doc.directives[i]
		if len(d.items) == 0 {
			continue
		}
		p := line.Packer{Max: g.MaxLine, Emit: func(whole []byte) {
			if err := g.pass(whole); err != nil {
				errs = append(errs, err)
			}
		}}
		p.Head = append(p.Head, line.HeadTimestamp...)
		p.Head = line.AppendInt(p.Head, doc.timestamp)
		p.Head = append(p.Head, line.HeadDirective...)
		p.Head = line.AppendString(p.Head, d.namespace)
		p.Head = append(p.Head, line.HeadDimensions...)
		for i, set := range d.sets {
			if i > 0 {
				p.Head = append(p.Head, ',')
			}
			p.Head = append(p.Head, '[')
			for k, name := range set {
				if k > 0 {
					p.Head = append(p.Head, ',')
				}
				p.Head = line.AppendString(p.Head, name)
			}
			p.Head = append(p.Head, ']')
		}
		p.Head = append(p.Head, line.HeadMetrics...)
		p.Tail = append(p.Tail, "]}]"...)
		if doc.logGroup != nil {
			p.Tail = append(append(p.Tail, `,"LogGroupName":`...), doc.logGroup...)
		}
		p.Tail = append(p.Tail, '}')
		if g.Level != "" && !doc.has("level") && !doc.has("timestamp") {
			p.Tail = line.AppendLevel(p.Tail, g.Level, doc.timestamp)
		}
		most := 0
		for _, it := range d.items {
			most = max(most, len(it.Def)+1+len(it.Key))
		}
		for pass := range 2 { // dimensions first: properties make way for them
			for k := range doc.members {
				m := &doc.members[k]
				if m.target || m.name == limits.Metadata || d.uses(m.name) != (pass == 0) {
					continue
				}
				need := len(p.Head) + len(p.Tail) + len(line.End) + most + line.OneValue + len(m.key) + len(m.raw)
				if pass == 1 && need > g.MaxLine {
					rejected.add("property", m.name, fmt.Sprintf("its lines would need %d bytes, allowed are %d", need, g.MaxLine), 1)
					continue
				}
				p.Tail = append(append(p.Tail, m.key...), m.raw...)
			}
		}
		if need := len(p.Head) + len(p.Tail) + len(line.End) + most + line.OneValue; need > g.MaxLine {
			for _, it := range d.items {
				rejected.add("metric", it.Name, fmt.Sprintf("its dimensions need lines of %d bytes, allowed are %d", need, g.MaxLine), it.Len())
			}
			continue
		}
		p.Pack(d.items)
	}
	return errors.Join(errs...)
}
