package zstd_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A user links one decompressor and nothing else of ours.
func TestLinks(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	want := strings.Fields(`
		github.com/klauspost/compress
		github.com/klauspost/compress/fse
		github.com/klauspost/compress/huff0
		github.com/klauspost/compress/internal/cpuinfo
		github.com/klauspost/compress/internal/le
		github.com/klauspost/compress/internal/regmask
		github.com/klauspost/compress/internal/snapref
		github.com/klauspost/compress/zstd
		github.com/klauspost/compress/zstd/internal/xxhash
		github.com/lambdatune/lambdatune/filter/s3select/zstd
	`)
	if !slices.Equal(got, want) {
		t.Errorf("the package links %q, want %q", got, want)
	}
}
