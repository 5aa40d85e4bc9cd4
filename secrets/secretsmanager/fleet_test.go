package secretsmanager_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/secretstest"
)

// fleet is what a simulation of many environments saw.
type fleet struct {
	calls, throttled   int
	startPeak, expPeak int           // calls in 100 ms
	failed             int           // invocations
	slowest            time.Duration // an invocation's time in Get
}

// simulate starts environments in one instant, each with secrets of its own
// client, and lets them run until all have expired once. Time is the bubble's.
func simulate(t *testing.T, environments, secretsEach int, jitter float64) fleet {
	t.Helper()
	const (
		age    = 300 * time.Second
		period = 100 * time.Millisecond // an invocation in each environment
	)
	srv := secretstest.New()
	for i := range secretsEach {
		srv.Put(fmt.Sprintf("orders/%d", i), "x")
	}
	srv.SetLatency("", 10*time.Millisecond)
	srv.SetQuota("GetSecretValue", 10_000, 10_000)

	var f fleet
	var mu sync.Mutex
	var wg sync.WaitGroup
	begun := time.Now()
	for range environments {
		wg.Go(func() {
			src := sourceFor(srv)
			all := make([]*secrets.Secret[string], secretsEach)
			pre := make([]secrets.Prefetcher, secretsEach)
			for i := range all {
				all[i] = mustNew[string](t, src, fmt.Sprintf("orders/%d", i), &secrets.Options{MaxAge: age, Jitter: jitter})
				pre[i] = all[i]
			}
			if err := secrets.Prefetch(pre...)(t.Context()); err != nil {
				t.Errorf("Prefetch: %v", err)
			}
			h := secrets.Middleware(pre...)(func(ctx context.Context, _ []byte) ([]byte, error) {
				for _, s := range all {
					if _, err := s.Get(ctx); err != nil {
						return nil, err
					}
				}
				return nil, nil
			})
			// The interesting time begins when the first value may expire; the
			// environments are out of step.
			time.Sleep(time.Until(begun.Add(235*time.Second)) + rand.N(period))
			for time.Since(begun) < 305*time.Second {
				at := time.Now()
				_, err := h(t.Context(), nil)
				took := time.Since(at)
				mu.Lock()
				if err != nil {
					f.failed++
				}
				f.slowest = max(f.slowest, took)
				mu.Unlock()
				time.Sleep(period)
			}
		})
	}
	wg.Wait()
	bins := make(map[time.Duration]int)
	for _, c := range srv.Calls() {
		f.calls++
		if c.Code == "ThrottlingException" {
			f.throttled++
		}
		bins[c.At.Sub(begun)/(100*time.Millisecond)]++
	}
	for bin, n := range bins {
		if bin < 100 {
			f.startPeak = max(f.startPeak, n)
		} else {
			f.expPeak = max(f.expPeak, n)
		}
	}
	return f
}

// TestFleet starts and expires a fleet's secrets at the same time.
func TestFleet(t *testing.T) {
	environments := 600
	if testing.Short() || raceEnabled {
		environments = 60
	}
	synctest.Test(t, func(t *testing.T) {
		plain := simulate(t, environments, 10, -1)
		jittered := simulate(t, environments, 10, 0)
		t.Logf("%d environments, 10 secrets: without jitter %+v; with the default %+v", environments, plain, jittered)
		want := environments * 10 * 2
		if plain.calls != want || jittered.calls != want {
			t.Errorf("%d and %d calls, want %d: one for each start and each expiry", plain.calls, jittered.calls, want)
		}
		if jittered.throttled+plain.throttled > 0 || jittered.failed > 0 {
			t.Errorf("%d throttled, %d failed", jittered.throttled, jittered.failed)
		}
		if jittered.expPeak*10 > plain.expPeak {
			t.Errorf("the peak is %d in 100 ms, that without jitter %d; want at most 10 %%", jittered.expPeak, plain.expPeak)
		}
	})
}
