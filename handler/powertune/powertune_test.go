package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// computing takes CPU time: half the time at twice the memory, up to a core.
func computing(mb int) time.Duration {
	return time.Duration(1600/math.Min(float64(mb)/128, 1769/128.0)) * time.Millisecond
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTune(t *testing.T) {
	f := newFake(t, 512)
	f.duration = computing
	svg := filepath.Join(t.TempDir(), "curve.svg")
	var out, progress bytes.Buffer
	// 512 MB is also the size of version 1, which is not ours to delete.
	args := []string{"-memory", "512,128,1024,1769,3008", "-num", "11", "-parallel", "3", "-json", "-svg", svg,
		"-payload", file(t, "a.json", `{"a":1}`), "-payload", file(t, "b.json", `{"b":1}`) + "@2", "orders"}
	if err := run(t.Context(), args, f.world(&out, &progress)); err != nil {
		t.Fatal(err)
	}
	f.untouched(512)
	if n := len(f.sizes); n == 0 || f.sizes[n-1] != 512 {
		t.Errorf("$LATEST had the sizes %v, the last must be 512", f.sizes)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Kind != cpuBound || !strings.Contains(r.Verdict, "at 1769 MB as at 128 MB, and no faster beyond") {
		t.Errorf("%s: %s", r.Kind, r.Verdict)
	}
	if r.Arch != "arm64" || r.GBSecond != 0.0000133334 {
		t.Errorf("%s at %v", r.Arch, r.GBSecond)
	}
	for i, mb := range []int{128, 512, 1024, 1769, 3008} {
		s := r.Sizes[i]
		if s.Memory != mb || s.Invocations != 10 || s.ColdStarts != 1 || s.Init != 80500*time.Microsecond || s.Mean != computing(mb) {
			t.Errorf("%d MB: %+v", mb, s)
		}
	}
	// 1.6 s at 128 MB: 0.2 GB-s; and 0.20 USD per million for the requests.
	if want := 0.2*0.0000133334*1e6 + 0.20; math.Abs(r.Sizes[0].Cost-want) > 1e-9 {
		t.Errorf("a million at 128 MB cost %v, want %v", r.Sizes[0].Cost, want)
	}
	if a, b := f.invoked[`{"a":1}`], f.invoked[`{"b":1}`]; a+b != 55 || a < 18 || a > 20 {
		t.Errorf("payloads sent: %d and %d, want one to two of 55", a, b)
	}
	drawn, err := os.ReadFile(svg)
	if err != nil || xml.Unmarshal(drawn, new(struct{})) != nil {
		t.Errorf("the SVG: %v", err)
	}
	if !strings.Contains(progress.String(), "1769 MB measured") {
		t.Errorf("progress:\n%s", &progress)
	}
	out.Reset()
	if err := run(t.Context(), []string{"-memory", "128,256", "-num", "6", "orders"}, f.world(&out, io.Discard)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"function:orders, arm64", "   128", "<- balanced", "█", "Bound by the CPU: 2.0 times as fast at 256 MB"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
}

// Whatever call fails, the function is as before.
func TestFailureAnywhere(t *testing.T) {
	operations := []string{"GET aliases", "GET configuration", "GET versions", "POST aliases", "PUT configuration", "POST versions", "POST invocations"}
	for _, failing := range operations {
		for at := 1; at <= 4; at++ {
			f := newFake(t, 512)
			f.fail = func(operation string, n int) (int, string) {
				// Refused from the n-th call on, until undoing begins.
				if operation == failing && n == at {
					return 403, "AccessDeniedException"
				}
				return 0, ""
			}
			err := run(t.Context(), []string{"-memory", "128,256", "-num", "5", "orders"}, f.world(io.Discard, io.Discard))
			if err == nil && f.calls[failing] >= at && failing != "GET aliases" {
				t.Errorf("%s %d: no error", failing, at)
			}
			if err != nil && strings.Contains(err.Error(), "NOT RESTORED") {
				// The refused call was one of undoing itself: -restore does it.
				if err := run(t.Context(), []string{"-restore", "orders"}, f.world(io.Discard, io.Discard)); err != nil {
					t.Errorf("%s %d: -restore: %v", failing, at, err)
				}
			}
			f.untouched(512)
			if t.Failed() {
				t.Fatalf("%s, call %d: %v", failing, at, err)
			}
		}
	}
}

func TestThrottled(t *testing.T) {
	f := newFake(t, 512)
	f.fail = func(_ string, n int) (int, string) {
		if n%3 == 1 {
			return 429, "TooManyRequestsException"
		}
		return 0, ""
	}
	if err := run(t.Context(), []string{"-memory", "128,256", "-num", "20", "orders"}, f.world(io.Discard, io.Discard)); err != nil {
		t.Fatal(err)
	}
	f.untouched(512)
}

func TestInterrupted(t *testing.T) {
	for _, operation := range []string{"PUT configuration", "POST versions", "POST invocations"} {
		f := newFake(t, 512)
		ctx, cancel := context.WithCancel(t.Context())
		f.onCall = func(o string, n int) {
			if o == operation && n == 2 {
				cancel()
			}
		}
		err := run(ctx, []string{"-memory", "128,256,1024", "-num", "5", "orders"}, f.world(io.Discard, io.Discard))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want that the run was canceled", operation, err)
		}
		f.untouched(512)
	}
}

// A run that was killed leaves its marks; the next one says so and changes
// nothing, and -restore undoes them.
func TestKilled(t *testing.T) {
	f := newFake(t, 512)
	killed := tuner{settings: settings{function: "orders"}, world: f.world(io.Discard, io.Discard)}
	cfg, _ := killed.world.load(t.Context())
	killed.lambda = lambda.NewFromConfig(cfg)
	m, err := killed.begin(t.Context(), 512)
	if err != nil {
		t.Fatal(err)
	}
	for _, mb := range []int{128, 256} {
		if err := m.publish(t.Context(), mb); err != nil {
			t.Fatal(err)
		}
	}
	err = run(t.Context(), []string{"-memory", "1024", "orders"}, f.world(io.Discard, io.Discard))
	if err == nil || !strings.Contains(err.Error(), "was 512 MB") || !strings.Contains(err.Error(), "-restore") {
		t.Errorf("the next run: %v", err)
	}
	if f.memory != 256 {
		t.Errorf("the next run changed $LATEST to %d MB", f.memory)
	}
	for range 2 { // the second time there is nothing to restore
		if err := run(t.Context(), []string{"-restore", "orders"}, f.world(io.Discard, io.Discard)); err != nil {
			t.Fatal(err)
		}
		f.untouched(512)
	}
}

func TestForeignAlias(t *testing.T) {
	f := newFake(t, 512)
	f.aliases[marker] = fakeAlias{marker, "1", "our own"}
	if err := run(t.Context(), []string{"orders"}, f.world(io.Discard, io.Discard)); err == nil || !strings.Contains(err.Error(), "not this program's") {
		t.Errorf("an alias of that name: %v", err)
	}
	if f.calls["PUT configuration"] != 0 {
		t.Error("the function was changed")
	}
}

func TestFunctionError(t *testing.T) {
	f := newFake(t, 512)
	err := run(t.Context(), []string{"-memory", "128", "-payload", file(t, "f.json", `"fail"`), "orders"}, f.world(io.Discard, io.Discard))
	if err == nil || !strings.Contains(err.Error(), "Unhandled *errors.errorString") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a failing function: %v", err)
	}
	f.untouched(512)
}

func sizesOf(durations map[int]time.Duration) (sizes []size) {
	for mb, d := range durations {
		s := size{Memory: mb, warm: []time.Duration{d}}
		s.finish(0.2, 0.0000166667)
		sizes = append(sizes, s)
	}
	slices.SortFunc(sizes, func(a, b size) int { return a.Memory - b.Memory })
	return sizes
}

func TestStrategies(t *testing.T) {
	ms := time.Millisecond
	cpu := sizesOf(map[int]time.Duration{128: 1000 * ms, 256: 490 * ms, 1024: 130 * ms, 3008: 125 * ms})
	wait := sizesOf(map[int]time.Duration{128: 105 * ms, 256: 102 * ms, 1024: 100 * ms})
	for _, c := range []struct {
		name, strategy string
		sizes          []size
		weight         float64
		want           int
	}{
		{"fastest", "speed", cpu, 0, 3008}, {"cheapest", "cost", cpu, 0, 256}, {"in between", "balanced", cpu, 0.5, 1024},
		{"balanced all to cost", "balanced", cpu, 1, 256}, {"balanced all to speed", "balanced", cpu, 0, 3008},
		{"waiting, cheapest", "cost", wait, 0, 128},
	} {
		if got := c.sizes[choose(c.sizes, c.strategy, c.weight)].Memory; got != c.want {
			t.Errorf("%s: %d MB, want %d MB", c.name, got, c.want)
		}
	}
	if k, enough := kind(cpu); k != cpuBound || cpu[enough].Memory != 1024 {
		t.Errorf("the computing one is %s, enough at %d MB", k, cpu[enough].Memory)
	}
	if k, enough := kind(wait); k != waiting || wait[enough].Memory != 128 {
		t.Errorf("the waiting one is %s, enough at %d MB", k, wait[enough].Memory)
	}
}

func TestTrimmedMean(t *testing.T) {
	d := []time.Duration{1000, 2, 3, 1, 4, 5, 6, 7, 8, 9}
	if got := trimmedMean(d, 0.2); got != 5 { // of 3, 4, 5, 6, 7, 8: 5.5, in whole ns
		t.Errorf("trimmedMean = %v, want 5", got)
	}
	if d[0] != 1000 {
		t.Error("the argument was sorted")
	}
	if got := trimmedMean(nil, 0.2); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// The two curves, on this machine and without AWS: a function that computes gets
// faster with its share, one that waits does not.
func TestLocal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has nothing that limits a process's CPU")
	}
	for name, faster := range map[string]bool{"cpubound": true, "waiting": false} {
		var out bytes.Buffer
		args := []string{"-local", "testdata/" + name, "-memory", "128,1769", "-num", "8", "-json"}
		if err := run(t.Context(), args, world{out: &out, err: io.Discard}); err != nil {
			t.Fatal(err)
		}
		var r report
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		small, core := r.Sizes[0], r.Sizes[1]
		t.Logf("%s by %s: %v at 128 MB, %v at 1769 MB", name, r.Method, small.Mean, core.Mean)
		if !r.Local || r.Method == "" {
			t.Errorf("%s is not labelled as local: %+v", name, r)
		}
		if faster && small.Mean < 2*core.Mean {
			t.Errorf("%s takes %v with 0.07 of a core and %v with a whole one", name, small.Mean, core.Mean)
		}
		if !faster && small.Cost >= core.Cost {
			t.Errorf("%s costs %v at 128 MB and %v at 1769 MB", name, small.Cost, core.Cost)
		}
	}
}

