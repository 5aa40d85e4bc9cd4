package concurrency_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/metrics/concurrency"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// bruteForce counts each millisecond of each invocation.
func bruteForce(log []concurrency.Report) (seconds map[int64]concurrency.Second, peak int, peakAt time.Time) {
	counts := map[int64]int{}
	seconds = map[int64]concurrency.Second{}
	durations := map[int64][]time.Duration{}
	for _, r := range log {
		end := r.End.UnixMilli()
		span := max(int64(math.Ceil(float64(r.Busy())/1e6)), 1)
		for ms := end - span; ms < end; ms++ {
			counts[ms]++
		}
		at := end / 1000
		s := seconds[at]
		s.Ended++
		if r.ColdStart() {
			s.ColdStarts++
		}
		seconds[at] = s
		durations[at] = append(durations[at], r.Duration)
	}
	for ms, n := range counts {
		s := seconds[ms/1000]
		s.Peak = max(s.Peak, n)
		seconds[ms/1000] = s
		if t := time.UnixMilli(ms).UTC(); n > peak || n == peak && t.Before(peakAt) {
			peak, peakAt = n, t
		}
	}
	for at, s := range seconds {
		s.Start = time.Unix(at, 0).UTC()
		if d := durations[at]; len(d) > 0 {
			slices.Sort(d)
			rank := max(int(math.Ceil(0.995*float64(len(d)))), 1)
			s.Estimate = float64(len(d)) * d[rank-1].Seconds()
		}
		seconds[at] = s
	}
	return seconds, peak, peakAt
}

// randomLog is in the order of its ends, but for a lateness of less than late.
func randomLog(rnd *rand.Rand, n int, span, longest, late time.Duration) []concurrency.Report {
	log := make([]concurrency.Report, n)
	for i := range log {
		log[i] = concurrency.Report{
			End:      noon.Add(time.Duration(rnd.Int64N(int64(span)))).Truncate(time.Millisecond),
			Duration: time.Duration(rnd.Int64N(int64(longest/2)/1e4)) * 1e4,
		}
		if rnd.IntN(5) == 0 {
			log[i].Init = time.Duration(rnd.Int64N(int64(longest/2)/1e4)) * 1e4
		}
	}
	slices.SortFunc(log, func(a, b concurrency.Report) int { return a.End.Compare(b.End) })
	// Swaps within the lateness keep every record in the window.
	for i := range log {
		j := i + rnd.IntN(4)
		if j < len(log) && log[j].End.Sub(log[i].End) < late/8 {
			log[i], log[j] = log[j], log[i]
		}
	}
	return log
}

