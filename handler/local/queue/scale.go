package queue

import (
	"context"
	"sync"
	"time"
)

// scale is how many invocations a mapping may have at a time, see
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
type scale struct {
	mu       sync.Mutex
	limit    int
	maximum  int
	running  int
	grown    time.Time // when the limit changed last
	shrunk   time.Time
	released chan struct{}
}

const (
	scaleStart    = 5
	scaleStep     = 5 // per scaleInterval: 300 a minute
	scaleInterval = time.Second
	scaleMaximum  = 1250
)

func newScale(maximum int) *scale {
	if maximum == 0 {
		maximum = scaleMaximum
	}
	return &scale{limit: min(scaleStart, maximum), maximum: maximum, grown: time.Now(), released: make(chan struct{}, 1)}
}

// acquire waits until another invocation is allowed; false means that ctx has
// ended. Only one goroutine may call it.
func (s *scale) acquire(ctx context.Context) bool {
	for ctx.Err() == nil {
		s.mu.Lock()
		now := time.Now()
		if s.running >= s.limit && now.Sub(s.grown) >= scaleInterval && s.limit < s.maximum {
			s.limit = min(s.limit+scaleStep, s.maximum)
			s.grown = now
		}
		if s.running < s.limit {
			s.running++
			s.mu.Unlock()
			return true
		}
		next := s.grown.Add(scaleInterval)
		if s.limit == s.maximum {
			next = time.Time{}
		}
		s.mu.Unlock()
		pause(ctx, next, s.released)
	}
	return false
}

func (s *scale) release() {
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
	select {
	case s.released <- struct{}{}:
	default:
	}
}

// shrink halves what is allowed, at most once per interval.
func (s *scale) shrink() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.shrunk) >= scaleInterval {
		s.limit, s.shrunk, s.grown = max(s.limit/2, 1), now, now
	}
}
