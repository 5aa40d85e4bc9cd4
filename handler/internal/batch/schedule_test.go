package batch

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// TestSchedule lets several workers take and finish records in random order and
// compares what is handed out with what each Order promises.
func TestSchedule(t *testing.T) {
	var s Schedule // used again, as adapters do
	for n := range 20000 {
		r := rand.New(rand.NewPCG(5, uint64(n)))
		order := Order(r.IntN(4))
		keys := make([]int, r.IntN(40))
		for i := range keys {
			keys[i] = r.IntN(8) - 1 // -1 has no key
		}
		s.Reset(len(keys), order, func(i int) []byte {
			if keys[i] < 0 {
				return nil
			}
			return []byte(strconv.Itoa(keys[i]))
		})
		outcomes := make([]Outcome, len(keys))
		var running []int
		workers, lowest := min(1+r.IntN(5), s.Width()), len(keys)
		for workers > 0 || len(running) > 0 {
			if workers > 0 && (len(running) == 0 || r.IntN(2) == 0) {
				i, ok := s.Next()
				if workers--; !ok {
					continue
				}
				s.Start(i)
				if outcomes[i] != Unstarted {
					t.Fatalf("batch %d: record %d twice", n, i)
				}
				outcomes[i] = Started
				running = append(running, i)
				for j, k := range keys[:i] {
					if order != Unordered && k >= 0 && k == keys[i] && outcomes[j] != Done {
						t.Fatalf("batch %d: record %d before %d of its key", n, i, j)
					}
				}
				if order == Stream && i > lowest {
					t.Fatalf("batch %d: record %d behind the failed %d", n, i, lowest)
				}
				continue
			}
			at := r.IntN(len(running))
			i := running[at]
			running = slices.Delete(running, at, at+1)
			outcomes[i] = Done
			if r.IntN(10) == 0 {
				outcomes[i], lowest = Failed, min(lowest, i)
			}
			s.Finish(i, outcomes[i])
			workers++
		}
		var want, got []int
		for i, o := range outcomes {
			if s.Outcome(i) != o {
				t.Fatalf("batch %d: record %d is %d, want %d", n, i, s.Outcome(i), o)
			}
			if o != Done {
				want = append(want, i)
			}
			excused := o != Unstarted || order == Stream && i > lowest
			for j, k := range keys[:i] {
				excused = excused || order != Unordered && k >= 0 && k == keys[i] && outcomes[j] == Failed
			}
			if !excused {
				t.Fatalf("batch %d: record %d was left out", n, i)
			}
		}
		if order >= Stream && len(want) > 1 {
			want = want[:1]
		}
		s.Unfinished(func(i int) { got = append(got, i) })
		if !slices.Equal(got, want) {
			t.Fatalf("batch %d: unfinished %v, want %v", n, got, want)
		}
	}
}

func TestStop(t *testing.T) {
	for order := range StreamByKey + 1 {
		var s Schedule
		s.Reset(3, order, func(int) []byte { return nil })
		if _, ok := s.Next(); !ok {
			t.Errorf("order %d: nothing to begin with", order)
		}
		s.Stop()
		if i, ok := s.Next(); ok {
			t.Errorf("order %d: record %d after Stop", order, i)
		}
	}
}

func TestAppendResponse(t *testing.T) {
	for _, ids := range [][]string{nil, {"1"}, {`a"b`, "c\n", "é"}} {
		var in [][]byte
		for _, id := range ids {
			in = append(in, []byte(id))
		}
		var out struct {
			BatchItemFailures []struct{ ItemIdentifier string }
		}
		b := AppendResponse(nil, in)
		if err := json.Unmarshal(b, &out); err != nil || out.BatchItemFailures == nil || len(out.BatchItemFailures) != len(ids) {
			t.Fatalf("%s: %v", b, err)
		}
		for i, f := range out.BatchItemFailures {
			if f.ItemIdentifier != ids[i] {
				t.Errorf("%s: %q, want %q", b, f.ItemIdentifier, ids[i])
			}
		}
	}
}
