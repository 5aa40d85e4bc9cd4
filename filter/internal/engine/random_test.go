package engine_test

import (
	"bytes"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/filter/internal/engine"
	"github.com/lambdatune/lambdatune/filter/internal/pattern"
	"github.com/lambdatune/lambdatune/filter/internal/random"
	"github.com/lambdatune/lambdatune/filter/internal/reference"
)

var (
	randomFor  = flag.Duration("random", 0, "how long to compare random pairs with the reference, after the first 8,000")
	randomSeed = flag.Uint64("seed", 8, "where the random pairs begin")
)

// TestRandom compares the engine with the reference: which patterns are valid,
// which events are, and the verdict, for one pattern and for several at once.
func TestRandom(t *testing.T) {
	r := random.New(*randomSeed)
	pairs, matches, recordMatches, invalid, malformed, worst := 0, 0, 0, 0, 0, time.Duration(0)
	for end := time.Now().Add(*randomFor); pairs < 8000 || time.Now().Before(end); {
		r.Narrow = r.IntN(3) == 0
		var parsed []*pattern.Pattern
		var plain []*reference.Pattern
		var text []string
		for range 1 + r.IntN(3) {
			p := r.Pattern()
			a, errA := pattern.Parse(p)
			if errA != nil && strings.Contains(errA.Error(), "combinations") {
				continue // a limit that the reference doesn't have
			}
			b, errB := reference.Compile([]byte(p))
			if (errA == nil) != (errB == nil) {
				t.Fatalf("Parse(%s) = %v, the reference says %v", p, errA, errB)
			}
			if errA != nil {
				invalid++
				continue
			}
			parsed, plain, text = append(parsed, a), append(plain, b), append(text, p)
		}
		if len(parsed) == 0 {
			continue
		}
		l := reference.Layout{Text: "a", Base64: "b", Keep: r.IntN(2) == 0, Hidden: []string{"d"}}
		if r.IntN(2) == 0 {
			l.Inner = "c"
		}
		records := engine.Compile(engine.Layout{
			Data: []engine.Data{{Key: "a"}, {Key: "b", Base64: true}}, Keep: l.Keep, Inner: l.Inner, Hidden: l.Hidden,
		}, parsed)
		for range 4 {
			record := r.Record()
			if bytes.Contains(record, []byte(`"a.`)) || bytes.Contains(record, []byte(`"b.`)) {
				continue // damaged: no source has a key with a dot
			}
			want, errB := reference.MatchRecord(l, plain, record)
			got, errA := records.MatchRecord(record)
			if (errA == nil) != (errB == nil) || got != want {
				t.Fatalf("%+v\n%q\n%s\n= %v, %v; the reference says %v, %v", l, text, record, got, errA, want, errB)
			}
			pairs++
			if got {
				recordMatches++
			}
		}
		program := engine.Compile(engine.Layout{}, parsed)
		for range 8 {
			event := r.Event()
			fields, errB := reference.Flatten(event)
			want := false
			for _, p := range plain {
				want = want || errB == nil && p.MatchFields(fields)
			}
			start := time.Now()
			got, errA := program.Match(event)
			worst = max(worst, time.Since(start))
			if (errA == nil) != (errB == nil) || got != want {
				t.Fatalf("%q\n%q\n= %v, %v; the reference says %v, %v", text, event, got, errA, want, errB)
			}
			pairs++
			if got {
				matches++
			}
			if errB != nil {
				malformed++
			}
		}
	}
	t.Logf("%d pairs agree: %d events and %d records matched, %d events malformed; %d patterns were invalid on both sides; longest match %v",
		pairs, matches, recordMatches, malformed, invalid, worst)
}
