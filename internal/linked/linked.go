// Package linked holds packages to what they link: every package beyond the
// standard library costs each function of each user size and INIT time. Tests
// only.
package linked

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Module is what the import paths of this library begin with.
const Module = "github.com/lambdatune/lambdatune/"

// Want fails the test unless a package, "." for the one under test, links exactly
// these for a function on Linux and arm64, the standard library apart. Paths of
// this library are written without [Module].
func Want(t testing.TB, pkg string, want ...string) {
	t.Helper()
	Equal(t, pkg, Packages(t, pkg), want)
}

// Equal fails the test unless a package has what is wanted, in any order, and
// says what is too much and what is missing.
func Equal(t testing.TB, pkg string, have, want []string) {
	t.Helper()
	for _, p := range have {
		if !slices.Contains(want, p) {
			t.Errorf("%s links %s, which is not on the list", pkg, p)
		}
	}
	for _, p := range want {
		if !slices.Contains(have, p) {
			t.Errorf("%s does not link %s any more", pkg, p)
		}
	}
}

// Packages returns what a package links, the standard library apart, sorted.
func Packages(t testing.TB, pkg string) []string {
	t.Helper()
	return list(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg)
}

// Standard returns what a package links of the standard library, with the
// build tag that functions are built with.
func Standard(t testing.TB, pkg string) []string {
	t.Helper()
	return list(t, "-tags", "lambda.norpc", "-deps", "-f", "{{if .Standard}}{{.ImportPath}}{{end}}", pkg)
}

func list(t testing.TB, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Env = append(cmd.Environ(), "GOOS=linux", "GOARCH=arm64")
	out, err := cmd.Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			t.Fatalf("go list: %v\n%s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	paths := strings.Fields(string(out))
	for i, p := range paths {
		paths[i] = strings.TrimPrefix(p, Module)
	}
	slices.Sort(paths)
	return paths
}
