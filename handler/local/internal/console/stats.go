package console

import (
	"math"
	"slices"
	"time"
)

// Stats are figures over many invocations.
type Stats struct {
	Invocations int
	Errors      int
	Throttles   int
	ColdStarts  int
	Elapsed     time.Duration
	// Duration and Init are of the invocations that had one, in ascending
	// order after Sort.
	Duration, Init []time.Duration
	// Allocs are of the functions' processes, if they were asked for.
	Allocs *Allocs
}

// Allocs is what processes allocated over all invocations.
type Allocs struct {
	Mallocs, Bytes, GCs uint64
}

// Sort prepares the durations for Percentile.
func (s *Stats) Sort() {
	slices.Sort(s.Duration)
	slices.Sort(s.Init)
}

// Percentile returns the p-th percentile, 0 to 100, of sorted durations, by
// the nearest rank; 0 of none.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p*float64(len(sorted))/100 - 1e-9)) // 99.9 has no exact value
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Rate is invocations per second.
func (s *Stats) Rate() float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(s.Invocations) / s.Elapsed.Seconds()
}
