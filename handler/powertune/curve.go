package main

import (
	"slices"
	"time"
)

// size is one memory size and what was measured at it.
type size struct {
	Memory      int           `json:"memoryMB"`
	Invocations int           `json:"invocations"` // warm ones
	ColdStarts  int           `json:"coldStarts"`
	Mean        time.Duration `json:"meanNanos"` // trimmed
	Median      time.Duration `json:"medianNanos"`
	P99         time.Duration `json:"p99Nanos"`
	Init        time.Duration `json:"meanInitNanos,omitempty"`
	MaxMemory   int           `json:"maxMemoryUsedMB,omitempty"`
	Cost        float64       `json:"usdPerMillion"` // of warm invocations

	warm, inits []time.Duration
}

// sample is one invocation.
type sample struct {
	duration, init time.Duration
	maxMemory      int // MB
}

func (s *size) add(m sample) {
	s.MaxMemory = max(s.MaxMemory, m.maxMemory)
	if m.init > 0 {
		s.inits = append(s.inits, m.init)
		return
	}
	s.warm = append(s.warm, m.duration)
}

// finish computes the figures. Where every invocation was a cold start there is
// no warm figure, and Invocations is zero.
func (s *size) finish(trim, gbSecond float64) {
	s.Invocations, s.ColdStarts = len(s.warm), len(s.inits)
	s.Init = trimmedMean(s.inits, 0)
	if len(s.warm) == 0 {
		return
	}
	s.Mean = trimmedMean(s.warm, trim)
	slices.Sort(s.warm)
	s.Median = s.warm[(len(s.warm)-1)/2]
	s.P99 = s.warm[(len(s.warm)*99+99)/100-1]
	s.Cost = 1e6 * cost(s.Mean, s.Memory, gbSecond)
}

// trimmedMean is the mean without the share of the smallest and of the largest.
func trimmedMean(d []time.Duration, share float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Sorted(slices.Values(d))
	cut := int(share * float64(len(d)))
	d = d[cut : len(d)-cut]
	var sum time.Duration
	for _, v := range d {
		sum += v
	}
	return sum / time.Duration(len(d))
}

// choose returns the index of the size that a strategy recommends; of several
// equal ones the smallest.
func choose(sizes []size, strategy string, weight float64) int {
	var slowest time.Duration
	var dearest float64
	for _, s := range sizes {
		slowest, dearest = max(slowest, s.Mean), max(dearest, s.Cost)
	}
	score := func(s size) float64 {
		duration, price := float64(s.Mean)/float64(max(slowest, 1)), s.Cost/max(dearest, 1e-300)
		switch strategy {
		case "speed":
			return duration
		case "cost":
			return price
		}
		return weight*price + (1-weight)*duration
	}
	best := 0
	for i := range sizes {
		if score(sizes[i]) < score(sizes[best]) {
			best = i
		}
	}
	return best
}

// Kinds of functions, by how duration follows memory.
const (
	cpuBound = "cpu-bound"
	waiting  = "waiting"
	mixed    = "mixed"
)

const (
	// flat is how much of the smallest size's duration the fastest may save
	// for the function to count as one that waits.
	flat = 0.85
	// steep is the same for one that is bound by the CPU.
	steep = 0.6
	// gain is what a larger size must save for it to count as improvement.
	gain = 0.95
)

// kind tells what kind of function the sizes show, and the index of the size
// from which on none improves it.
func kind(sizes []size) (string, int) {
	best := sizes[0].Mean
	for _, s := range sizes {
		best = min(best, s.Mean)
	}
	enough := 0
	for float64(best) < gain*float64(sizes[enough].Mean) {
		enough++
	}
	switch saved := float64(best) / float64(max(sizes[0].Mean, 1)); {
	case saved >= flat:
		return waiting, enough
	case saved <= steep:
		return cpuBound, enough
	}
	return mixed, enough
}
