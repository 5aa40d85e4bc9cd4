package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// Text shows text for a person.
type Text struct {
	Out io.Writer
	// Several prefixes what a function does with its name: there are more.
	Several bool
	// Quiet shows only what was asked for, and what is wrong.
	Quiet bool

	mu sync.Mutex
}

func (t *Text) printf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.Out, format, args...)
}

func (t *Text) Event(e runtimeapi.Event) {
	who := ""
	if t.Several {
		who = e.Function + " "
	}
	switch e.Type {
	case runtimeapi.EventLog:
		if m, ok := ParseEMF(e.Line); ok {
			t.printf("%s", m.table(who))
			return
		}
		t.printf("%s%s\n", who, e.Line)
	case runtimeapi.EventInitEnd:
		phase := "init"
		if e.Invoke {
			phase = "invoke"
		}
		if e.Status != runtimeapi.StatusSuccess {
			t.printf("%sINIT_REPORT Init Duration: %s ms\tPhase: %s\tStatus: %s\tError Type: %s\n", who, millis(e.Duration), phase, e.Status, e.ErrorType)
		}
	case runtimeapi.EventEnd:
		if !t.Quiet {
			t.printf("%s%s\n", who, e.Result.Report())
		}
	case runtimeapi.EventShutdown:
		if s := e.Summary; !t.Quiet && s.Invocations > 0 {
			t.printf("%senvironment %d: %s after %v: %s, INIT %s ms, busy %s ms%s\n", who, e.Environment, s.Reason,
				s.Lifetime.Round(time.Millisecond), counts(s), millis(s.Init), millis(s.Busy), peak(s.PeakMemory))
		}
	}
}

func counts(s *runtimeapi.Summary) string {
	text := plural(s.Invocations, "invocation")
	if s.Errors > 0 {
		text += ", " + plural(s.Errors, "error")
	}
	if s.Restarts > 0 {
		text += ", " + plural(s.Restarts, "restart")
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func peak(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf(", peak memory %d MB", (bytes+1<<20-1)>>20)
}

func (t *Text) Request(source string, payload []byte) {
	t.printf("request  %s\n%s", source, pretty(payload))
}

func (t *Text) Response(r *runtimeapi.Result) {
	what := "response"
	if r.FunctionError != "" {
		what = "error   "
	}
	start := "none, the environment was warm"
	if r.InitDuration > 0 {
		start = millis(r.InitDuration) + " ms"
	}
	t.printf("%s %s\n%sINIT      %s\nduration  %s ms (billed %d ms)%s\n", what, r.RequestID, pretty(r.Payload), start,
		millis(r.Duration), r.BilledDuration().Milliseconds(), peak(r.MaxMemoryUsed))
}

func (t *Text) HTTP(method, path string, status int, took time.Duration) {
	if !t.Quiet {
		t.printf("%s %s -> %d (%s ms)\n", method, path, status, millis(took))
	}
}

func (t *Text) Stats(s Stats) {
	s.Sort()
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %v, %.0f/s; %s, %s, %s\n", plural(s.Invocations, "invocation"), s.Elapsed.Round(time.Millisecond), s.Rate(),
		plural(s.Errors, "error"), plural(s.Throttles, "throttle"), plural(s.ColdStarts, "cold start"))
	fmt.Fprintf(&b, "%-9s %10s %10s %10s %10s %10s %10s\n", "ms", "min", "p50", "p90", "p99", "p99.9", "max")
	for _, row := range []struct {
		name string
		d    []time.Duration
	}{{"duration", s.Duration}, {"INIT", s.Init}} {
		if len(row.d) > 0 {
			fmt.Fprintf(&b, "%-9s", row.name)
			for _, p := range []float64{0, 50, 90, 99, 99.9, 100} {
				fmt.Fprintf(&b, " %10.3f", float64(Percentile(row.d, p))/float64(time.Millisecond))
			}
			b.WriteByte('\n')
		}
	}
	if a := s.Allocs; a != nil && s.Invocations > 0 {
		n, seconds := float64(s.Invocations), max(s.Elapsed.Seconds(), 1e-9)
		fmt.Fprintf(&b, "allocated %.0f/s, %.2f MB/s; %.1f allocs and %.0f B per invocation; %d GCs\n",
			float64(a.Mallocs)/seconds, float64(a.Bytes)/seconds/1e6, float64(a.Mallocs)/n, float64(a.Bytes)/n, a.GCs)
	}
	t.printf("%s", b.String())
}

func (t *Text) Note(text string) {
	if !t.Quiet {
		t.printf("%s\n", text)
	}
}

func (t *Text) Problem(text string) { t.printf("%s\n", text) }

// pretty indents JSON, and shows other text as it is and binary data by its
// size; with a line ending.
func pretty(payload []byte) string {
	var b bytes.Buffer
	switch {
	case json.Indent(&b, payload, "", "  ") == nil && b.Len() > 0:
		return b.String() + "\n"
	case len(payload) == 0:
		return "(empty)\n"
	case utf8.Valid(payload):
		return string(payload) + "\n"
	default:
		return fmt.Sprintf("(%d bytes of binary data)\n", len(payload))
	}
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}
