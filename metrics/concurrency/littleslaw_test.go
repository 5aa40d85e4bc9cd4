package concurrency_test

import (
	"math"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/metrics/concurrency"
)

func TestNeedAndRate(t *testing.T) {
	if got := concurrency.Need(6000, 100*time.Millisecond); got != 600 {
		t.Errorf("Need(6000/s, 100 ms) = %v, want 600", got)
	}
	if got := concurrency.Rate(600, 100*time.Millisecond); got != 6000 {
		t.Errorf("Rate(600, 100 ms) = %v, want 6000", got)
	}
	if got := concurrency.Need(-1, time.Second); got != 0 {
		t.Errorf("Need of a negative rate = %v, want 0", got)
	}
	if got := concurrency.Rate(1, 0); !math.IsInf(got, 1) {
		t.Errorf("Rate at no duration = %v, want +Inf", got)
	}
	if got := concurrency.Rate(0, 0); got != 0 {
		t.Errorf("Rate of no concurrency = %v, want 0", got)
	}
}

func TestDrain(t *testing.T) {
	for _, c := range []struct {
		name                  string
		backlog               int
		arriving, concurrency float64
		batch                 int
		d                     time.Duration
		want                  time.Duration
		ok                    bool
	}{
		{"nothing to do", 0, 100, 0, 0, time.Second, 0, true},
		{"no arrivals", 1000, 0, 5, 10, time.Second, 20 * time.Second, true},
		{"arrivals slow it", 1000, 25, 5, 10, time.Second, 40 * time.Second, true},
		{"arrivals keep up", 1000, 50, 5, 10, time.Second, 0, false},
		{"no workers", 1, 0, 0, 10, time.Second, 0, false},
		{"no batch and no duration", 1, 0, 1, 0, 0, 0, false},
		{"longer than a duration can say", math.MaxInt64, 0, 1e-9, 1, time.Second, math.MaxInt64, true},
	} {
		got, ok := concurrency.Drain(c.backlog, c.arriving, c.concurrency, c.batch, c.d)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: Drain = %v, %v, want %v, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}
