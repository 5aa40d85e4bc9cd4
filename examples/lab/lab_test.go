package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/load"
	"github.com/lambdatune/lambdatune/examples/lab/report"
	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// small is a lab of a few seconds, with everything in it that the large one has.
func small(t *testing.T) config {
	c := defaults()
	c.rate, c.environments, c.connections = 20, 28, 40
	c.duration, c.freeze, c.window, c.idle = 6*time.Second, 1800*time.Millisecond, 1200*time.Millisecond, 1500*time.Millisecond
	c.latency, c.apiLatency, c.alone, c.priceList = 20*time.Millisecond, 2*time.Millisecond, 3, 64<<10
	c.out, c.log = "", t.Output()
	return c
}

// functions builds the functions once for all tests.
var functions = sync.OnceValues(func() (dir string, err error) {
	c := defaults()
	c.log = io.Discard
	return binaries, build(context.Background(), c, binaries)
})

var binaries string // directory

func TestMain(m *testing.M) {
	var err error
	if binaries, err = os.MkdirTemp("", "lab-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(binaries)
	os.Exit(code)
}

// TestLab runs the lab with the database and without, and holds both functions
// to what must be true of any run.
func TestLab(t *testing.T) {
	for _, database := range []bool{true, false} {
		name := "without database"
		if database {
			name = "with database"
		}
		t.Run(name, func(t *testing.T) {
			c := small(t)
			if !database {
				c.connections = 0
			}
			dir, err := functions()
			if err != nil {
				t.Fatal(err)
			}
			res, err := run(t.Context(), c, dir)
			if err != nil {
				t.Fatal(err)
			}
			if database && res.Runs[0].Database == nil {
				if os.Getenv("CI") == "true" {
					t.Fatal("PostgreSQL is not installed")
				}
				t.Skip("PostgreSQL is not installed")
			}
			naive, tuned := res.Run("naive"), res.Run("tuned")
			for _, r := range []*result.Run{naive, tuned} {
				checkRun(t, c, r)
			}
			checkNaive(t, naive)
			checkTuned(t, tuned)
			if naive.Offered != tuned.Offered {
				t.Errorf("%d requests against %d: not the same load", naive.Offered, tuned.Offered)
			}
			if database {
				checkShown(t, c, res)
				return
			}
			var table strings.Builder
			if err := report.Table(&table, res); err != nil || !strings.Contains(table.String(), "database part was off") {
				t.Errorf("the table does not say that the database was off: %v\n%s", err, table.String())
			}
		})
	}
}

func checkRun(t *testing.T, c config, r *result.Run) {
	t.Helper()
	scheduled := len(load.Poisson(c.seed, c.rate, c.duration, c.freezeBegin(), c.freezeEnd()))
	taken := r.Succeeded + r.Failed
	if r.Offered != scheduled || taken+r.Throttled != scheduled {
		t.Errorf("%s: of %d requests %d succeeded, %d were throttled, %d failed", r.Name, scheduled, r.Succeeded, r.Throttled, r.Failed)
	}
	causes := 0
	for _, e := range r.Errors {
		causes += e.N
		if strings.HasPrefix(e.Cause, "other") {
			t.Errorf("%s: %d failures of an unknown cause: %s", r.Name, e.N, e.Cause)
		}
	}
	var sum result.Second
	for _, s := range r.Seconds {
		sum.Offered += s.Offered
		sum.Succeeded += s.Succeeded
		sum.Throttled += s.Throttled
		sum.Failed += s.Failed
	}
	if causes != r.Failed || sum.Offered != r.Offered || sum.Succeeded != r.Succeeded || sum.Throttled != r.Throttled || sum.Failed != r.Failed {
		t.Errorf("%s: the seconds say %+v and the causes %d, the run %d, %d, %d, %d", r.Name, sum, causes, r.Offered, r.Succeeded, r.Throttled, r.Failed)
	}
	if len(r.Latencies) != r.Succeeded || len(r.Service) != taken || len(r.Alone) != c.alone || r.ColdStarts == 0 || r.ColdStarts > c.environments {
		t.Errorf("%s: %d latencies, %d durations, %d alone, %d cold starts", r.Name, len(r.Latencies), len(r.Service), len(r.Alone), r.ColdStarts)
	}
	if r.PeakConcurrency > c.environments || r.PeakEnvironments > c.environments || r.MeanConcurrency > float64(r.PeakConcurrency) {
		t.Errorf("%s: concurrency %d and mean %v with %d environments, of at most %d", r.Name, r.PeakConcurrency, r.MeanConcurrency, r.PeakEnvironments, c.environments)
	}
	for _, latency := range r.Latencies {
		if latency < c.latency {
			t.Errorf("%s: a latency of %v, though the payment takes %v", r.Name, latency, c.latency)
		}
	}
	if r.Payments.Requests < r.Succeeded || r.Payments.Duplicates > r.Payments.Requests-r.Succeeded {
		t.Errorf("%s: %d succeeded, but the payment API saw %+v", r.Name, r.Succeeded, r.Payments)
	}
	if runtime.GOOS == "linux" && (r.CPU <= 0 || r.PeakMemory <= 0) {
		t.Errorf("%s: %v of CPU, %d bytes", r.Name, r.CPU, r.PeakMemory)
	}
	if r.Cost.Total <= 0 {
		t.Errorf("%s: cost %+v", r.Name, r.Cost)
	}
}

// checkNaive expects of the naive function what it does for each invocation.
func checkNaive(t *testing.T, r *result.Run) {
	t.Helper()
	taken := r.Succeeded + r.Failed
	secrets, metrics, s3 := r.API[0], r.API[1], r.API[2]
	if secrets.Accepted > taken || secrets.Accepted < r.Succeeded || s3.Accepted > taken || s3.Accepted < r.Succeeded {
		t.Errorf("%d taken, %d succeeded, but %+v", taken, r.Succeeded, r.API)
	}
	if n := metrics.Accepted + metrics.Throttled; n < r.Succeeded || n > 3*taken || metrics.Throttled == 0 {
		t.Errorf("%d succeeded, %d taken, but %+v", r.Succeeded, taken, metrics)
	}
	if r.Payments.Connections < r.Succeeded {
		t.Errorf("%d payments on %d connections", r.Succeeded, r.Payments.Connections)
	}
}

// checkTuned expects no failure, and calls for environments only.
func checkTuned(t *testing.T, r *result.Run) {
	t.Helper()
	if r.Failed+r.Throttled > 0 {
		t.Errorf("%d failed (%v), %d throttled", r.Failed, r.Errors, r.Throttled)
	}
	secrets, metrics, s3 := r.API[0], r.API[1], r.API[2]
	if metrics.Accepted+metrics.Throttled > 0 || s3.Accepted != r.ColdStarts {
		t.Errorf("%d environments, but %+v", r.ColdStarts, r.API)
	}
	// One at INIT. After the rotation, one that says the same again and one for
	// the new version.
	if secrets.Accepted <= r.ColdStarts || secrets.Accepted > 3*r.ColdStarts {
		t.Errorf("%d environments and a rotation, but %+v", r.ColdStarts, secrets)
	}
	if r.Database != nil && (r.Database.Peak > r.ColdStarts || r.Database.Refused > 0) {
		t.Errorf("%d environments, but %+v", r.ColdStarts, r.Database)
	}
}

// checkShown expects the table to say what there was, and files that can be read.
func checkShown(t *testing.T, c config, res *result.Result) {
	t.Helper()
	var table strings.Builder
	c.out, c.log = t.TempDir(), &table
	if err := show(c, res); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"MEASURED", "database connections, peak", "SIMULATED, not measured", "USD per GB-second"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, table.String())
		}
	}
	f, err := os.Open(filepath.Join(c.out, "lab.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if read, err := report.ReadJSON(f); err != nil || read.Run("tuned").Succeeded != res.Run("tuned").Succeeded {
		t.Errorf("lab.json: %v", err)
	}
	if svg, err := os.ReadFile(filepath.Join(c.out, "lab.svg")); err != nil || !bytes.Contains(svg, []byte("</svg>")) {
		t.Errorf("lab.svg: %d bytes, %v", len(svg), err)
	}
}

