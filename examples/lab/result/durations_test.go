package result

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	var d Durations
	if s := d.Summary(); s != (Summary{}) || d.Percentile(50) != 0 || d.Mean() != 0 {
		t.Errorf("none: %+v", s)
	}
	for i := range 1000 { // 1 to 1000, out of order
		d = append(d, time.Duration((i*7)%1000+1))
	}
	want := Summary{Count: 1000, Mean: 500, P50: 500, P90: 900, P99: 990, P999: 999, Max: 1000}
	if got := d.Summary(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for p, want := range map[float64]time.Duration{0: 1, 0.1: 1, 0.11: 2, 99.95: 1000, 100: 1000} {
		if got := d.Percentile(p); got != want {
			t.Errorf("p%v = %d, want %d", p, got, want)
		}
	}
	r := Run{Latencies: d, InitTime: Summary{Count: 3}}
	r.Summarize()
	if r.Latency != want || r.InitTime.Count != 3 {
		t.Errorf("%+v, %+v", r.Latency, r.InitTime)
	}
}
