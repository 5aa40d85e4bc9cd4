package sqldb_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLinks pins what a function links that imports this package.
func TestLinks(t *testing.T) {
	want := []string{
		"github.com/lambdatune/lambdatune/internal/invocation",
		"github.com/lambdatune/lambdatune/secrets",
		"github.com/lambdatune/lambdatune/secrets/sqldb",
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(string(out)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("links\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
