package load_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/load"
)

func TestPoisson(t *testing.T) {
	const rate, seconds = 100, 100
	s := load.Poisson(1, rate, seconds*time.Second, 40*time.Second, 60*time.Second)
	if !slices.IsSorted(s) || s[0] < 0 || s[len(s)-1] >= seconds*time.Second {
		t.Error("the schedule is not in order, or not within its duration")
	}
	if want := rate * (seconds - 20.0); math.Abs(float64(len(s))-want) > 4*math.Sqrt(want) {
		t.Errorf("%d requests, want about %v", len(s), want)
	}
	for _, at := range s {
		if at >= 40*time.Second && at < 60*time.Second {
			t.Fatalf("a request at %v, in the pause", at)
		}
	}
	if !slices.Equal(s, load.Poisson(1, rate, seconds*time.Second, 40*time.Second, 60*time.Second)) {
		t.Error("the same seed gives another schedule")
	}
	if slices.Equal(s, load.Poisson(2, rate, seconds*time.Second, 40*time.Second, 60*time.Second)) {
		t.Error("another seed gives the same schedule")
	}
}

// A request that hangs does not hold up those after it.
func TestSendIsOpenLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := load.Clock{Start: time.Now()}
		s := load.Schedule{0, time.Second, time.Second, 3 * time.Second}
		sent := make([]time.Duration, len(s))
		if err := s.Send(t.Context(), clock, func(i int) {
			sent[i] = clock.Now()
			time.Sleep(time.Hour)
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(sent, s) {
			t.Errorf("sent at %v, want %v", sent, s)
		}
		if now := clock.Now(); now != time.Hour+3*time.Second {
			t.Errorf("Send returned after %v, before its last request", now)
		}
	})
}

func TestSendEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		var mu sync.Mutex
		n := 0
		s := load.Schedule{time.Minute, 2 * time.Minute}
		err := s.Send(ctx, load.Clock{Start: time.Now()}, func(int) { mu.Lock(); n++; mu.Unlock() })
		if !errors.Is(err, context.DeadlineExceeded) || n != 1 {
			t.Errorf("%v after %d requests, want 1", err, n)
		}
	})
}
