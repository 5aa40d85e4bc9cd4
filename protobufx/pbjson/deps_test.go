package pbjson

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDeps pins what this package links besides the protobuf module.
func TestDeps(t *testing.T) {
	const module = "github.com/lambdatune/lambdatune/"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for p := range strings.FieldsSeq(string(out)) {
		if !strings.HasPrefix(p, "google.golang.org/protobuf/") {
			got = append(got, p)
		}
	}
	if want := []string{module + "internal/jsonscan", module + "protobufx/pbjson"}; !slices.Equal(got, want) {
		t.Errorf("linked: %q, want %q", got, want)
	}
}
