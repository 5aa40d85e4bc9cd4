package emftest_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestLinks(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"github.com/lambdatune/lambdatune/metrics/emftest",
	}
	if got := strings.Fields(string(out)); !slices.Equal(got, want) {
		t.Errorf("the package links %q, want %q", got, want)
	}
}