func TestSweepEqualsBruteForce(t *testing.T) {
	logs := 100_000
	if raceEnabled || testing.Short() {
		logs = 5_000
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range logs {
		longest := time.Duration(1+rnd.IntN(200)) * time.Millisecond
		if i%100 == 0 {
			longest = time.Duration(1+rnd.IntN(4000)) * time.Millisecond
		}
		span := time.Duration(1+rnd.IntN(300)) * time.Millisecond
		if i%10 == 0 {
			span = time.Duration(1+rnd.IntN(20)) * time.Second // with gaps longer than the ring
		}
		log := randomLog(rnd, 1+rnd.IntN(12), span, longest, time.Second)
		got := map[int64]concurrency.Second{}
		s, err := concurrency.NewSweep(concurrency.SweepOptions{Longest: longest + time.Millisecond, Lateness: time.Second}, func(s concurrency.Second) {
			if _, twice := got[s.Start.Unix()]; twice {
				t.Fatalf("log %d: second %v is visited twice", i, s.Start)
			}
			got[s.Start.Unix()] = s
		})
		if err != nil {
			t.Fatal(err)
		}
		for j := range log {
			if err := s.Add(&log[j]); err != nil {
				t.Fatal(err)
			}
		}
		sum := s.Close()
		want, peak, at := bruteForce(log)
		if sum.Peak != peak || !sum.PeakAt.Equal(at) || sum.Late != 0 || sum.Records != len(log) {
			t.Fatalf("log %d: peak %d at %v, %d late, %d records; want %d at %v, 0, %d\n%+v", i, sum.Peak, sum.PeakAt, sum.Late, sum.Records, peak, at, len(log), log)
		}
		if len(got) != len(want) {
			t.Fatalf("log %d: %d seconds, want %d\n%+v\n%+v", i, len(got), len(want), got, want)
		}
		var busy float64
		for sec, w := range want {
			g := got[sec]
			busy += g.Average
			g.Average = 0
			if math.Abs(g.Estimate-w.Estimate) > 1e-9 {
				t.Fatalf("log %d: second %v: estimate %v, want %v", i, w.Start, g.Estimate, w.Estimate)
			}
			g.Estimate, w.Estimate = 0, 0
			if g != w {
				t.Fatalf("log %d:\n got %+v\nwant %+v", i, g, w)
			}
		}
		if math.Abs(busy-sum.Busy.Seconds()) > 1e-6 {
			t.Fatalf("log %d: the seconds' averages add up to %v s, busy time is %v", i, busy, sum.Busy)
		}
	}
}

// The average of a stationary log is rate × duration.
func TestLittlesLaw(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		rps := 1 + rnd.IntN(200)
		d := time.Duration(1+rnd.IntN(90_000)) * 10 * time.Microsecond
		const seconds = 60
		var averages []float64
		s, err := concurrency.NewSweep(concurrency.SweepOptions{Longest: time.Second, Lateness: time.Second}, func(s concurrency.Second) {
			averages = append(averages, s.Average)
		})
		if err != nil {
			t.Fatal(err)
		}
		n := rps * seconds
		for i := range n {
			end := noon.Add(time.Duration(i) * seconds * time.Second / time.Duration(n))
			if err := s.Add(&concurrency.Report{End: end, Duration: d}); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		var sum float64
		steady := averages[2 : len(averages)-2] // the ends are ramps
		for _, a := range steady {
			sum += a
		}
		got, want := sum/float64(len(steady)), concurrency.Need(float64(rps), d)
		// Ends are rounded to 1 ms, which moves at most one invocation's time
		// over an edge of the interval.
		if slack := 2 * d.Seconds() / float64(len(steady)); math.Abs(got-want) > slack+1e-9 {
			t.Errorf("%d rps of %v: average %v, want %v ± %v", rps, d, got, want, slack)
		}
	}
}

func TestSweepLate(t *testing.T) {
	s, err := concurrency.NewSweep(concurrency.SweepOptions{Lateness: 10 * time.Second}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{0, 20 * time.Second, 10 * time.Second, 10*time.Second + time.Millisecond} {
		if err := s.Add(&concurrency.Report{End: noon.Add(after), Duration: time.Millisecond}); err != nil {
			t.Fatal(err)
		}
	}
	if sum := s.Close(); sum.Late != 1 || sum.Records != 3 {
		t.Errorf("%d late and %d used, want 1 and 3", sum.Late, sum.Records)
	}
	if err := s.Add(&concurrency.Report{Duration: time.Second}); err == nil {
		t.Error("a record without an end is accepted")
	}
}

func TestSweepOptions(t *testing.T) {
	for _, o := range []concurrency.SweepOptions{{Longest: -1}, {Longest: 25 * time.Hour}, {Lateness: -1}, {Lateness: 25 * time.Hour}, {Percentile: -1}, {Percentile: 101}, {Percentile: math.NaN()}} {
		if _, err := concurrency.NewSweep(o, nil); err == nil {
			t.Errorf("NewSweep(%+v) has no error", o)
		}
	}
}

// Memory is the window's: a day of traffic allocates nothing after the start.
func TestSweepAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under the race detector")
	}
	s, err := concurrency.NewSweep(concurrency.SweepOptions{Longest: time.Second, Lateness: time.Second}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := concurrency.Report{End: noon, Duration: 30 * time.Millisecond}
	second := func() {
		for range 100 {
			r.End = r.End.Add(10 * time.Millisecond)
			if err := s.Add(&r); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 10 {
		second()
	}
	if n := testing.AllocsPerRun(1000, second); n != 0 {
		t.Errorf("%v allocations a second of log, want 0", n)
	}
}

func BenchmarkSweep(b *testing.B) {
	s, err := concurrency.NewSweep(concurrency.SweepOptions{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	r := concurrency.Report{End: noon, Duration: 100 * time.Millisecond}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%6 == 0 { // 6,000 rps
			r.End = r.End.Add(time.Millisecond)
		}
		if err := s.Add(&r); err != nil {
			b.Fatal(err)
		}
	}
}
