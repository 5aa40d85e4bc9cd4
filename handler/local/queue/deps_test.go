package queue_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencies pins what the package links beside the standard library, on
// Linux.
func TestDependencies(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	cmd.Env = append(cmd.Environ(), "GOOS=linux")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/lambdatune/lambdatune/"
	want := strings.Join([]string{
		"github.com/aws/aws-lambda-go/lambdacontext",
		module + "internal/invocation",
		module + "handler/local/internal/loop",
		module + "handler/local/runtimeapi",
		module + "handler/local/queue",
	}, "\n")
	if got := strings.TrimSpace(string(out)); got != want {
		t.Errorf("it links\n%s\nwant\n%s", got, want)
	}
}
