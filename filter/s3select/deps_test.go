package s3select_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A user links the S3 client, the decompressors, the shared scanner and the
// engine; nothing else.
func TestDependencies(t *testing.T) {
	const format = "{{if not .Standard}}{{.ImportPath}}{{end}}"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	s3, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, "github.com/aws/aws-sdk-go-v2/service/s3").Output()
	if err != nil {
		t.Fatal(err)
	}
	client := strings.Fields(string(s3))
	var got []string
	for _, p := range strings.Fields(string(out)) {
		if !slices.Contains(client, p) {
			got = append(got, strings.TrimPrefix(p, "github.com/lambdatune/lambdatune/"))
		}
	}
	slices.Sort(got)
	want := strings.Fields(`
		filter/s3select
		filter/s3select/internal/engine
		filter/s3select/internal/fault
		filter/s3select/internal/sql
		filter/s3select/internal/value
		github.com/klauspost/compress/flate
		github.com/klauspost/compress/gzip
		github.com/klauspost/compress/internal/le
		github.com/klauspost/compress/internal/regmask
		internal/jsonscan
	`)
	if !slices.Equal(got, want) {
		t.Errorf("links beyond the S3 client\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
