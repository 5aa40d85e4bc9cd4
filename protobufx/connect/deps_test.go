package connect_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDeps pins what a function links with this package beyond protobufx:
// nothing, and above all neither connect-go, nor net/http's server, nor protojson.
func TestDeps(t *testing.T) {
	const module = "github.com/lambdatune/lambdatune/"
	list := func(path string) (deps []string) {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(strings.FieldsSeq(string(out)))
	}
	parent := list(module + "protobufx")
	var more []string
	for _, p := range list(module + "protobufx/connect") {
		if _, found := slices.BinarySearch(parent, p); !found {
			more = append(more, p)
		}
		if p == "google.golang.org/protobuf/encoding/protojson" || strings.HasPrefix(p, "google.golang.org/protobuf/types/") {
			t.Errorf("%s is linked", p)
		}
	}
	if want := []string{module + "protobufx/connect"}; !slices.Equal(more, want) {
		t.Errorf("linked beyond protobufx: %q, want %q", more, want)
	}
}
