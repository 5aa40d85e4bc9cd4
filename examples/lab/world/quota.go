package world

import (
	"math"
	"sync"

	"golang.org/x/time/rate"
)

// quota allows so many calls per second, and as many at once. The zero value
// allows all.
type quota struct {
	mu      sync.Mutex
	limiter *rate.Limiter
}

// set changes the rate; 0 is no limit.
func (q *quota) set(perSecond float64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limiter = nil
	if perSecond > 0 {
		q.limiter = rate.NewLimiter(rate.Limit(perSecond), burst(perSecond))
	}
}

func (q *quota) allow() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.limiter == nil || q.limiter.Allow()
}

// burst is one second's worth. AWS documents none.
func burst(perSecond float64) int { return max(int(math.Ceil(perSecond)), 1) }
