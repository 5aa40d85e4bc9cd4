package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
)

// database accepts some users' passwords and counts logins.
type database struct {
	mu       sync.Mutex
	users    map[string]string
	down     error
	delay    time.Duration
	accepted int
	rejected int
	tried    []string
}

func (d *database) set(user, password string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users == nil {
		d.users = map[string]string{}
	}
	d.users[user] = password
}

func (d *database) logins() (accepted, rejected int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accepted, d.rejected
}

type authError struct{ user string }

func (e *authError) Error() string { return "28P01: password authentication failed for user " + e.user }

func (d *database) login(ctx context.Context, v secrets.Value[login]) error {
	if d.delay > 0 {
		select {
		case <-time.After(d.delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tried = append(d.tried, string(v.Version()))
	if d.down != nil {
		return d.down
	}
	c := v.Data()
	if want, ok := d.users[c.Username]; !ok || want != c.Password.Reveal() {
		d.rejected++
		return secrets.Rejected(&authError{c.Username})
	}
	d.accepted++
	return nil
}

// setup is a secret v1 that is held and a database that accepts it.
func setup(t *testing.T, opts *secrets.Options) (*vault, *database, *secrets.Secret[login]) {
	t.Helper()
	src := newVault(creds("app", "one"))
	db := &database{}
	db.set("app", "one")
	s := mustNew[login](t, src, opts)
	if err := s.Recover(t.Context(), "", db.login); err != nil {
		t.Fatal(err)
	}
	src.calls = map[secrets.Stage]int{}
	db.accepted, db.rejected, db.tried = 0, 0, nil
	return src, db, s
}

func TestRecoverStages(t *testing.T) {
	denied := fmt.Errorf("%w: not authorized to read this stage", secrets.ErrDenied)
	for _, tt := range []struct {
		name    string
		prepare func(*vault, *database)
		tried   string // versions in order of login, from the value held
		fetches int
		stage   secrets.Stage
	}{
		{"nothing has happened", func(*vault, *database) {}, "v1", 0, secrets.StageCurrent},
		{"a finished rotation", func(v *vault, d *database) {
			v.put(secrets.StageCurrent, creds("app", "two"))
			d.set("app", "two")
		}, "v1 v2", 1, secrets.StageCurrent},
		{"between setSecret and finishSecret", func(v *vault, d *database) {
			v.put(secrets.StagePending, creds("app", "two"))
			d.set("app", "two")
		}, "v1 v2", 2, secrets.StagePending},
		{"alternating users, between the steps", func(v *vault, d *database) {
			v.put(secrets.StagePending, creds("app_clone", "two"))
			d.users = map[string]string{"app_clone": "two"}
		}, "v1 v2", 2, secrets.StagePending},
		{"the secret is ahead of the database", func(v *vault, d *database) {
			v.put(secrets.StageCurrent, creds("app", "two")) // unknown to the process
			v.put(secrets.StageCurrent, creds("app", "three"))
			d.set("app", "two")
		}, "v1 v3 v2", 3, secrets.StagePrevious},
		{"the current version is pending, too", func(v *vault, d *database) {
			v.put(secrets.StageCurrent, creds("app", "two"))
			v.put(secrets.StageCurrent, creds("app", "three"))
			v.stages[secrets.StagePending] = v.stages[secrets.StageCurrent]
			d.set("app", "two")
		}, "v1 v3 v2", 2, secrets.StagePrevious},
		{"the pending stage is denied", func(v *vault, d *database) {
			v.put(secrets.StageCurrent, creds("app", "two"))
			v.put(secrets.StageCurrent, creds("app", "three"))
			v.fail[secrets.StagePending] = denied
			d.set("app", "two")
		}, "v1 v3 v2", 3, secrets.StagePrevious},
		{"the pending version holds something else", func(v *vault, d *database) {
			v.put(secrets.StageCurrent, creds("app", "two"))
			v.put(secrets.StageCurrent, creds("app", "three"))
			v.put(secrets.StagePending, "not JSON")
			d.set("app", "two")
		}, "v1 v3 v2", 3, secrets.StagePrevious},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var events []secrets.Event
			src, db, s := setup(t, &secrets.Options{Observe: func(_ context.Context, e secrets.Event) { events = append(events, e) }})
			events = nil
			tt.prepare(src, db)
			if err := s.Recover(t.Context(), "", db.login); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(db.tried, " "); got != tt.tried {
				t.Errorf("logins with %s, want %s", got, tt.tried)
			}
			if n := src.total(); n != tt.fetches {
				t.Errorf("%d fetches, want %d", n, tt.fetches)
			}
			v, err := s.Value(t.Context())
			if err != nil || v.Stage() != tt.stage || string(v.Version()) != tt.tried[len(tt.tried)-2:] {
				t.Errorf("held is %v, want stage %v", v, tt.stage)
			}
			if tt.fetches > 0 {
				last := events[len(events)-1]
				if last.Op != "recover" || last.Stage != tt.stage || last.Err != nil || last.Rejected != strings.Count(tt.tried, " ")-1 {
					t.Errorf("the observer saw %+v", last)
				}
			}
			db.tried = nil
			if err := s.Recover(t.Context(), "", db.login); err != nil || len(db.tried) != 1 {
				t.Errorf("the next login: %v, tried %v", err, db.tried)
			}
		})
	}
}

// A version that the caller names as rejected is not tried again.
func TestRecoverFromARejectedVersion(t *testing.T) {
	src, db, s := setup(t, nil)
	src.put(secrets.StagePending, creds("app", "two"))
	db.set("app", "two")
	if err := s.Recover(t.Context(), "v1", db.login); err != nil || strings.Join(db.tried, " ") != "v2" {
		t.Errorf("Recover = %v, tried %v", err, db.tried)
	}
	// Another caller is late with the same news.
	if err := s.Recover(t.Context(), "v1", db.login); err != nil || strings.Join(db.tried, " ") != "v2 v2" || src.total() != 2 {
		t.Errorf("Recover = %v, tried %v, %d fetches", err, db.tried, src.total())
	}
}

func TestRecoverLeadsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, db, s := setup(t, nil)
		src.put(secrets.StagePending, creds("app", "two"))
		db.set("app", "two")
		src.delay, db.delay = 20*time.Millisecond, 10*time.Millisecond
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				if err := s.Recover(t.Context(), "v1", db.login); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		accepted, rejected := db.logins()
		if src.total() != 2 || accepted != 32 || rejected != 0 {
			t.Errorf("%d fetches, %d accepted, %d rejected logins; want 2, 32, 0", src.total(), accepted, rejected)
		}
	})
}

