package report_test

import (
	"bytes"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/examples/lab/report"
	"github.com/lambdatune/lambdatune/examples/lab/result"
)

func table(t *testing.T, r *result.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Table(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if strings.TrimRight(line, " ") != line {
			t.Errorf("blanks at the end of %q", line)
		}
	}
	return b.String()
}

// The whole table; UPDATE=1 writes it anew, to be read before it is committed.
func TestTable(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the simulation's figures differ in the last digits where floating point is rounded otherwise")
	}
	const file = "testdata/table.txt"
	got := table(t, lab(t))
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("it is not %s:\n%s", file, got)
	}
}

var blanks = regexp.MustCompile(` +`)

func TestTableEdges(t *testing.T) {
	for name, want := range map[string][]string{
		"nothing":       {"nothing was measured"},
		"no simulation": {"-SIMULATED", "tuned/naive"},
		"one run":       {"-tuned/naive", "requests offered 2,782\n"},
		"three runs":    {"naive tuned naive\n"},
		"no database":   {"The database part was off.", "-database connections"},
		"no request":    {" succeeded 0 (–) 0 (–)\n", "concurrency, mean 0 0\n", "-latency"},
		"not a number":  {"concurrency, mean – ", "-NaN", "-Inf"},
		"no run":        {"nothing was measured", "SIMULATED"},
		"no wanted":     {"-wanted without a limit"},
		"markup":        {`<b>&"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := lab(t)
			edges[name](r)
			got := blanks.ReplaceAllString(table(t, r), " ")
			for _, w := range want {
				if absent, ok := strings.CutPrefix(w, "-"); ok {
					if strings.Contains(got, absent) {
						t.Errorf("%q in\n%s", absent, got)
					}
				} else if !strings.Contains(got, w) {
					t.Errorf("no %q in\n%s", w, got)
				}
			}
		})
	}
}

// A ratio to nothing is infinite, of nothing 0, of nothing to nothing none.
func TestRatios(t *testing.T) {
	r := lab(t)
	r.Runs[0].Succeeded, r.Runs[0].ColdStarts, r.Runs[1].ColdStarts = 0, 5, 0
	r.Runs[0].Throttled = 0
	got := table(t, r)
	for name, want := range map[string]string{"  succeeded": "∞", "  cold starts": "0×", "  throttled (429)": "%)"} {
		i := strings.Index(got, "\n"+name)
		line, _, _ := strings.Cut(got[i+1:], "\n")
		if cells := strings.Fields(line); cells[len(cells)-1] != want {
			t.Errorf("%q, want %s at the end", line, want)
		}
	}
}

// What disagrees is said so.
func TestDisagreement(t *testing.T) {
	r := lab(t)
	r.Simulation.Agreements = []result.Agreement{{Name: "tuned", Figure: "mean concurrency", Model: "x", Measured: 10, Simulated: 13, Tolerance: 0.25}}
	if got := table(t, r); !strings.Contains(got, "DISAGREES") || !strings.Contains(got, "30 %") {
		t.Error(got)
	}
}

func TestJSON(t *testing.T) {
	r := lab(t)
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, field := range []string{`"runs"`, `"meanNs"`, `"peakMemoryBytes"`, `"wanted"`, `"assumptions"`, `"littleConcurrency"`, `"cpuNs"`} {
		if !strings.Contains(text, field) {
			t.Errorf("no %s", field)
		}
	}
	back, err := report.ReadJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	// All but the samples.
	runs := append(append(append([]result.Run(nil), r.Runs...), r.Simulation.Runs...), r.Simulation.Wanted...)
	backRuns := append(append(append([]result.Run(nil), back.Runs...), back.Simulation.Runs...), back.Simulation.Wanted...)
	for i := range runs {
		want := runs[i]
		want.Latencies, want.Service, want.Init, want.Alone = nil, nil, nil, nil
		if !reflect.DeepEqual(backRuns[i], want) {
			t.Errorf("%s came back as\n%+v, want\n%+v", want.Name, backRuns[i], want)
		}
	}
	if !reflect.DeepEqual(back.Simulation.Assumptions, r.Simulation.Assumptions) || !back.Made.Equal(r.Made) || !reflect.DeepEqual(back.Prices, r.Prices) {
		t.Errorf("%+v", back)
	}
	// What is drawn of it is the same.
	if table(t, back) != table(t, r) {
		t.Error("another table")
	}
	var again bytes.Buffer
	if err := report.JSON(&again, back); err != nil || again.String() != text {
		t.Errorf("another JSON, %v", err)
	}
	for _, bad := range []string{``, `{"runs":[{"latencies":1}]}`, `{} {}`, `[]`} {
		if _, err := report.ReadJSON(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestFiles(t *testing.T) {
	paths, err := report.Files(t.TempDir(), lab(t))
	if err != nil || len(paths) != 2 {
		t.Fatal(paths, err)
	}
	f, err := os.Open(paths[1])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := report.ReadJSON(f); err != nil {
		t.Error(err)
	}
	if svg, err := os.ReadFile(paths[0]); err != nil || !bytes.HasPrefix(svg, []byte("<svg ")) {
		t.Errorf("%.20s, %v", svg, err)
	}
	if _, err := report.Files("/does/not/exist", lab(t)); err == nil {
		t.Error("no error")
	}
}
