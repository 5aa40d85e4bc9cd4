package concurrency

import (
	"math"
	"time"
)

// Need returns the concurrency of rps requests per second that take d each, by
// Little's law: 6,000 rps of 100 ms need 600 environments. It is an average; use
// the duration's high percentile and a margin for what to reserve. Negative
// arguments count as zero.
func Need(rps float64, d time.Duration) float64 {
	return max(rps, 0) * max(d, 0).Seconds()
}

// Rate returns the requests per second that a concurrency carries when each
// takes d, the inverse of [Need]. It is +Inf for a d of zero or less, and zero
// for a concurrency of zero or less.
func Rate(concurrency float64, d time.Duration) float64 {
	if concurrency <= 0 {
		return 0
	}
	if d <= 0 {
		return math.Inf(1)
	}
	return concurrency / d.Seconds()
}

// Drain returns how long a queue's backlog takes while arriving more per second
// come in, with so many concurrent invocations that each take batch messages and
// last d. ok is false where the queue never empties: what arrives is as much as
// what is done, or more.
func Drain(backlog int, arriving, concurrency float64, batch int, d time.Duration) (wait time.Duration, ok bool) {
	if backlog <= 0 {
		return 0, true
	}
	surplus := Rate(concurrency, d)*float64(max(batch, 0)) - max(arriving, 0)
	if math.IsNaN(surplus) || surplus <= 0 {
		return 0, false
	}
	seconds := float64(backlog) / surplus
	if seconds > math.MaxInt64/float64(time.Second) {
		return math.MaxInt64, true
	}
	return time.Duration(seconds * float64(time.Second)), true
}
