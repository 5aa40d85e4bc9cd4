package sim

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestHeap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var h heap
		var all, got []event
		for seq := range uint64(r.IntN(300)) {
			e := event{at: r.Int64N(50), seq: seq}
			h.push(e)
			all = append(all, e)
			if len(all) > len(got)+1 && r.IntN(4) == 0 { // pops between pushes
				top := h.pop()
				for _, left := range h {
					if left.before(&top) {
						t.Fatalf("%v came before %v", top, left)
					}
				}
				all = slices.DeleteFunc(all, func(e event) bool { return e == top })
			}
		}
		for len(h) > 0 {
			got = append(got, h.pop())
		}
		slices.SortFunc(all, func(a, b event) int {
			if a.before(&b) {
				return -1
			}
			return 1
		})
		if !slices.Equal(got, all) {
			t.Fatalf("%v, want %v", got, all)
		}
	}
}

// FuzzModel runs any model and checks after each event what must always hold.
func FuzzModel(f *testing.F) {
	f.Add(uint64(1), uint16(100), uint8(30), uint8(10), uint16(500), uint8(3), uint8(2))
	f.Add(uint64(2), uint16(400), uint8(0), uint8(0), uint16(0), uint8(0), uint8(0))
	f.Add(uint64(3), uint16(50), uint8(200), uint8(1), uint16(90), uint8(60), uint8(1))
	f.Fuzz(func(t *testing.T, seed uint64, rate uint16, limit, quota uint8, timeout uint16, attempts, servers uint8) {
		ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
		r := rand.New(rand.NewPCG(seed, 0))
		api := &Service{Operation: "Get", Latency: Exponential(ms(1 + r.IntN(50))), Quota: Quota{PerSecond: float64(quota), Burst: 1 + float64(r.IntN(20))},
			Retry: Retry{Attempts: int(attempts % 60), Base: ms(r.IntN(500)), Max: time.Second}}
		database := &Service{Operation: "Query", Latency: Exponential(ms(1 + r.IntN(50))), Servers: int(servers)}
		m := &Model{
			Rate: float64(rate%500) + 1, Regular: r.IntN(2) == 0, Ramp: ms(r.IntN(2000)), Length: 3 * time.Second, Warmup: ms(r.IntN(1000)),
			Limit: int(limit), Scaling: Quota{PerSecond: float64(r.IntN(50)), Burst: 1 + float64(r.IntN(50))},
			Timeout: ms(int(timeout)), Patience: ms(r.IntN(1000)), Rotation: ms(r.IntN(4000)), Seed: seed,
			Function: Function{
				Init:   []Step{{Wait: Exponential(ms(100))}, {Call: api, Fetches: true}},
				Invoke: []Step{{Call: api, Stale: true, Fetches: true}, {Wait: Exponential(ms(30))}, {Call: database}, {Call: api, Optional: true}},
				MaxAge: ms(r.IntN(3000)), Jitter: r.Float64() * 0.9,
			},
		}
		last := int64(0)
		st, err := m.run(func(now int64, e *engine) {
			if now < last {
				t.Fatalf("time went from %d to %d", last, now)
			}
			last = now
			if m.Limit > 0 && len(e.environments) > m.Limit {
				t.Fatalf("%d environments, the limit is %d", len(e.environments), m.Limit)
			}
			if busy := len(e.environments) - len(e.idle); busy != e.record.level || busy != len(e.invocations)-len(e.free) {
				t.Fatalf("%d busy environments, recorded %d, %d invocations", busy, e.record.level, len(e.invocations)-len(e.free))
			}
			for _, s := range e.stations {
				if s.Servers > 0 && s.busy > s.Servers || s.busy < 0 {
					t.Fatalf("%s: %d busy of %d servers", s.Operation, s.busy, s.Servers)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := st.Endings[0] + st.Endings[1] + st.Endings[2] + st.Endings[3]; n != st.Offered {
			t.Errorf("%d of %d requests ended", n, st.Offered)
		}
		causes := 0
		for _, c := range st.Causes {
			causes += c.N
		}
		if causes != st.Offered-st.Endings[Succeeded] {
			t.Errorf("%d causes of %v", causes, st.Endings)
		}
		offered := 0
		for _, s := range st.Seconds {
			offered += s.Offered
			if s.Mean > float64(s.Exact)+1e-6 || s.Exact > st.Peak {
				t.Errorf("%+v, peak %d", s, st.Peak)
			}
		}
		if offered != st.Offered {
			t.Errorf("%d of %d arrivals in the seconds", offered, st.Offered)
		}
	})
}
