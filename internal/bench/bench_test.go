package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestREADME holds the tables of README.md to results.txt.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", readmeFile))
	if err != nil {
		t.Fatal(err)
	}
	results, err := os.ReadFile(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := rewrite(readme, results)
	if err != nil {
		t.Error(err)
	}
	want, have := strings.Split(string(fresh), "\n"), strings.Split(string(readme), "\n")
	for i := range min(len(want), len(have)) {
		if want[i] != have[i] {
			t.Errorf("line %d is\n%s\nand by results.txt\n%s", i+1, have[i], want[i])
		}
	}
}

const sample = `suite: filter
go: go1.26
goos: linux
goarch: amd64
cpu: Some CPU
BenchmarkMatch/1KB/by=filter-2   	 1000	  100 ns/op	  0 allocs/op
BenchmarkMatch/1KB/by=json-2     	 1000	 1000 ns/op
BenchmarkMatch/8KB/by=filter-2   	 1000	  400 ns/op	  0 allocs/op
BenchmarkMatch/8KB/by=json-2     	 1000	 2000 ns/op
BenchmarkMatch/1KB/by=filter-2   	 1000	  300 ns/op	  2 allocs/op
suite: sizes
BenchmarkSize/json/over=bare 1 5.964 MB 0.131 MB-over
suite: thaw
BenchmarkThaw/3s/net/http_default,_POST 52 52 failed 700000 p50-ns
BenchmarkThaw/3s/New_POST 52 0 failed 800000 p50-ns
BenchmarkThaw/6s/New_POST 52 1 failed 900000 p50-ns
`

func TestRewrite(t *testing.T) {
	f, err := read([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	funcs := f.funcs()
	one := funcs["median"].(func(string, ...string) (float64, error))
	for _, tt := range []struct {
		name, unit string
		want       float64
	}{
		{"filter:Match/1KB/by=filter", "sec/op", 200e-9}, // of 100 and 300
		{"filter:Match/1KB/by=filter", "allocs/op", 1},
		{"sizes:Size/json/over=bare", "B-over", 131e3},
		{"thaw:Thaw/3s/New_POST", "p50-sec", 800e-6},
	} {
		if got, err := one(tt.name, tt.unit); err != nil || got < tt.want*0.999 || got > tt.want*1.001 {
			t.Errorf("median %s %s = %v, %v, want %v", tt.name, tt.unit, got, err, tt.want)
		}
	}
	if _, err := one("filter:Match/2KB/by=filter"); err == nil {
		t.Error("a figure that was not measured is no error")
	}
	if got, err := funcs["sum"].(func(string, ...string) (float64, error))("thaw:Thaw/.*/New_POST", "failed"); got != 1 || err != nil {
		t.Errorf("sum = %v, %v, want 1", got, err)
	}
	if _, err := funcs["sum"].(func(string, ...string) (float64, error))("thaw:Thaw/.*/Old_POST", "failed"); err == nil {
		t.Error("a sum of nothing is no error")
	}
	ratios, err := f.ratios("filter:Match/(.*)/by=json", "filter:Match/(.*)/by=filter")
	if err != nil || len(ratios) != 2 || ratios[0] < 4.999 || ratios[1] > 5.001 {
		t.Errorf("ratios = %v, %v, want 5 and 5", ratios, err)
	}
	if f.config["cpu"] != "Some CPU" {
		t.Errorf("cpu = %q", f.config["cpu"])
	}
}

// Tables whose figures are missing, and what is outside the marks, stay.
func TestRewriteKeeps(t *testing.T) {
	const readme = "before\n<!-- bench: machine -->\nold\n<!-- end -->\nbetween\n<!-- bench: filter -->\nold\n<!-- end -->\nafter\n"
	got, err := rewrite([]byte(readme), []byte(sample))
	if err == nil || !strings.Contains(err.Error(), "filter.md") || !strings.Contains(err.Error(), "tables/metrics.md stands nowhere") {
		t.Errorf("rewrite: %v, want errors for the table without figures and for those without a place", err)
	}
	if want := strings.Replace(readme, "old", "Some CPU, 2 cores, linux/amd64, go1.26.", 1); string(got) != want {
		t.Errorf("rewrite gives\n%s\nwant\n%s", got, want)
	}
}

func TestBenchmarkLines(t *testing.T) {
	const out = `=== RUN   TestThaw
    thaw_test.go:12: BenchmarkThaw/a 1 0 failed
    thaw_test.go:13: the last failure: Benchmark of nothing
goos: linux
BenchmarkAlone
BenchmarkGet-2   	100	 1.5 ns/op
PASS
`
	const want = "BenchmarkThaw/a 1 0 failed\ngoos: linux\nBenchmarkGet-2   	100	 1.5 ns/op\n"
	if got := string(benchmarkLines([]byte(out))); got != want {
		t.Errorf("benchmarkLines = %q, want %q", got, want)
	}
}

func TestSplit(t *testing.T) {
	const results = "suite: handler\nBenchmarkA 1 1 ns/op\nsuite: filter\ncpu: x\nBenchmarkB 1 1 ns/op\n"
	if got := string(join(split([]byte(results)))); got != results {
		t.Errorf("join(split) = %q", got)
	}
}

func TestWriting(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{times(0.072), "0.07×"}, {times(1), "1.0×"}, {times(9.96), "10×"}, {times(1234.5), "1,234×"},
		{seconds(1.69e-9), "1.7 ns"}, {seconds(69e-9), "69 ns"}, {seconds(999.7e-9), "1.0 µs"}, {seconds(2.139e-6), "2.1 µs"},
		{seconds(0.3081), "308 ms"}, {seconds(2.04), "2.0 s"},
		{count(0), "0"}, {count(2080), "2,080"}, {count(1234567), "1,234,567"}, {count(-1500), "-1,500"},
		{percent(0), "0 %"}, {percent(1), "100 %"}, {percent(0.9999), "> 99.9 %"}, {percent(0.0001), "< 0.1 %"}, {percent(0.404), "40.4 %"},
		{mega(0, 2.4e9), "2,400"}, {mega(2, 131e3), "0.13"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s, want %s", tt.got, tt.want)
		}
	}
}

// The lab's figures are those of the picture that is published with them.
func TestLab(t *testing.T) {
	want, err := labFigures(filepath.Join("..", "..", "examples", "lab"))
	if err != nil {
		t.Fatal(err)
	}
	results, err := os.ReadFile(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	if got := split(results)["lab"]; !bytes.HasSuffix(got, want) {
		t.Errorf("results.txt has\n%s\nand lab.json\n%s", got, want)
	}
	dir := t.TempDir()
	for _, bad := range []string{`{}`, `{"runs":[{},{}],"simulation":{"runs":[{},{}],"wanted":[{}]}}`, `{"runs":[{},{}],"simulation":{"runs":[{},{}],"wanted":[{},{}]}}`, `{`} {
		if err := os.WriteFile(filepath.Join(dir, "lab.json"), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := labFigures(dir); err == nil {
			t.Errorf("%s gives %s", bad, out)
		}
	}
}
