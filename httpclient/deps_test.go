package httpclient_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDeps pins what a user of the package links: what is on no line here would
// cost every function size and INIT time.
func TestDeps(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps",
		"-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	cmd.Env = append(cmd.Environ(), "GOOS=linux", "GOARCH=arm64")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"github.com/lambdatune/lambdatune/httpclient",
		"github.com/lambdatune/lambdatune/internal/invocation",
		"golang.org/x/sys/unix",
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("links %q, want %q", got, want)
	}
}
