package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// tally counts top-level tests over all runs.
type tally struct {
	passed, failed int
	skips          []skip // for good
	again          []skip // in the race run; to be run once more without it
}

type skip struct{ dir, pkg, test, reason string }

// event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
	FailedBuild, ImportPath       string
}

// testRace runs everything under the race detector. Tests that skip themselves
// there, because they count allocations or for any other reason, are taken down
// for testPlain.
func testRace(h *house) error {
	return h.eachModule(func(dir string) error {
		return h.test(dir, "-race", "-timeout=15m", "./...")
	})
}

// testPlain runs what was skipped under the race detector again without it.
// What is skipped here is skipped for good.
func testPlain(h *house) error {
	type pkg struct{ dir, path string }
	tests := map[pkg][]string{}
	var order []pkg
	for _, s := range h.tests.again {
		top, _, _ := strings.Cut(s.test, "/")
		p := pkg{s.dir, s.pkg}
		if tests[p] == nil {
			order = append(order, p)
		}
		if !slices.Contains(tests[p], top) {
			tests[p] = append(tests[p], top)
		}
	}
	var bad []string
	for _, p := range order {
		if err := h.test(p.dir, "-count=1", "-run=^("+strings.Join(tests[p], "|")+")$", p.path); err != nil {
			bad = append(bad, p.path+": "+err.Error())
		}
	}
	if len(bad) > 0 {
		return errors.New(strings.Join(bad, "; "))
	}
	return nil
}

// test runs `go test -json` and prints a line per package, what failing tests
// print, and nothing else.
func (h *house) test(dir string, args ...string) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	output := map[string][]string{} // by package and test
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 64<<20)
	bad, racing := 0, slices.Contains(args, "-race")
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		id := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			output[id] = append(output[id], e.Output)
		case "build-output":
			fmt.Print(e.Output)
		case "pass", "fail", "skip":
			bad += h.ended(e, output[id], dir, racing)
			delete(output, id)
		}
	}
	if err := cmd.Wait(); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d tests skipped, which CI=true does not allow", bad)
	}
	return lines.Err()
}

// ended takes the verdict of a test or, where it names no test, of a package.
// It returns 1 for a skip that CI does not allow.
func (h *house) ended(e event, output []string, dir string, racing bool) int {
	top := !strings.Contains(e.Test, "/")
	switch {
	case e.Test == "" && e.Action == "fail":
		fmt.Printf("FAIL\t%s\t%.2fs\n%s", e.Package, e.Elapsed, strings.Join(output, ""))
	case e.Test == "" && e.Action == "pass":
		fmt.Printf("ok  \t%s\t%.2fs\n", e.Package, e.Elapsed)
	case e.Test == "":
	case e.Action == "fail":
		fmt.Print(strings.Join(output, ""))
		if top {
			h.tests.failed++
		}
	case e.Action == "pass" && top:
		h.tests.passed++
	case e.Action == "skip" && racing:
		h.tests.again = append(h.tests.again, skip{dir, e.Package, e.Test, ""})
	case e.Action == "skip":
		reason := skipReason(output)
		h.tests.skips = append(h.tests.skips, skip{dir, e.Package, e.Test, reason})
		if h.strict && !allowed(reason) {
			fmt.Printf("SKIP\t%s.%s: %s\n", e.Package, e.Test, reason)
			return 1
		}
	}
	return 0
}

// allowed reports whether a test may be skipped in CI: those that take half an
// hour are run by hand, and the conformance vectors may not be there.
func allowed(reason string) bool {
	return strings.Contains(reason, "by hand") || strings.Contains(reason, "no conformance vectors")
}

// skipReason finds the message in what a skipped test printed.
func skipReason(output []string) string {
	for _, line := range output {
		line = strings.TrimSpace(line)
		if file, msg, ok := strings.Cut(line, ": "); ok && strings.Contains(file, ".go:") {
			return msg
		}
	}
	return "no reason given"
}

func (t *tally) printSkips(strict bool) {
	if len(t.skips) == 0 {
		return
	}
	fmt.Printf("\n!!! %d SKIPPED TESTS\n", len(t.skips))
	for _, s := range t.skips {
		fmt.Printf("!!! %s.%s: %s\n", s.pkg, s.test, s.reason)
	}
	if !strict {
		fmt.Println("!!! with CI=true these fail, unless they are meant to be run by hand")
	}
	fmt.Println()
}

// fuzzSeconds is shared over all fuzz targets of all modules.
const fuzzSeconds = 120

func fuzzAll(h *house) error {
	type target struct{ dir, pkg, name string }
	var targets []target
	for _, m := range h.modules {
		dir := filepath.Join(h.root, m)
		out, err := run(dir, nil, "go", "list", "-f", "{{.ImportPath}}{{range .TestGoFiles}} {{$.Dir}}/{{.}}{{end}}{{range .XTestGoFiles}} {{$.Dir}}/{{.}}{{end}}", "./...")
		if err != nil {
			return err
		}
		for line := range strings.Lines(out) {
			fields := strings.Fields(line)
			for _, file := range fields[1:] {
				b, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				for _, name := range fuzzTargets(b) {
					targets = append(targets, target{dir, fields[0], name})
				}
			}
		}
	}
	if len(targets) == 0 {
		return errors.New("no fuzz target found")
	}
	each := max(1, fuzzSeconds/len(targets))
	fmt.Printf("%d targets, %d s each\n", len(targets), each)
	var bad []string
	for _, t := range targets {
		out, err := run(t.dir, nil, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$", fmt.Sprintf("-fuzztime=%ds", each), t.pkg)
		// A worker that is busy when the time ends is reported as a failure of
		// the deadline, without an input (golang/go#56238).
		if err != nil && (strings.Contains(out, "Failing input") || !strings.Contains(out, "context deadline exceeded")) {
			bad = append(bad, t.pkg+"."+t.name)
		}
	}
	if len(bad) > 0 {
		return errors.New(strings.Join(bad, ", "))
	}
	return nil
}

// fuzzTargets returns the names of the fuzz functions in a Go source.
func fuzzTargets(src []byte) (names []string) {
	for line := range strings.Lines(string(src)) {
		if rest, ok := strings.CutPrefix(line, "func Fuzz"); ok {
			name, args, _ := strings.Cut(rest, "(")
			if strings.Contains(args, "*testing.F") {
				names = append(names, "Fuzz"+name)
			}
		}
	}
	return names
}
