package websocket_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDeps pins what a function links with this package, standard library
// apart.
func TestDeps(t *testing.T) {
	const module = "github.com/lambdatune/lambdatune/"
	list := func(pkg string) []string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(string(out))
		slices.Sort(got)
		return got
	}
	want := append(list(module+"handler"), module+"handler/websocket")
	slices.Sort(want)
	if got := list("."); !slices.Equal(got, want) {
		t.Errorf("links %q, want no more than package handler: %q", got, want)
	}
}
