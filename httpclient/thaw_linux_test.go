package httpclient_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/httpclient/internal/freeze"
)

// TestThaw makes the first request after a thaw over connections that the far
// side has given up, with net/http's default client beside ours: 1,040 trials
// of ours (fewer under the race detector). In CI the far side forgets at 2 s and the freeze takes 3 s, with an
// idle limit of 1 s for its host; LAMBDATUNE_FULL=1 adds 5 s and 6 s with
// default options, and HTTP/2.
func TestThaw(t *testing.T) {
	if testing.Short() {
		t.Skip("freezes for 3 s")
	}
	thaw(t, plain, 2*time.Second, 3*time.Second, "net/http default", "New, host limit 1s", "NewTransport, limit 1s")
	if os.Getenv("LAMBDATUNE_FULL") == "1" {
		thaw(t, plain, 5*time.Second, 6*time.Second, "net/http default", "New", "NewTransport")
		thaw(t, http2, 2*time.Second, 3*time.Second, "net/http default, HTTP/2", "New, HTTP/2, limit 1s")
		thaw(t, http2, 5*time.Second, 6*time.Second, "net/http default, HTTP/2", "New, HTTP/2")
	}
}

// TestThawSuspendedClock is TestThaw with a client whose monotonic clock stands
// still during the freeze, by LAMBDATUNE_SUSPENDED_CLOCK=1: it builds the Go
// runtime anew, and first makes sure that the clock does stand still.
func TestThawSuspendedClock(t *testing.T) {
	if os.Getenv("LAMBDATUNE_SUSPENDED_CLOCK") != "1" {
		t.Skip("by hand: LAMBDATUNE_SUSPENDED_CLOCK=1")
	}
	client := freeze.SuspendedClock(t)
	t.Run("stands still", func(t *testing.T) {
		outcomes := freeze.Run(t, freeze.Trial{
			FarSide: freeze.BlackHole, Freeze: 2 * time.Second, Timeout: time.Second,
			Cells: []freeze.Cell{{Kind: "clocks", N: 1}}, Client: client,
		})
		if outcomes[0].Err != "" {
			t.Error(outcomes[0].Err)
		}
	})
	suspended := freeze.Trial{Client: client}
	thaw(t, suspended, 2*time.Second, 3*time.Second, "net/http default", "New, host limit 1s", "NewTransport, limit 1s")
	thaw(t, suspended, 5*time.Second, 6*time.Second, "net/http default", "New", "NewTransport")
}

var (
	plain = freeze.Trial{}
	http2 = freeze.Trial{TLS: true}
)

// thaw makes the trial with all far sides.
func thaw(t *testing.T, trial freeze.Trial, forget, frozen time.Duration, kinds ...string) {
	perCell := 52
	if raceEnabled { // what takes time then is starting hundreds of clients
		perCell = 10
	}
	trial.Forget, trial.Freeze, trial.Timeout = forget, frozen, 3*time.Second
	for _, kind := range kinds {
		for _, method := range []string{"GET", "POST"} {
			trial.Cells = append(trial.Cells, freeze.Cell{Kind: kind + " " + method, N: perCell})
		}
	}
	proto := "HTTP/1.1"
	if trial.TLS {
		proto = "HTTP/2"
	}
	skip := freeze.NoNamespaces(t)
	frozenTrials := make(map[freeze.FarSide]*freeze.Frozen) // at the same time, to save it
	for _, trial.FarSide = range freeze.FarSides {
		if skip == "" || !trial.FarSide.NeedsNamespace() {
			frozenTrials[trial.FarSide] = freeze.Begin(t, trial)
		}
	}
	for _, side := range freeze.FarSides {
		f := frozenTrials[side]
		var outcomes []freeze.Outcome
		if f != nil {
			outcomes = f.Thaw()
		}
		t.Run(fmt.Sprintf("%s/%v/%v", proto, frozen, side), func(t *testing.T) {
			if f == nil {
				t.Skip(skip)
			}
			for _, cell := range trial.Cells {
				report(t, cell, outcomes)
			}
		})
	}
}

// report prints a cell's failures and latency in the format of benchmarks, and
// fails the test for those of our clients.
func report(t *testing.T, cell freeze.Cell, outcomes []freeze.Outcome) {
	t.Helper()
	var took []time.Duration
	failed, why := 0, ""
	for _, o := range outcomes {
		if o.Kind != cell.Kind {
			continue
		}
		took = append(took, o.Took)
		if o.Err != "" {
			failed++
			why = o.Err
		}
	}
	if len(took) != cell.N {
		t.Errorf("%s: %d outcomes of %d", cell.Kind, len(took), cell.N)
		return
	}
	slices.Sort(took)
	t.Logf("Benchmark%s/%s %d %d failed %d trials %d p50-ns", strings.TrimPrefix(t.Name(), "Test"),
		strings.ReplaceAll(cell.Kind, " ", "_"), cell.N, failed, cell.N, took[len(took)/2])
	if why != "" {
		t.Log("the last failure: ", why)
	}
	if failed > 0 && !strings.HasPrefix(cell.Kind, "net/http") {
		t.Errorf("%s: %d of %d failed after the thaw: %s", cell.Kind, failed, cell.N, why)
	}
}
