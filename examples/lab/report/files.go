package report

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// Files writes lab.svg and lab.json to the directory, and returns their paths.
func Files(dir string, r *result.Result) ([]string, error) {
	var paths []string
	for _, f := range []struct {
		name  string
		write func(io.Writer, *result.Result) error
	}{{"lab.svg", SVG}, {"lab.json", JSON}} {
		var b bytes.Buffer
		if err := f.write(&b, r); err != nil {
			return paths, err
		}
		path := filepath.Join(dir, f.name)
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
