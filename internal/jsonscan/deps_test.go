package jsonscan_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// Every package of the library may import this one: it links nothing but the
// standard library, and of that nothing big.
func TestDependencies(t *testing.T) {
	linked.Want(t, ".", "internal/jsonscan")
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Imports}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(string(out)), "[bytes encoding/binary math/bits slices strconv unicode/utf16 unicode/utf8 unsafe]"; got != want {
		t.Errorf("imports %s, want %s", got, want)
	}
}
