package batch

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Order is what a source promises about the order of its records.
type Order uint8

const (
	// Unordered: every record by itself, as in a standard queue.
	Unordered Order = iota
	// Grouped: in order within a key, and a failure ends the key, as in a FIFO
	// queue.
	Grouped
	// Stream: in order within a key, and nothing that stands behind a failure
	// begins any more. What is reported is the first record that is not done,
	// since the source repeats all from there.
	Stream
	// StreamByKey is Stream, except that a failure ends its key alone.
	StreamByKey
)

// Outcome is what became of a record.
type Outcome uint8

const (
	Unstarted Outcome = iota
	Started
	Done
	Failed
)

// A Schedule hands out the records of one batch, each once. Workers call Next
// and Finish; the zero Schedule is made ready by Reset and used again.
type Schedule struct {
	order    Order
	n        int
	outcomes []Outcome // each written by whoever has the record

	next    atomic.Int64 // Unordered
	stopped atomic.Bool

	mu       sync.Mutex // guards what follows
	lowest   int        // of the failed ones
	keyed    bool
	table    []int32 // hash table: a lane plus one
	lanes    []lane
	laneOf   []int32
	nextSame []int32 // the next record of the same lane, 0 if there is none
	ready    []int32 // a heap of records: the first ones of the idle lanes
}

// lane is the records of one key.
type lane struct{ first, last int32 }

// Reset begins a batch of n records. Without a key a record is in no lane but
// its own.
func (s *Schedule) Reset(n int, order Order, key func(i int) []byte) {
	s.order, s.n, s.lowest = order, n, n
	s.outcomes = append(s.outcomes[:0], make([]Outcome, n)...)
	s.next.Store(0)
	s.stopped.Store(false)
	s.keyed = order != Unordered
	if s.keyed {
		s.sort(key)
	}
}

var seed = maphash.MakeSeed()

// sort puts records of the same key into lanes.
func (s *Schedule) sort(key func(i int) []byte) {
	s.lanes, s.laneOf, s.ready = s.lanes[:0], s.laneOf[:0], s.ready[:0]
	s.nextSame = append(s.nextSame[:0], make([]int32, s.n)...)
	size := 8
	for size < 2*s.n {
		size *= 2
	}
	s.table = append(s.table[:0], make([]int32, size)...)
	for i := range s.n {
		k := key(i)
		at := -1
		if k != nil {
			h := int(maphash.Bytes(seed, k)) & (size - 1)
			for s.table[h] != 0 && !bytes.Equal(key(int(s.lanes[s.table[h]-1].first)), k) {
				h = (h + 1) & (size - 1)
			}
			if at = int(s.table[h]) - 1; at < 0 {
				s.table[h] = int32(len(s.lanes)) + 1
			}
		}
		if at < 0 {
			at = len(s.lanes)
			s.lanes = append(s.lanes, lane{int32(i), int32(i)})
			s.ready = append(s.ready, int32(i)) // ascending, which is a heap
		} else {
			s.nextSame[s.lanes[at].last] = int32(i)
			s.lanes[at].last = int32(i)
		}
		s.laneOf = append(s.laneOf, int32(at))
	}
}

// Width is how many records can be processed at a time.
func (s *Schedule) Width() int {
	if s.keyed {
		return len(s.lanes)
	}
	return s.n
}

// Next returns the next record to begin with. A worker to which it says false
// is not needed any more.
func (s *Schedule) Next() (i int, ok bool) {
	if s.stopped.Load() {
		return 0, false
	}
	if !s.keyed {
		if i = int(s.next.Add(1)) - 1; i >= s.n {
			return 0, false
		}
		return i, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ready) == 0 || s.order == Stream && int(s.ready[0]) > s.lowest {
		return 0, false
	}
	return int(s.pop()), true
}

// Start marks the record as begun.
func (s *Schedule) Start(i int) { s.outcomes[i] = Started }

// Finish says what became of the record that Next has returned.
func (s *Schedule) Finish(i int, outcome Outcome) {
	s.outcomes[i] = outcome
	if !s.keyed {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if outcome == Done {
		if next := s.nextSame[i]; next != 0 {
			s.push(next)
		}
	} else if i < s.lowest {
		s.lowest = i
	}
}

// Stop lets no further record begin.
func (s *Schedule) Stop() { s.stopped.Store(true) }

// Outcome returns what became of a record. It, like Count and Unfinished, is to
// be called when no worker is at it.
func (s *Schedule) Outcome(i int) Outcome { return s.outcomes[i] }

// Outcomes returns what became of every record, valid until Reset.
func (s *Schedule) Outcomes() []Outcome { return s.outcomes }

// Replay begins the batch again and lets it go through outcomes, which are not
// those of the Schedule itself, as far as its order allows: what it has of records
// behind a failure is forgotten.
func (s *Schedule) Replay(outcomes []Outcome, key func(i int) []byte) {
	s.Reset(s.n, s.order, key)
	for i, ok := s.Next(); ok; i, ok = s.Next() {
		if outcomes[i] >= Done {
			s.Finish(i, outcomes[i])
		}
	}
}

// Count returns how many records have that outcome.
func (s *Schedule) Count(o Outcome) int {
	n := 0
	for _, have := range s.outcomes {
		if have == o {
			n++
		}
	}
	return n
}

// Unfinished calls report with each record that a response must name: all that
// are not done, but of a stream the first one alone.
func (s *Schedule) Unfinished(report func(i int)) {
	for i, o := range s.outcomes {
		if o == Done {
			continue
		}
		report(i)
		if s.order == Stream || s.order == StreamByKey {
			return
		}
	}
}

func (s *Schedule) push(r int32) {
	h := append(s.ready, r)
	i := len(h) - 1
	for i > 0 && h[(i-1)/2] > r {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i] = r
	s.ready = h
}

func (s *Schedule) pop() int32 {
	h := s.ready
	top, r := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	for i := 0; len(h) > 0; {
		child := 2*i + 1
		if child >= len(h) || r <= h[child] && (child+1 >= len(h) || r <= h[child+1]) {
			h[i] = r
			break
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		h[i] = h[child]
		i = child
	}
	s.ready = h
	return top
}
