package protobufx

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDeps pins what a function links with this package, standard library and
// the official protobuf module's own packages apart.
func TestDeps(t *testing.T) {
	const module = "github.com/lambdatune/lambdatune/"
	always := []string{
		module + "internal/deadline",
		module + "internal/gateway",
		module + "internal/invocation",
		module + "internal/jsonscan",
		module + "protobufx",
		module + "protobufx/internal/base64",
		module + "protobufx/internal/contain",
		module + "protobufx/internal/engine",
		module + "protobufx/internal/rank",
	}
	testDeps(t, "amd64", append(slices.Clip(always), "golang.org/x/sys/cpu"))
	testDeps(t, "arm64", append(slices.Clip(always), "github.com/segmentio/asm/base64", "github.com/segmentio/asm/internal/unsafebytes"))
}

func testDeps(t *testing.T, arch string, want []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for p := range strings.FieldsSeq(string(out)) {
		switch {
		case p == "google.golang.org/protobuf/encoding/protojson", strings.HasPrefix(p, "google.golang.org/protobuf/types/"):
			t.Errorf("%s is linked, which belongs into a subpackage", p)
		case !strings.HasPrefix(p, "google.golang.org/protobuf/"):
			got = append(got, p)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("linked on %s: %q, want %q", arch, got, want)
	}
}
