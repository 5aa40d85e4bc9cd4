package idempotent_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/handler/idempotent"
	"github.com/lambdatune/lambdatune/internal/invocation"
)

// interleave runs random calls against one store in virtual time: some fail,
// some panic, some outlive their deadline, some are killed and never return. No
// key may succeed twice within the expiry, and every replay must be the result
// of that one success.
func interleave(t *testing.T, seed uint64, calls int) (succeeded, replayed, refused, late int) {
	const expiry = 20 * time.Second
	type success struct {
		at     time.Time
		result int
	}
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		var mu sync.Mutex
		last := map[int]success{}
		type ranKey struct{}
		type in struct{ key, id int }
		type plan struct {
			start, work, limit  time.Duration
			fails, panics, hung bool
			key                 int
		}
		plans := make([]plan, calls)
		for i := range plans {
			plans[i] = plan{
				// No two calls do anything at the same instant: which of them then comes
				// first is not for this test to know.
				start: time.Duration(rnd.IntN(60_000))*time.Millisecond + time.Duration(i)*time.Microsecond, work: time.Duration(rnd.IntN(4000)) * time.Millisecond,
				limit: time.Duration(500+rnd.IntN(4000)) * time.Millisecond,
				fails: rnd.IntN(4) == 0, panics: rnd.IntN(10) == 0, hung: rnd.IntN(10) == 0, key: rnd.IntN(3),
			}
		}
		end := make(chan struct{})
		f := idempotent.Wrap(idempotent.NewMemory(4), func(i in) string { return string(rune('a' + i.key)) },
			func(ctx context.Context, i in) (int, error) {
				p := plans[i.id]
				*ctx.Value(ranKey{}).(*bool) = true
				if p.hung {
					<-end // killed: nothing is heard of it any more
					return 0, errors.New("killed")
				}
				time.Sleep(p.work)
				switch {
				case p.panics:
					panic("logic")
				case p.fails:
					return 0, errors.New("logic")
				}
				return i.id, nil
			}, &idempotent.Options[in]{Expiry: expiry})
		var wg sync.WaitGroup
		for id, p := range plans {
			wg.Go(func() {
				defer func() {
					if v := recover(); v != nil && v != "logic" {
						panic(v)
					}
				}()
				time.Sleep(p.start)
				ran := false
				ctx := context.WithValue(t.Context(), ranKey{}, &ran)
				ctx = invocation.NewContext(ctx, invocation.Value{Deadline: time.Now().Add(p.limit)})
				result, err := f(ctx, in{p.key, id})
				mu.Lock()
				defer mu.Unlock()
				before, known := last[p.key]
				now := time.Now()
				_, busy := errors.AsType[*idempotent.InProgressError](err)
				switch {
				case err == nil && ran:
					succeeded++
					if known && now.Before(before.at.Add(expiry)) {
						t.Errorf("seed %d: key %d succeeded again %v after call %d", seed, p.key, now.Sub(before.at), before.result)
					}
					last[p.key] = success{now, id}
				case err == nil:
					replayed++
					if !known || result != before.result || !now.Before(before.at.Add(expiry)) {
						t.Errorf("seed %d: replay of %d, want %d within %v", seed, result, before.result, expiry)
					}
				case busy:
					refused++
					if ran {
						t.Errorf("seed %d: ran and refused", seed)
					}
				case errors.Is(err, idempotent.ErrTakenOver):
					late++
					if p.work < p.limit {
						t.Errorf("seed %d: taken over before its deadline", seed)
					}
				case !ran:
					t.Errorf("seed %d: %v", seed, err)
				}
			})
		}
		time.Sleep(time.Hour)
		close(end)
		wg.Wait()
	})
	return succeeded, replayed, refused, late
}

func TestInterleavings(t *testing.T) {
	seeds := 300
	if raceEnabled {
		seeds = 60
	}
	var succeeded, replayed, refused, late int
	for seed := range seeds {
		s, r, b, l := interleave(t, uint64(seed), 60)
		succeeded, replayed, refused, late = succeeded+s, replayed+r, refused+b, late+l
	}
	t.Logf("%d succeeded, %d replayed, %d refused, %d too late", succeeded, replayed, refused, late)
	if succeeded == 0 || replayed == 0 || refused == 0 || late == 0 {
		t.Error("the interleavings leave a case out")
	}
}

func FuzzInterleavings(f *testing.F) {
	f.Add(uint64(1), uint8(20))
	f.Fuzz(func(t *testing.T, seed uint64, calls uint8) {
		interleave(t, seed, int(calls))
	})
}
