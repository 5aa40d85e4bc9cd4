package jsonscan_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Every package of the library may import this one: it links nothing but the
// standard library, and of that nothing big.
func TestDependencies(t *testing.T) {
	const format = "{{if not .Standard}}{{.ImportPath}}{{end}}"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(string(out)), "github.com/lambdatune/lambdatune/internal/jsonscan"; got != want {
		t.Errorf("links\n%s\nwant\n%s", got, want)
	}
	out, err = exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Imports}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(string(out)), "[bytes encoding/binary math/bits slices strconv unicode/utf16 unicode/utf8 unsafe]"; got != want {
		t.Errorf("imports %s, want %s", got, want)
	}
}
