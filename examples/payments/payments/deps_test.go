package payments

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports: the core logic stands on the standard library alone, without
// its HTTP.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != "github.com/lambdatune/lambdatune/examples/payments/payments" {
		t.Errorf("it links\n%s", got)
	}
}
