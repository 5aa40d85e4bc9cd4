package record

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDeps says that this package links nothing beyond what protobufx does.
func TestDeps(t *testing.T) {
	const self = "github.com/lambdatune/lambdatune/protobufx/record"
	list := func(pkg string) []string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(out))
	}
	parent := list("..")
	for _, p := range list(".") {
		if p != self && !slices.Contains(parent, p) {
			t.Errorf("linked, but not by protobufx: %s", p)
		}
	}
}
