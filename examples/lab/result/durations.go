package result

import (
	"math"
	"slices"
	"time"
)

// Durations are samples, in any order: all of them, nothing is rounded.
type Durations []time.Duration

// Percentile is the smallest sample that at least p percent of all are not
// above (nearest rank), for p from 0 to 100; 0 if there is none.
func (d Durations) Percentile(p float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(d))[rank(p, len(d))]
}

func rank(p float64, n int) int {
	// Rounding must not make 99.9 % of 1,000 more than 999.
	return min(max(int(math.Ceil(p*float64(n)/100-1e-9))-1, 0), n-1)
}

// Mean is the arithmetic mean, 0 if there is no sample.
func (d Durations) Mean() time.Duration {
	if len(d) == 0 {
		return 0
	}
	return time.Duration(float64(d.Sum()) / float64(len(d)))
}

// Sum adds the samples up.
func (d Durations) Sum() time.Duration {
	var sum time.Duration
	for _, x := range d {
		sum += x
	}
	return sum
}

// Summary is what is shown of samples.
type Summary struct {
	Count int           `json:"count"`
	Mean  time.Duration `json:"meanNs"`
	P50   time.Duration `json:"p50Ns"`
	P90   time.Duration `json:"p90Ns"`
	P99   time.Duration `json:"p99Ns"`
	P999  time.Duration `json:"p999Ns"`
	Max   time.Duration `json:"maxNs"`
}

// Summary sorts the samples once. That of none is zero.
func (d Durations) Summary() Summary {
	n := len(d)
	if n == 0 {
		return Summary{}
	}
	s := slices.Sorted(slices.Values(d))
	at := func(p float64) time.Duration { return s[rank(p, n)] }
	return Summary{Count: n, Mean: d.Mean(), P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: s[n-1]}
}
