package secretstest_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLinks pins the modules' packages that a function links with this one.
func TestLinks(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(string(out)), "\n"); got != strings.TrimSpace(links) {
		t.Errorf("links\n%s", got)
	}
}

const links = `
github.com/lambdatune/lambdatune/secrets/secretstest
`
