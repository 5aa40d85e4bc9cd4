package concurrency

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// SweepOptions configures a [Sweep]. The zero value is ready to use.
type SweepOptions struct {
	// Longest is the longest time that one invocation occupies its environment.
	// Zero means 15 min 10 s, Lambda's limit for a function and its INIT. A
	// record beyond it is counted from that long before its end. At most 24 h.
	Longest time.Duration
	// Lateness is how much earlier than the latest record's end a record's own
	// end may be: how far out of order the input is. Zero means 1 minute.
	// Records later than that are counted in [Summary.Late] and not used. At
	// most 24 h. Memory grows with Longest + Lateness, 4 bytes a millisecond.
	Lateness time.Duration
	// Percentile is that of the estimate, over 0 to 100. Zero means 99.5, the
	// one of the well-known query.
	Percentile float64
}

// A Second is one second of a log in which something ran.
type Second struct {
	Start time.Time // a whole second, UTC
	// Peak is the highest number of environments that were busy in the same
	// millisecond, exact to 1 ms. An invocation counts from its start to its
	// end, both rounded outwards to a millisecond.
	Peak int
	// Average is the mean number of busy environments: busy time over 1 s.
	Average float64
	// Ended counts the invocations that ended, and ColdStarts those of them
	// that had waited for INIT or a restore.
	Ended, ColdStarts int
	// Estimate is count × percentile of duration / 1 s over the invocations
	// that ended in this second: what the well-known query gives. See the
	// package documentation for its bias.
	Estimate float64
}

// A Summary is what a [Sweep] found over the whole log.
type Summary struct {
	Records    int // used
	Late       int // not used: ended before the window
	ColdStarts int
	Failed     int
	First      time.Time // when the earliest invocation started
	Last       time.Time // when the latest one ended
	Peak       int       // the highest concurrency, exact to 1 ms
	PeakAt     time.Time // the first millisecond that had it
	Busy       time.Duration
	// EstimatePeak is the highest estimate of all seconds.
	EstimatePeak float64
}

// Average returns the mean concurrency between First and Last, by Little's law
// the same as rate × mean duration. It is zero for an empty log.
func (s *Summary) Average() float64 {
	span := s.Last.Sub(s.First)
	if span <= 0 {
		return 0
	}
	return float64(s.Busy) / float64(span)
}

// ColdStartShare returns the share of invocations with a cold start, 0 to 1.
func (s *Summary) ColdStartShare() float64 {
	if s.Records == 0 {
		return 0
	}
	return float64(s.ColdStarts) / float64(s.Records)
}

// A Sweep computes exact concurrency over time from the start and end of each
// invocation, in one pass over records that come roughly in the order of their
// end. It is not safe for concurrent use.
type Sweep struct {
	visit             func(Second)
	longest, lateness int64 // ms
	percentile        float64
	sum               Summary

	// A ring of millisecond slots: how many invocations start less how many
	// end there. Slots before next are swept and zero.
	delta   []int32
	next    int64 // ms since 1970 of the first slot that is not swept
	latest  int64 // ms of the latest end seen
	running int   // busy environments just before next
	started bool

	seconds []second  // ring by second, as long as the ring of slots
	closed  int64     // ms of the first second that may still get durations
	spare   [][]int32 // for durations of seconds to come
}

// second gathers what a Second needs until the sweep passes it.
type second struct {
	busyNanos         int64
	ended, coldStarts int
	durations         []int32 // in 10 µs, of the invocations that ended; nil once estimated
	estimate          float64 // once no duration can come any more
}

// NewSweep returns a sweep that calls visit, which may be nil, with each second
// in which something ran or ended, in order, as soon as no record can change it.
// An option outside its range is an error.
func NewSweep(opts SweepOptions, visit func(Second)) (*Sweep, error) {
	if opts.Longest == 0 {
		opts.Longest = 15*time.Minute + 10*time.Second
	}
	if opts.Lateness == 0 {
		opts.Lateness = time.Minute
	}
	if opts.Percentile == 0 {
		opts.Percentile = 99.5
	}
	const day = 24 * time.Hour
	switch {
	case opts.Longest < time.Millisecond || opts.Longest > day:
		return nil, fmt.Errorf("concurrency: Longest is %v, want 1 ms to 24 h", opts.Longest)
	case opts.Lateness < time.Millisecond || opts.Lateness > day:
		return nil, fmt.Errorf("concurrency: Lateness is %v, want 1 ms to 24 h", opts.Lateness)
	case !(opts.Percentile > 0 && opts.Percentile <= 100):
		return nil, fmt.Errorf("concurrency: Percentile is %v, want more than 0, at most 100", opts.Percentile)
	}
	if visit == nil {
		visit = func(Second) {}
	}
	s := &Sweep{visit: visit, longest: opts.Longest.Milliseconds(), lateness: opts.Lateness.Milliseconds(), percentile: opts.Percentile}
	// One second more on either side, so that whole seconds fit.
	n := (s.longest+s.lateness)/1000 + 4
	s.delta = make([]int32, n*1000)
	s.seconds = make([]second, n)
	return s, nil
}

// errNoEnd is returned for a record whose End was not set: REPORT lines carry no
// time, the log event around them does.
var errNoEnd = errors.New("concurrency: the record has no end time")

