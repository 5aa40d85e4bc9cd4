package engine_test

import (
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/internal/engine"
	"github.com/lambdatune/lambdatune/filter/internal/pattern"
	"github.com/lambdatune/lambdatune/filter/internal/random"
	"github.com/lambdatune/lambdatune/filter/internal/reference"
)

// FuzzMatch compares the engine with the reference over whatever bytes.
func FuzzMatch(f *testing.F) {
	r := random.New(1)
	for i := range 60 {
		r.Narrow = i%3 == 0
		f.Add(r.Pattern(), r.Event())
		f.Add(r.Pattern(), r.Record())
	}
	f.Fuzz(func(t *testing.T, text string, event []byte) {
		if len(text) > 1000 || len(event) > 1000 {
			return // the reference takes its time
		}
		p, errA := pattern.Parse(text)
		ref, errB := reference.Compile([]byte(text))
		if errA != nil && strings.Contains(errA.Error(), "combinations") {
			return
		}
		if (errA == nil) != (errB == nil) {
			t.Fatalf("Parse(%q) = %v, the reference says %v", text, errA, errB)
		}
		if errA != nil {
			return
		}
		got, errA := engine.Compile(engine.Layout{}, []*pattern.Pattern{p}).Match(event)
		want, errB := ref.Match(event)
		if (errA == nil) != (errB == nil) || got != want {
			t.Fatalf("%q\n%q\n= %v, %v; the reference says %v, %v", text, event, got, errA, want, errB)
		}
		_, _ = engine.Compile(engine.Layout{
			Data: []engine.Data{{Key: "a"}, {Key: "b", Base64: true}}, Inner: "c", Hidden: []string{"d"},
		}, []*pattern.Pattern{p}).MatchRecord(event) // never a panic
	})
}