// An interrupt ends the lab at once, with all that it started.
func TestInterrupt(t *testing.T) {
	c := small(t)
	c.duration, c.freeze = time.Hour, 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.log = writerFunc(func(b []byte) {
		if bytes.Contains(b, []byte("naive:")) {
			cancel()
		}
	})
	dir, err := functions()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(ctx, c, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("run = %v", err)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) { f(b); return len(b), nil }

// children are the processes that this one has, where the system tells.
func children(t *testing.T) (left []string) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid …, where the name may hold anything.
		if i := bytes.LastIndexByte(b, ')'); i > 0 {
			if fields := strings.Fields(string(b[i+1:])); len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
				left = append(left, string(b[:i+1]))
			}
		}
	}
	return left
}

func TestValidate(t *testing.T) {
	if err := defaults().validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bad := defaults()
	bad.variants, bad.rate, bad.environments, bad.freeze, bad.memory = []string{"best"}, 0, 0, time.Hour, 64
	err := bad.validate()
	for _, want := range []string{"-variant best", "-rate 0", "-environments 0", "-freeze", "-memory 64"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

// The core logic imports nothing but the standard library.
func TestCoreLogic(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./order").Output()
	if err != nil || strings.TrimSpace(string(out)) != "github.com/lambdatune/lambdatune/examples/lab/order" {
		t.Errorf("%s, %v", out, err)
	}
}
