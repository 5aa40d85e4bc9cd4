package metrics_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDependencies pins what a user of the package links besides the standard
// library.
func TestDependencies(t *testing.T) {
	for dir, want := range map[string][]string{
		".": {
			"github.com/lambdatune/lambdatune/internal/invocation",
			"github.com/lambdatune/lambdatune/internal/jsonscan",
			"github.com/lambdatune/lambdatune/metrics",
			"github.com/lambdatune/lambdatune/metrics/internal/guard",
			"github.com/lambdatune/lambdatune/metrics/internal/limits",
			"github.com/lambdatune/lambdatune/metrics/internal/line",
			"github.com/prozz/aws-embedded-metrics-golang/emf",
		},
		"./emftest": {"github.com/lambdatune/lambdatune/metrics/emftest"},
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps",
			"-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", dir).Output()
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(string(out))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s links\n%s\nwant\n%s", dir, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
