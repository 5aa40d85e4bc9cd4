package report_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/examples/report/report"
)

func TestSummary(t *testing.T) {
	var a, b report.Summary
	for i, path := range []string{"/a", "/b", "/b"} {
		a, _ = report.Add(a, report.Request{Path: path, Status: 500, Latency: float64(i)})
	}
	b, _ = report.Add(b, report.Request{Path: "/a", Status: 503, Latency: 9})
	b, _ = report.Add(b, report.Request{Path: "/a", Status: 503, Latency: 8})
	var sum report.Summary
	for _, part := range []report.Summary{a, {}, b} {
		sum, _ = report.Merge(sum, part)
	}
	const want = "5 failed requests, the slowest took 9 ms\n     3 /a\n     2 /b\n"
	if got := sum.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
