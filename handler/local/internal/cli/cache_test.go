package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCache: a build is taken from the cache only while the source is the same.
func TestCache(t *testing.T) {
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Fields(string(out))
	t.Setenv("GOCACHE", caches[0])
	t.Setenv("GOMODCACHE", caches[1])
	home := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, home)
	}
	source, err := os.ReadFile(filepath.Join(foreign, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/cached\n\ngo 1.26\n"), 0o644)
	for i, word := range []string{"first", "first", "second"} {
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(strings.ReplaceAll(string(source), `{"foreign":`, `{"`+word+`":`)), 0o644)
		code, out, errs := local(t, "{}", "-event", "-", "cached="+dir)
		if code != 0 || !strings.Contains(out, `"`+word+`": {}`) {
			t.Fatalf("exit code %d: %s%s, want %s", code, out, errs, word)
		}
		if i == 0 { // what is no program must not hurt
			kept, _ := filepath.Glob(filepath.Join(home, "*", "lambdatune-local", "*"))
			more, _ := filepath.Glob(filepath.Join(home, "lambdatune-local", "*"))
			if kept = append(kept, more...); len(kept) != 1 {
				t.Fatalf("kept: %s", kept)
			}
			os.WriteFile(kept[0], []byte("rubbish"), 0o755)
		}
	}
}
