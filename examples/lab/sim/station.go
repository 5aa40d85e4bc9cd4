package sim

import "time"

// A bucket keeps a Quota.
type bucket struct {
	Quota
	tokens float64
	last   int64
}

func newBucket(q Quota) bucket { return bucket{Quota: q, tokens: q.Burst} }

// take takes a token, if there is one.
func (b *bucket) take(now int64) bool {
	if b.PerSecond == 0 {
		return true
	}
	b.tokens = min(b.Burst, b.tokens+float64(now-b.last)*b.PerSecond/float64(time.Second))
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// A station is a Service at work.
type station struct {
	*Service
	bucket  bucket
	busy    int
	waiting []ticket // from head on
	head    int

	calls     Calls
	perSecond []int // attempts
}

// A ticket is a place in the queue; it is void if the invocation has given up.
type ticket struct {
	inv   int32
	stamp uint32
}

func (s *station) enqueue(t ticket) {
	if s.head > 1024 && s.head > len(s.waiting)/2 {
		s.waiting = s.waiting[:copy(s.waiting, s.waiting[s.head:])]
		s.head = 0
	}
	s.waiting = append(s.waiting, t)
}

func (s *station) dequeue() (ticket, bool) {
	if s.head == len(s.waiting) {
		s.waiting, s.head = s.waiting[:0], 0
		return ticket{}, false
	}
	s.head++
	return s.waiting[s.head-1], true
}

// delay is the back-off after the attempt with this number, from 1 on.
func (r Retry) delay(attempt int, share float64) int64 {
	d := r.Base << min(attempt, 30)
	if d>>min(attempt, 30) != r.Base { // it overflowed
		d = r.Max
	}
	return int64(share * float64(min(d, r.Max)))
}
