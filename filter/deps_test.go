package filter_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDependencies pins what a user of the package links beyond the standard
// library.
func TestDependencies(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"github.com/lambdatune/lambdatune/filter",
		"github.com/lambdatune/lambdatune/filter/internal/engine",
		"github.com/lambdatune/lambdatune/filter/internal/pattern",
		"github.com/lambdatune/lambdatune/internal/jsonscan",
	}
	if got := strings.Fields(string(out)); !slices.Equal(sorted(got), want) {
		t.Errorf("links %q, want %q", got, want)
	}
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
