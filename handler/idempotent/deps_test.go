package idempotent_test

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
	want := []string{module + "handler/idempotent", module + "internal/invocation"}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("links %q, want %q", got, want)
	}
}