func TestBadInput(t *testing.T) {
	bad := file(t, "bad.json", "{")
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "0 functions"},
		{[]string{"a", "b"}, "2 functions"},
		{[]string{"-local", "x", "y"}, `"y"`},
		{[]string{"-memory", "127", "f"}, "127"},
		{[]string{"-memory", "128,abc", "f"}, "abc"},
		{[]string{"-num", "4", "f"}, "-num is 4, want 5"},
		{[]string{"-parallel", "0", "f"}, "-parallel"},
		{[]string{"-strategy", "best", "f"}, "best"},
		{[]string{"-weight", "NaN", "f"}, "-weight"},
		{[]string{"-trim", "0.5", "f"}, "-trim"},
		{[]string{"-arch", "mips", "f"}, "mips"},
		{[]string{"-payload", bad, "f"}, "not JSON"},
		{[]string{"-payload", bad + "@0", "f"}, "weight"},
		{[]string{"-payload", "nowhere.json", "f"}, "nowhere.json"},
		{[]string{"-prices", file(t, "p.json", `{"default":{"arm64":-1}}`), "f"}, "USD per GB-second"},
		{[]string{"-local", "testdata/nowhere"}, "testdata/nowhere"},
	} {
		err := run(t.Context(), c.args, world{out: io.Discard, err: io.Discard})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.args, err, c.want)
		}
	}
}

func TestPrices(t *testing.T) {
	p, err := loadPrices(file(t, "p.json", `{"eu-west-1":{"arm64":0.00002}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		region, arch, listed string
		want                 float64
	}{{"eu-west-1", "arm64", "eu-west-1", 0.00002}, {"us-east-1", "arm64", "default", 0.0000133334}, {"eu-west-1", "x86_64", "default", 0.0000166667}} {
		got, listed, err := p.of(c.region, c.arch)
		if err != nil || got != c.want || listed != c.listed {
			t.Errorf("%s %s: %v of %s, %v", c.region, c.arch, got, listed, err)
		}
	}
	if _, _, err := p.of("eu-west-1", "riscv"); err == nil {
		t.Error("an architecture without a price has no error")
	}
}
