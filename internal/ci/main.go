// Command ci runs the project's gates over every module of the repository and
// prints the seconds of each. It is what `make test` and `.ci/run` call.
//
//	go run ./internal/ci                # all gates
//	go run ./internal/ci sizes fuzz     # only these; without-race goes with race
//
// With CI=true a skipped test is a failure; elsewhere the skipped tests are
// listed at the end.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A gate is one step. It prints what is wrong and returns an error if anything is.
type gate struct {
	name string
	run  func(*house) error
}

var gates = []gate{
	{"format", checkFormat},
	{"tidy", checkTidy},
	{"budgets", checkBudgets},
	{"vet", checkVet},
	{"cross", checkCross},
	{"race", testRace},
	{"without-race", testPlain},
	{"fuzz", fuzzAll},
	{"sizes", checkSizes},
	{"staticcheck", checkStatic},
	{"vulnerabilities", checkVulnerabilities},
	{"clean", checkClean},
}

// house is the repository and what the gates have found in it.
type house struct {
	root    string
	modules []string // directories with a go.mod, relative to root, "." first
	strict  bool     // CI=true
	tests   tally
}

func main() {
	h, err := open()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ci:", err)
		os.Exit(1)
	}
	for _, want := range os.Args[1:] {
		if !slices.ContainsFunc(gates, func(g gate) bool { return g.name == want }) {
			fmt.Fprintf(os.Stderr, "ci: no gate %q; there are %s\n", want, names())
			os.Exit(2)
		}
	}
	var failed []string
	begin := time.Now()
	for _, g := range gates {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], g.name) {
			continue
		}
		fmt.Printf("=== %s\n", g.name)
		start := time.Now()
		err := g.run(h)
		verdict := "ok"
		if err != nil {
			verdict = "FAILED: " + err.Error()
			failed = append(failed, g.name)
		}
		fmt.Printf("--- %s: %s (%.1f s)\n", g.name, verdict, time.Since(start).Seconds())
	}
	h.tests.printSkips(h.strict)
	fmt.Printf("all gates: %.0f s\n", time.Since(begin).Seconds())
	if len(failed) > 0 {
		fmt.Printf("failed gates: %s\n", strings.Join(failed, ", "))
	}
	if t := h.tests; t.passed+t.failed > 0 {
		fmt.Printf("%d passed, %d failed, %d skipped\n", t.passed, t.failed, len(t.skips))
	}
	if len(failed) > 0 {
		os.Exit(1)
	}
}

func names() string {
	var s []string
	for _, g := range gates {
		s = append(s, g.name)
	}
	return strings.Join(s, ", ")
}

func open() (*house, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("run it inside the repository: %w", err)
	}
	h := &house{root: strings.TrimSpace(string(out)), strict: os.Getenv("CI") == "true"}
	err = filepath.WalkDir(h.root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != h.root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.Name() == "go.mod" {
			dir, err := filepath.Rel(h.root, filepath.Dir(path))
			h.modules = append(h.modules, dir)
			return err
		}
		return nil
	})
	return h, err
}

// eachModule runs do in every module and reports the modules that failed.
func (h *house) eachModule(do func(dir string) error) error {
	var bad []string
	for _, m := range h.modules {
		if err := do(filepath.Join(h.root, m)); err != nil {
			fmt.Printf("%s: %v\n", m, err)
			bad = append(bad, m)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("in %s", strings.Join(bad, ", "))
	}
	return nil
}

// run runs a command in dir and shows what it prints if it fails.
func run(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		fmt.Printf("$ %s %.200s\n%s", name, strings.Join(args, " "), out)
	}
	return string(out), err
}
