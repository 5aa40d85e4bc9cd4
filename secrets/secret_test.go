package secrets_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/secrets"
)

func TestNewRejects(t *testing.T) {
	src := newVault("x")
	for _, tt := range []struct {
		name string
		src  secrets.Source
		id   string
		opts secrets.Options
		want string
	}{
		{"no source", nil, "a", secrets.Options{}, "source is nil"},
		{"no ID", src, "", secrets.Options{}, "1 to 2048"},
		{"a long ID", src, strings.Repeat("a", 2049), secrets.Options{}, "1 to 2048"},
		{"a short age", src, "a", secrets.Options{MaxAge: time.Millisecond}, "MaxAge is 1ms, want 1s to 720h"},
		{"a negative age", src, "a", secrets.Options{MaxAge: -1}, "MaxAge"},
		{"a large jitter", src, "a", secrets.Options{Jitter: 1}, "Jitter is 1, want at most 0.9"},
		{"a long timeout", src, "a", secrets.Options{Timeout: time.Hour}, "Timeout"},
		{"a long budget", src, "a", secrets.Options{Budget: time.Hour}, "Budget"},
		{"no stages", src, "a", secrets.Options{Stages: []secrets.Stage{}}, "Stages"},
		{"a stage twice", src, "a", secrets.Options{Stages: []secrets.Stage{"A", "A"}}, `Stages[1] is "A"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := secrets.New[string](tt.src, tt.id, &tt.opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, want an error with %q", err, tt.want)
			}
		})
	}
	if _, err := secrets.New[context.Context](src, "a", nil); err == nil {
		t.Error("New[interface] succeeded")
	}
}

func TestGetFetchesOnceUntilMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newVault("one")
		s := mustNew[string](t, src, &secrets.Options{MaxAge: time.Minute, Jitter: -1})
		for range 3 {
			if got := mustGet(t, s); got != "one" {
				t.Fatalf("Get = %q", got)
			}
		}
		src.put(secrets.StageCurrent, "two")
		time.Sleep(time.Minute - 1)
		if got := mustGet(t, s); got != "one" {
			t.Errorf("before the age: %q", got)
		}
		time.Sleep(1 * time.Nanosecond)
		if got := mustGet(t, s); got != "two" {
			t.Errorf("at the age: %q", got)
		}
		if n := src.total(); n != 2 {
			t.Errorf("%d fetches, want 2", n)
		}
	})
}

func TestJitterShortensTheAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newVault("x")
		const n = 400
		all := make([]*secrets.Secret[string], n)
		for i := range all {
			all[i] = mustNew[string](t, src, &secrets.Options{MaxAge: 100 * time.Second, Jitter: 0.5})
			mustGet(t, all[i])
		}
		last := src.total()
		for sec := 0; sec <= 100; sec += 10 {
			for _, s := range all {
				mustGet(t, s)
			}
			got := src.total() - last
			last += got
			switch {
			case sec <= 50 && got != 0:
				t.Errorf("%d of %d expired by %d s, want none before 50 s", got, n, sec)
			case sec > 50 && (got < n/5/3 || got > n/5*2):
				t.Errorf("%d of %d expired in the 10 s before %d s, want about %d", got, n, sec, n/5)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

// A frozen environment: its wall clock jumps, its monotonic one doesn't.
func TestFreeze(t *testing.T) {
	for _, frozen := range []time.Duration{time.Hour, 5 * time.Hour, 24 * time.Hour} {
		t.Run(frozen.String(), func(t *testing.T) {
			wall := time.Now().Round(0)
			var mu sync.Mutex
			now := func() time.Time { mu.Lock(); defer mu.Unlock(); return wall }
			var events []secrets.Event
			src := newVault("one")
			s := mustNew[string](t, src, &secrets.Options{Now: now, Observe: func(_ context.Context, e secrets.Event) { events = append(events, e) }})
			h := secrets.Middleware(s)(func(ctx context.Context, _ []byte) ([]byte, error) {
				v, err := s.Get(ctx)
				if err != nil {
					return nil, err
				}
				_, err = s.Get(ctx)
				return []byte(v), err
			})
			invoke := func(want string) {
				t.Helper()
				if got, err := h(t.Context(), nil); err != nil || string(got) != want {
					t.Errorf("invocation = %q, %v, want %q", got, err, want)
				}
			}
			invoke("one")
			src.put(secrets.StageCurrent, "two")
			wall = wall.Add(frozen)
			invoke("two")
			invoke("two")
			if n := src.total(); n != 2 {
				t.Errorf("%d fetches, want 2", n)
			}

			src.down = errors.New("connection refused")
			wall = wall.Add(frozen)
			invoke("two")
			v, err := s.Value(t.Context())
			if err != nil || !v.Stale() || v.Data() != "two" {
				t.Errorf("Value with the source down = %v, stale %v, %v", v.Data(), v.Stale(), err)
			}
			last := events[len(events)-1]
			if !last.Stale || last.Err == nil || last.ID != "orders/db" || last.Op != "fetch" {
				t.Errorf("the observer saw %+v", last)
			}
			if n := src.total(); n != 3 {
				t.Errorf("%d fetches while the source is down, want 1", n-2)
			}
			src.down = nil
			wall = wall.Add(time.Minute)
			src.put(secrets.StageCurrent, "three")
			invoke("three")
		})
	}
}

func TestClockSetBack(t *testing.T) {
	wall := time.Now().Round(0)
	src := newVault("one")
	s := mustNew[string](t, src, &secrets.Options{Now: func() time.Time { return wall }})
	mustGet(t, s)
	wall = wall.Add(-time.Second)
	mustGet(t, s)
	if n := src.total(); n != 1 {
		t.Errorf("%d fetches after the clock was slewed by 1 s, want 1", n)
	}
	wall = wall.Add(-time.Hour)
	mustGet(t, s)
	if n := src.total(); n != 2 {
		t.Errorf("%d fetches after the clock was set back by 1 h, want 2", n)
	}
}

func TestErrorsAreNotCached(t *testing.T) {
	src := newVault("one")
	src.down = errors.New("refused")
	s := mustNew[string](t, src, nil)
	for range 2 {
		_, err := s.Get(t.Context())
		var e *secrets.Error
		if !errors.As(err, &e) || e.ID != "orders/db" || e.Op != "fetch" || !errors.Is(err, src.down) {
			t.Fatalf("Get = %v", err)
		}
	}
	src.down = nil
	if got := mustGet(t, s); got != "one" {
		t.Errorf("Get = %q", got)
	}
	if n := src.total(); n != 3 {
		t.Errorf("%d fetches, want 3", n)
	}
}

func TestStaleWhileTheSourceHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newVault("one")
		s := mustNew[string](t, src, &secrets.Options{MaxAge: time.Minute, Jitter: -1})
		mustGet(t, s)
		time.Sleep(time.Minute)
		src.delay = time.Hour
		begun := time.Now()
		if got := mustGet(t, s); got != "one" {
			t.Errorf("Get = %q", got)
		}
		if d := time.Since(begun); d != time.Second {
			t.Errorf("Get took %v, want a fifth of the timeout", d)
		}
		begun = time.Now()
		mustGet(t, s)
		if d := time.Since(begun); d != 0 {
			t.Errorf("the second Get took %v, want none: the pause is on", d)
		}
		// In an hour of an outage the pauses double up to a minute.
		n := src.total()
		for range 3600 {
			mustGet(t, s)
			time.Sleep(time.Second)
		}
		if got := src.total() - n; got < 50 || got > 150 {
			t.Errorf("%d refreshes in an hour of an outage, want about 80", got)
		}
	})
}

func TestSourceThatIgnoresItsContext(t *testing.T) {
	src := newVault("one")
	src.hang = true
	s := mustNew[string](t, src, &secrets.Options{Timeout: 10 * time.Millisecond})
	if _, err := s.Get(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Get = %v", err)
	}
	src.set(func() { src.hang = false })
	if got := mustGet(t, s); got != "one" {
		t.Errorf("Get = %q", got)
	}
}

func TestThousandFirstGets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newVault("one")
		src.delay = 50 * time.Millisecond
		s := mustNew[string](t, src, nil)
		cancelled, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var mu sync.Mutex
		failed := 0
		for range 999 {
			wg.Go(func() {
				if _, err := s.Get(cancelled); err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("Get = %v", err)
					}
					mu.Lock()
					failed++
					mu.Unlock()
				}
			})
		}
		synctest.Wait() // the leader is one of those that are cancelled
		wg.Go(func() {
			if v, err := s.Get(t.Context()); err != nil || v != "one" {
				t.Errorf("the last caller got %q, %v", v, err)
			}
		})
		synctest.Wait()
		time.Sleep(10 * time.Millisecond)
		cancel()
		wg.Wait()
		if failed != 999 {
			t.Errorf("%d of 999 cancelled callers failed", failed)
		}
		if n := src.total(); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}
	})
}

func TestLastCallerEndsTheFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newVault("one")
		src.delay = time.Second
		s := mustNew[string](t, src, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := s.Get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get = %v", err)
		}
		synctest.Wait() // the bubble would report a goroutine that stays
		src.set(func() { src.delay = 0 })
		if got := mustGet(t, s); got != "one" {
			t.Errorf("Get after an abandoned fetch = %q", got)
		}
	})
}

func TestPanickingSource(t *testing.T) {
	src := secrets.SourceFunc(func(context.Context, secrets.Request) (secrets.Raw, error) { panic("hunter2") })
	s := mustNew[string](t, src, nil)
	_, err := s.Get(t.Context())
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Get = %v", err)
	}
}

func TestPrefetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newVault("1")
		src.delay = 100 * time.Millisecond
		a, b := mustNew[string](t, src, nil), mustNew[int](t, src, nil)
		var run func(context.Context) error = secrets.Prefetch(a, b)
		begun := time.Now()
		if err := run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begun); d != src.delay {
			t.Errorf("took %v, want %v: in parallel", d, src.delay)
		}
		if n := src.total(); n != 2 {
			t.Errorf("%d fetches", n)
		}
		if mustGet(t, a) != "1" || mustGet(t, b) != 1 || src.total() != 2 {
			t.Error("Get fetched again")
		}

		hanging := newVault("")
		hanging.delay = time.Hour
		bad := mustNew[string](t, hanging, &secrets.Options{Timeout: time.Minute})
		begun = time.Now()
		if err := secrets.Prefetch(a, bad)(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 8*time.Second {
			t.Errorf("Prefetch without a deadline = %v after %v, want 8 s", err, time.Since(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begun = time.Now()
		if err := secrets.Prefetch(bad, bad)(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 3*time.Second {
			t.Errorf("Prefetch with a deadline = %v after %v, want 3 s", err, time.Since(begun))
		}
	})
}

func TestMiddlewareJudgesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newVault("one")
		s := mustNew[string](t, src, &secrets.Options{MaxAge: time.Minute, Jitter: -1})
		var inside func(context.Context)
		h := secrets.Middleware(s)(func(ctx context.Context, p []byte) ([]byte, error) { inside(ctx); return p, errors.New("kept") })
		invoke := func(f func(context.Context)) {
			t.Helper()
			inside = f
			ctx := invocation.NewContext(t.Context(), invocation.Value{Start: time.Now().Round(0)})
			if out, err := h(ctx, []byte("p")); string(out) != "p" || err == nil || err.Error() != "kept" {
				t.Errorf("the middleware returned %q, %v", out, err)
			}
		}
		get := func(want string) func(context.Context) {
			return func(ctx context.Context) {
				if v, err := s.Get(ctx); err != nil || v != want {
					t.Errorf("Get = %q, %v, want %q", v, err, want)
				}
			}
		}
		invoke(get("one"))
		src.put(secrets.StageCurrent, "two")
		invoke(func(ctx context.Context) {
			time.Sleep(2 * time.Minute) // its age is over, but the invocation has begun before
			get("one")(ctx)
		})
		get("two")(t.Context()) // outside Get judges by itself
		src.put(secrets.StageCurrent, "three")
		time.Sleep(time.Minute)
		invoke(func(ctx context.Context) {
			if n := src.total(); n != 2 {
				t.Errorf("the middleware has fetched by itself: %d", n)
			}
			get("three")(ctx)
		})

		// Two at once: the second begins after the expiry and refreshes, the
		// first goes on; the end of one leaves the other's value judged.
		src.put(secrets.StageCurrent, "four")
		invoke(func(ctx context.Context) {
			outer := inside
			time.Sleep(time.Minute)
			invoke(get("four"))
			inside = outer
			get("four")(ctx)
		})
		if n := src.total(); n != 4 {
			t.Errorf("%d fetches, want 4", n)
		}
	})
}

func TestGetAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under -race")
	}
	src := newVault(creds("u", "p"))
	s := mustNew[login](t, src, nil)
	mustGet(t, s)
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { s.Get(ctx) }); n != 0 {
		t.Errorf("Get allocates %v times", n)
	}
	h := secrets.Middleware(s)(func(ctx context.Context, _ []byte) ([]byte, error) { _, err := s.Get(ctx); return nil, err })
	if n := testing.AllocsPerRun(100, func() { h(ctx, nil) }); n != 0 {
		t.Errorf("an invocation allocates %v times", n)
	}
}
