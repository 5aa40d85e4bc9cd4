package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// seconds is the course of a run until last.
func seconds(requests []Request, samples []Sample, last time.Duration) []result.Second {
	out := make([]result.Second, second(last)+1)
	latencies := make([]result.Durations, len(out))
	inside := make([]time.Duration, len(out))
	begun := make([]int, len(out))
	var edges []edge
	for _, q := range requests {
		if q.Outcome == Unsent {
			continue
		}
		out[second(q.Scheduled)].Offered++
		answer := &out[second(q.Answered)]
		switch q.Outcome {
		case Throttled:
			answer.Throttled++
			continue
		case Succeeded:
			answer.Succeeded++
			latencies[second(q.Answered)] = append(latencies[second(q.Answered)], q.Answered-q.Scheduled)
		case Failed:
			answer.Failed++
		}
		i := second(q.Begun)
		begun[i]++
		inside[i] += q.Service + q.Init
		edges = append(edges, edge{q.Begun, 1}, edge{q.Ended, -1})
		for j := i; j <= second(q.Ended); j++ {
			from, to := time.Duration(j)*time.Second, time.Duration(j+1)*time.Second
			out[j].Mean += max(min(q.Ended, to)-max(q.Begun, from), 0).Seconds()
		}
	}
	for i := range out {
		out[i].P99 = latencies[i].Percentile(99)
		if begun[i] > 0 {
			out[i].Little = inside[i].Seconds() // n per second × the mean of n
		}
	}
	peaks(out, edges)
	for _, s := range samples {
		if i := second(s.At); i < len(out) {
			out[i].Sampled = max(out[i].Sampled, s.Concurrency)
			out[i].Connections = max(out[i].Connections, s.Connections)
			out[i].Environments = s.Environments
		}
	}
	return out
}

func second(at time.Duration) int { return int(at / time.Second) }

// edge is where an environment is taken or given back.
type edge struct {
	at    time.Duration
	delta int
}

// peaks sets the largest concurrency within each second.
func peaks(out []result.Second, edges []edge) {
	// Given back before taken: at one instant an environment serves one request.
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.at, b.at), a.delta-b.delta) })
	now, next := 0, 0
	for i := range out {
		out[i].Exact = now // those that are under way as it begins
		for ; next < len(edges) && second(edges[next].at) == i; next++ {
			now += edges[next].delta
			out[i].Exact = max(out[i].Exact, now)
		}
	}
}
