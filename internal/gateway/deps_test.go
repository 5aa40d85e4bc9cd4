package gateway_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDependencies pins what every function behind an HTTP front links.
func TestDependencies(t *testing.T) {
	const module = "github.com/lambdatune/lambdatune/"
	for pkg, want := range map[string][]string{
		".":      {module + "internal/jsonscan", module + "internal/gateway"},
		"./edge": {module + "internal/jsonscan", module + "internal/gateway", module + "internal/gateway/edge"},
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Fields(string(out)); !slices.Equal(got, want) {
			t.Errorf("%s links %q, want %q", pkg, got, want)
		}
	}
}
