package sim

import (
	"math"
	"math/rand/v2"
	"time"
)

// A Dist is a distribution of durations. Those here are safe for concurrent use.
type Dist interface {
	Draw(*rand.Rand) time.Duration
	Mean() time.Duration
}

// Constant is always the same.
type Constant time.Duration

func (c Constant) Draw(*rand.Rand) time.Duration { return time.Duration(c) }
func (c Constant) Mean() time.Duration           { return time.Duration(c) }

// Exponential has this mean and no memory.
type Exponential time.Duration

func (e Exponential) Draw(r *rand.Rand) time.Duration {
	return time.Duration(float64(e) * r.ExpFloat64())
}
func (e Exponential) Mean() time.Duration { return time.Duration(e) }

// Empirical draws one of the samples, each as likely as the others. There must be one.
type Empirical []time.Duration

func (e Empirical) Draw(r *rand.Rand) time.Duration { return e[r.IntN(len(e))] }
func (e Empirical) Mean() time.Duration {
	sum := 0.0
	for _, d := range e {
		sum += float64(d)
	}
	return time.Duration(sum / float64(len(e)))
}

// LogNormal is the usual shape of a service's latencies: half of them below
// Median, one in a hundred above P99.
type LogNormal struct{ Median, P99 time.Duration }

// z99 is the 99th percentile of the standard normal distribution.
const z99 = 2.3263478740408408

func (l LogNormal) sigma() float64 { return math.Log(float64(l.P99)/float64(l.Median)) / z99 }

func (l LogNormal) Draw(r *rand.Rand) time.Duration {
	return time.Duration(float64(l.Median) * math.Exp(l.sigma()*r.NormFloat64()))
}

func (l LogNormal) Mean() time.Duration {
	s := l.sigma()
	return time.Duration(float64(l.Median) * math.Exp(s*s/2))
}

// logNormal is the distribution with this mean and this ratio of P99 to the median.
func logNormal(mean time.Duration, spread float64) LogNormal {
	s := math.Log(spread) / z99
	median := float64(mean) / math.Exp(s*s/2)
	return LogNormal{Median: time.Duration(median), P99: time.Duration(median * spread)}
}