// Add takes one record. Its End must be set. A record that ended more than
// Lateness before the latest one is counted as late and otherwise ignored.
func (s *Sweep) Add(r *Report) error {
	if r.End.IsZero() {
		return errNoEnd
	}
	end := r.End.UnixMilli()
	if s.started && end <= s.latest-s.lateness {
		s.sum.Late++
		return nil
	}
	busy := max(r.Busy(), 0)
	ms := min(max((busy.Nanoseconds()+999_999)/1e6, 1), s.longest)
	busy = min(busy, time.Duration(s.longest)*time.Millisecond)
	start := end - ms

	if !s.started {
		s.started = true
		s.latest = end
		s.next = floorSecond(end - s.longest - s.lateness)
		s.closed = floorSecond(end - s.lateness)
	}
	if end > s.latest {
		s.latest = end
		s.closeTo(floorSecond(end - s.lateness + 1))
		s.sweepTo(floorSecond(end - s.longest - s.lateness))
	}
	s.delta[slot(start, len(s.delta))]++
	s.delta[slot(end, len(s.delta))]--

	s.spread(start, end, busy)
	sec := s.at(end) // as the query's bin(1s) of the line's timestamp
	sec.ended++
	if sec.durations == nil && len(s.spare) > 0 {
		sec.durations = s.spare[len(s.spare)-1]
		s.spare = s.spare[:len(s.spare)-1]
	}
	sec.durations = append(sec.durations, int32(min(r.Duration.Nanoseconds()/10_000, 1<<31-1)))
	s.sum.Records++
	if r.ColdStart() {
		sec.coldStarts++
		s.sum.ColdStarts++
	}
	if r.Failed {
		s.sum.Failed++
	}
	s.sum.Busy += busy
	if first := time.UnixMilli(start).UTC(); s.sum.First.IsZero() || first.Before(s.sum.First) {
		s.sum.First = first
	}
	if last := time.UnixMilli(end).UTC(); last.After(s.sum.Last) {
		s.sum.Last = last
	}
	return nil
}

// spread gives each second between start and end its part of the busy time.
func (s *Sweep) spread(start, end int64, busy time.Duration) {
	left, total := busy.Nanoseconds(), busy.Nanoseconds()
	for from := start; from < end; {
		to := min(floorSecond(from)+1000, end)
		part := total / (end - start) * (to - from)
		if to == end {
			part = left
		}
		s.at(from).busyNanos += part
		left -= part
		from = to
	}
}

// Close sweeps what is left. Add must not be called after it.
func (s *Sweep) Close() Summary {
	if s.started {
		s.sweepTo(floorSecond(s.latest) + 1000)
	}
	return s.sum
}

// Summary returns what was found so far: Peak and EstimatePeak cover the seconds
// that were visited.
func (s *Sweep) Summary() Summary { return s.sum }

// sweepTo visits the seconds before limit, a whole second, and empties them.
func (s *Sweep) sweepTo(limit int64) {
	// Beyond the latest end of any record before this call nothing runs, so a
	// gap longer than the ring needs no second look at the same slots.
	if end := s.next + int64(len(s.delta)); limit > end {
		s.sweepRing(end)
		s.next = limit
		return
	}
	s.sweepRing(limit)
}

func (s *Sweep) sweepRing(limit int64) {
	for ; s.next < limit; s.next += 1000 {
		sec := s.at(s.next)
		if s.running == 0 && sec.ended == 0 && sec.busyNanos == 0 && !s.starts(s.next) {
			continue
		}
		i := slot(s.next, len(s.delta))
		running, peak := s.running, 0
		for ms, d := range s.delta[i : i+1000] {
			if d == 0 && ms > 0 {
				continue
			}
			running += int(d)
			if running > peak {
				peak = running
			}
			if running > s.sum.Peak {
				s.sum.Peak = running
				s.sum.PeakAt = time.UnixMilli(s.next + int64(ms)).UTC()
			}
		}
		clear(s.delta[i : i+1000])
		s.running = running
		s.estimate(sec)
		out := Second{
			Start: time.UnixMilli(s.next).UTC(), Peak: peak, Average: float64(sec.busyNanos) / 1e9,
			Ended: sec.ended, ColdStarts: sec.coldStarts, Estimate: sec.estimate,
		}
		s.sum.EstimatePeak = max(s.sum.EstimatePeak, out.Estimate)
		*sec = second{}
		if out.Peak > 0 || out.Ended > 0 {
			s.visit(out)
		}
	}
}

// closeTo computes the estimates of the seconds before limit, for which any
// further record would be late, so that durations are kept for Lateness only.
func (s *Sweep) closeTo(limit int64) {
	for ; s.closed < min(limit, s.next+int64(len(s.delta))); s.closed += 1000 {
		s.estimate(s.at(s.closed))
	}
	s.closed = max(s.closed, limit)
}

func (s *Sweep) estimate(sec *second) {
	if len(sec.durations) == 0 {
		return
	}
	sec.estimate = estimate(sec.durations, s.percentile)
	s.spare = append(s.spare, sec.durations[:0])
	sec.durations = nil
}

// starts reports whether anything starts or ends in the second at ms.
func (s *Sweep) starts(ms int64) bool {
	i := slot(ms, len(s.delta))
	for _, d := range s.delta[i : i+1000] {
		if d != 0 {
			return true
		}
	}
	return false
}

// estimate returns count × percentile / 1 s of durations in units of 10 µs, by
// the nearest rank. It sorts them.
func estimate(durations []int32, percentile float64) float64 {
	slices.Sort(durations)
	n := float64(len(durations))
	rank := max(int(math.Ceil(percentile/100*n)), 1)
	return n * float64(durations[rank-1]) * 10e-6
}

func (s *Sweep) at(ms int64) *second {
	return &s.seconds[slot(floorSecond(ms)/1000, len(s.seconds))]
}

// slot is ms modulo n, also for times before 1970.
func slot(ms int64, n int) int {
	m := int(ms % int64(n))
	if m < 0 {
		m += n
	}
	return m
}

func floorSecond(ms int64) int64 {
	s := ms - ms%1000
	if s > ms {
		s -= 1000
	}
	return s
}
