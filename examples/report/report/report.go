// Package report is the core logic: what a day of access logs says about the
// requests that failed. It knows neither S3 nor Lambda.
package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Request is one failed request of the log.
type Request struct {
	Path    string  `json:"path"`
	Status  int     `json:"status"`
	Latency float64 `json:"latency"` // milliseconds
}

// A Summary counts failed requests by path. The zero value is empty.
type Summary struct {
	Failed  int
	Slowest float64 // milliseconds
	ByPath  map[string]int
}

// Add counts one request.
func Add(s Summary, r Request) (Summary, error) {
	if s.ByPath == nil {
		s.ByPath = map[string]int{}
	}
	s.Failed++
	s.Slowest = max(s.Slowest, r.Latency)
	s.ByPath[r.Path]++
	return s, nil
}

// Merge adds the summary of another part of the log.
func Merge(a, b Summary) (Summary, error) {
	if a.ByPath == nil {
		return b, nil
	}
	a.Failed += b.Failed
	a.Slowest = max(a.Slowest, b.Slowest)
	for path, n := range b.ByPath {
		a.ByPath[path] += n
	}
	return a, nil
}

// String is the report, the worst five paths first.
func (s Summary) String() string {
	paths := slices.SortedFunc(maps.Keys(s.ByPath), func(a, b string) int {
		if d := s.ByPath[b] - s.ByPath[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var b strings.Builder
	fmt.Fprintf(&b, "%d failed requests, the slowest took %.0f ms\n", s.Failed, s.Slowest)
	for _, p := range paths[:min(5, len(paths))] {
		fmt.Fprintf(&b, "%6d %s\n", s.ByPath[p], p)
	}
	return b.String()
}