// The leader's context ends, one's of a fetch and one's of a login.
func TestRecoverSurvivesItsLeader(t *testing.T) {
	for _, tt := range []struct {
		name        string
		leaves      time.Duration
		fetch, auth time.Duration
	}{
		{"during the fetch", 10 * time.Millisecond, 20 * time.Millisecond, 0},
		{"during the login", 50 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, db, s := setup(t, nil)
				src.put(secrets.StagePending, creds("app", "two"))
				db.set("app", "two")
				src.delay, db.delay = tt.fetch, tt.auth
				var wg sync.WaitGroup
				ctx, cancel := context.WithTimeout(t.Context(), tt.leaves)
				defer cancel()
				wg.Go(func() {
					if err := s.Recover(ctx, "v1", db.login); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("the leader got %v", err)
					}
				})
				synctest.Wait()
				for range 8 {
					wg.Go(func() {
						if err := s.Recover(t.Context(), "v1", db.login); err != nil {
							t.Errorf("a waiter got %v", err)
						}
					})
				}
				wg.Wait()
				if n := src.total(); n != 2 {
					t.Errorf("%d fetches, want 2", n)
				}
			})
		})
	}
}

// Callers whose deadlines are shorter than a fetch get there together.
func TestRecoverWithShortDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, db, s := setup(t, nil)
		src.put(secrets.StagePending, creds("app", "two"))
		db.set("app", "two")
		src.delay = 300 * time.Millisecond
		var err error
		n := 0
		for ; n < 20; n++ {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			err = s.Recover(ctx, "", db.login)
			cancel()
			if err == nil {
				break
			}
		}
		if err != nil || n > 8 || src.total() != 2 {
			t.Errorf("after %d callers: %v, %d fetches, want 2", n, err, src.total())
		}
	})
}

func TestRecoverWaitsForALaterRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, db, s := setup(t, &secrets.Options{Stages: []secrets.Stage{secrets.StageCurrent}})
		db.set("app", "two") // the database first, and only AWSCURRENT may be read
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				if err := s.Recover(t.Context(), "", db.login); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Second)
		src.put(secrets.StageCurrent, creds("app", "two"))
		wg.Wait()
		if n := src.total(); n > 8 {
			t.Errorf("%d fetches in a window of 1 s, want few", n)
		}
	})
}

// An hour of a wrong password: what the environment costs after the first
// round, and what its callers get.
func TestPermanentlyWrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, db, s := setup(t, nil)
		src.delay, db.delay = 10*time.Millisecond, 5*time.Millisecond
		src.put(secrets.StageCurrent, creds("app", "two"))
		src.put(secrets.StagePending, creds("app", "three"))
		db.set("app", "something else")

		const hour = time.Hour
		begun := time.Now()
		end := begun.Add(hour)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var slowest time.Duration
		var firstCalls, firstLogins int
		failures := 0
		for w := range 32 {
			wg.Go(func() {
				for time.Now().Before(end) {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					at := time.Now()
					err := s.Recover(ctx, "", db.login)
					took := time.Since(at)
					cancel()
					var auth *authError
					var r *secrets.RecoverError
					if !errors.As(err, &r) || !errors.As(err, &auth) || r.ID != "orders/db" {
						t.Errorf("Recover = %v, want the cause", err)
						return
					}
					mu.Lock()
					failures++
					slowest = max(slowest, took)
					mu.Unlock()
					time.Sleep(time.Second + time.Duration(w)*time.Millisecond)
				}
			})
			if w == 0 {
				time.Sleep(100 * time.Millisecond) // the first round
				firstCalls = src.total()
				_, firstLogins = db.logins()
			}
		}
		wg.Wait()
		_, rejected := db.logins()
		calls, logins := src.total()-firstCalls, rejected-firstLogins
		secs := hour.Seconds()
		t.Logf("%d failures in %v, slowest %v; first round %d calls, %d logins", failures, hour, slowest, firstCalls, firstLogins)
		t.Logf("BenchmarkPermanentlyWrongPassword %d %.3f calls/s %.3f logins/s", failures, float64(calls)/secs, float64(logins)/secs)
		if r := float64(calls) / secs; r > 0.1 {
			t.Errorf("%.3f API calls per second, want at most 0.1", r)
		}
		if r := float64(logins) / secs; r > 0.1 {
			t.Errorf("%.3f logins per second, want at most 0.1", r)
		}
		if slowest > 2*time.Second {
			t.Errorf("a caller with a deadline of 2 s waited %v", slowest)
		}
		if failures < 32*3000 {
			t.Errorf("only %d failures: the callers were held up", failures)
		}

		// Repaired on the side of the database: the next probe finds out.
		db.set("app", "two")
		for range 70 {
			if err := s.Recover(t.Context(), "", db.login); err == nil {
				return
			}
			time.Sleep(time.Second)
		}
		t.Error("a repaired password was not found within 70 s")
	})
}

func TestGateOpensForANewVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, db, s := setup(t, &secrets.Options{Budget: -1, MaxAge: 10 * time.Second, Jitter: -1})
		db.set("app", "two")
		err := s.Recover(t.Context(), "", db.login)
		var r *secrets.RecoverError
		if !errors.As(err, &r) || r.Rounds != 1 || time.Until(r.RetryAt) < 30*time.Second {
			t.Fatalf("Recover = %v", err)
		}
		_, n := db.logins()
		if err := s.Recover(t.Context(), "", db.login); err == nil {
			t.Error("Recover succeeded")
		}
		if err := s.Recover(t.Context(), "v0", db.login); err == nil {
			t.Error("Recover succeeded")
		}
		if _, m := db.logins(); m != n || src.total() != 3 {
			t.Errorf("the gate let through %d logins, %d fetches", m-n, src.total()-3)
		}
		src.put(secrets.StageCurrent, creds("app", "two"))
		time.Sleep(10 * time.Second)
		mustGet(t, s) // its age is over
		if err := s.Recover(t.Context(), "", db.login); err != nil {
			t.Errorf("with a new version: %v", err)
		}
	})
}

func TestRecoverWhileTheSourceIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, db, s := setup(t, nil)
		down := errors.New("throttled")
		src.down = down
		db.set("app", "two")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := s.Recover(ctx, "", db.login); !errors.Is(err, down) {
			t.Errorf("Recover = %v, want the source's error", err)
		}
		if n := src.total(); n > 8 {
			t.Errorf("%d fetches from a source that is down", n)
		}
		if got := mustGet(t, s); got.Password.Reveal() != "one" {
			t.Error("the value has gone")
		}
	})
}

func TestRecoverEndsWithOtherErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, db, s := setup(t, nil)
		db.down = errors.New("connection refused")
		if err := s.Recover(t.Context(), "", db.login); err != db.down || src.total() != 0 {
			t.Errorf("Recover = %v, %d fetches", err, src.total())
		}
		src.put(secrets.StageCurrent, creds("app", "two"))
		src.delay = time.Second
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := s.Recover(t.Context(), "v1", db.login); err != db.down {
					t.Errorf("Recover = %v, want the leader's error", err)
				}
			})
		}
		wg.Wait()
		if src.total() != 1 {
			t.Errorf("%d fetches, want 1", src.total())
		}
		db.down = nil
		db.set("app", "two")
		if err := s.Recover(t.Context(), "v1", db.login); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

func TestRecoverSurvivesAPanic(t *testing.T) {
	src, db, s := setup(t, nil)
	src.put(secrets.StageCurrent, creds("app", "two"))
	db.set("app", "two")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		s.Recover(t.Context(), "v1", func(context.Context, secrets.Value[login]) error { panic("boom") })
	}()
	if err := s.Recover(t.Context(), "v1", db.login); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

// Two servers behind one name, one with the old password, one with the new:
// every other login fails. That must not become a storm of fetches.
func TestDisagreeingServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, _, s := setup(t, nil)
		src.put(secrets.StageCurrent, creds("app", "two"))
		n := 0
		flip := func(_ context.Context, v secrets.Value[login]) error {
			n++
			if (v.Data().Password.Reveal() == "one") == (n/3%2 == 0) {
				return nil
			}
			return secrets.Rejected(errors.New("28P01"))
		}
		end := time.Now().Add(time.Minute)
		for time.Now().Before(end) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			s.Recover(ctx, "", flip)
			cancel()
			time.Sleep(time.Millisecond)
		}
		t.Logf("%d fetches, %d logins in 1 min", src.total(), n)
		if src.total() > 300 {
			t.Errorf("%d fetches in a minute", src.total())
		}
	})
}

func TestDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newVault("key-1")
		s := mustNew[string](t, src, nil)
		valid := "key-1"
		unauthorized := errors.New("401")
		var calls []string
		call := func(_ context.Context, key string) error {
			calls = append(calls, key)
			if key != valid {
				return secrets.Rejected(unauthorized)
			}
			return nil
		}
		do := func() error { calls = nil; return secrets.Do(t.Context(), s, call) }
		if err := do(); err != nil || len(calls) != 1 {
			t.Errorf("Do = %v, calls %v", err, calls)
		}
		valid = "key-2"
		src.put(secrets.StageCurrent, "key-2")
		if err := do(); err != nil || fmt.Sprint(calls) != "[key-1 key-2]" {
			t.Errorf("Do = %v, calls %v", err, calls)
		}
		if err := do(); err != nil || fmt.Sprint(calls) != "[key-2]" {
			t.Errorf("Do = %v, calls %v", err, calls)
		}

		// No version is valid: at most two calls each, few fetches, the error as it is.
		valid = "key-9"
		src.put(secrets.StageCurrent, "key-3")
		n := src.total()
		for i := range 1000 {
			err := do()
			if !errors.Is(err, unauthorized) || err.Error() != "401" || len(calls) > 2 || len(calls) == 0 {
				t.Fatalf("Do %d = %v, calls %v", i, err, calls)
			}
		}
		if got := src.total() - n; got > 3 {
			t.Errorf("%d fetches for 1000 rejected calls", got)
		}

		other := errors.New("503")
		if err := secrets.Do(t.Context(), s, func(context.Context, string) error { return other }); err != other {
			t.Errorf("Do = %v", err)
		}
		if secrets.Rejected(nil) != nil {
			t.Error("Rejected(nil) is not nil")
		}
	})
}

// Workers that connect all the time, through rotations in both orders: nobody
// ever fails.
func TestRotationsUnderLoad(t *testing.T) {
	for _, databaseFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("databaseFirst=%v", databaseFirst), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, db, s := setup(t, nil)
				src.delay, db.delay = 10*time.Millisecond, 3*time.Millisecond
				done := make(chan struct{})
				var wg sync.WaitGroup
				for w := range 32 {
					wg.Go(func() {
						for {
							select {
							case <-done:
								return
							case <-time.After(time.Duration(5+w) * time.Millisecond):
							}
							if err := s.Recover(t.Context(), "", db.login); err != nil {
								t.Errorf("a login failed: %v", err)
							}
						}
					})
				}
				const rotations = 50
				for i := range rotations {
					pw := fmt.Sprintf("pw-%d", i)
					if databaseFirst {
						src.put(secrets.StagePending, creds("app", pw))
						time.Sleep(50 * time.Millisecond)
						db.set("app", pw)
						time.Sleep(250 * time.Millisecond)
						src.finish()
					} else {
						src.put(secrets.StageCurrent, creds("app", pw))
						time.Sleep(250 * time.Millisecond)
						db.set("app", pw)
					}
					time.Sleep(300 * time.Millisecond)
				}
				close(done)
				wg.Wait()
				accepted, rejected := db.logins()
				t.Logf("%d logins, %d rejected, %d fetches", accepted, rejected, src.total())
				if n := src.total(); n > 2*rotations {
					t.Errorf("%d fetches in %d rotations", n, rotations)
				}
			})
		})
	}
}

// A connector that is the secret's only user notices its age, too: the host may
// have changed, not the password.
func TestRecoverMindsTheAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, db, s := setup(t, nil)
		src.put(secrets.StageCurrent, creds("app", "one"))
		time.Sleep(2 * time.Hour)
		if err := s.Recover(t.Context(), "", db.login); err != nil || strings.Join(db.tried, " ") != "v2" {
			t.Errorf("Recover = %v with %v", err, db.tried)
		}
		time.Sleep(2 * time.Hour)
		src.down = errors.New("refused")
		if err := s.Recover(t.Context(), "", db.login); err != nil {
			t.Errorf("with the source down: %v", err)
		}
	})
}
