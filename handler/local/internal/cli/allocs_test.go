package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// TestAllocs measures two functions of which one allocates a megabyte more per
// invocation, in 100 pieces.
func TestAllocs(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(foreign, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	measure := func(name, addition string) (allocs, bytes float64) {
		dir := t.TempDir()
		text := regexp.MustCompile(`answer := `).ReplaceAllString(string(source), addition+"\n answer := ") + "\nvar sink []byte\n"
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/"+name+"\n\ngo 1.26\n"), 0o644)
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o644)
		code, out, errs := local(t, "{}", "-event", "-", "-repeat", "200", "-concurrency", "2", "-allocs", name+"="+dir)
		if code != 0 {
			t.Fatalf("exit code %d: %s%s", code, out, errs)
		}
		m := regexp.MustCompile(`; ([0-9.]+) allocs and ([0-9]+) B per invocation`).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("no figures in %s", out)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 2 {
			t.Errorf("%d files in the source directory", len(entries))
		}
		allocs, _ = strconv.ParseFloat(m[1], 64)
		bytes, _ = strconv.ParseFloat(m[2], 64)
		return allocs, bytes
	}
	allocs, bytes := measure("plain", "")
	more, moreBytes := measure("more", "for range 100 { sink = make([]byte, 10240) }")
	if d := more - allocs; d < 80 || d > 130 {
		t.Errorf("%.1f allocs, %.1f with 100 more", allocs, more)
	}
	if d := moreBytes - bytes; d < 0.9e6 || d > 1.3e6 {
		t.Errorf("%.0f B, %.0f with 1,024,000 more", bytes, moreBytes)
	}
	if code, _, errs := local(t, "{}", "-event", "-", "-allocs", binaries.foreign); code != 2 || errs == "" {
		t.Errorf("exit code %d for a binary: %s", code, errs)
	}
}
