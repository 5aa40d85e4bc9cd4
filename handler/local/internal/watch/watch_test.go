package watch_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/internal/watch"
)

// TestWait changes the files of a program of two modules, and some that are
// not its own.
func TestWait(t *testing.T) {
	root, _ := filepath.EvalSymlinks(t.TempDir())
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("app/go.mod", "module example.com/app\n\ngo 1.26\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ../lib\n")
	write("app/main.go", "package main\n\nimport (\n\t_ \"embed\"\n\t\"example.com/app/core\"\n\t\"example.com/lib\"\n)\n\n//go:embed greeting.txt\nvar greeting string\n\nfunc main() { core.F(greeting); lib.F() }\n")
	write("app/greeting.txt", "hello")
	write("app/core/core.go", "package core\n\nfunc F(string) {}\n")
	write("app/other/other.go", "package other\n")
	write("lib/go.mod", "module example.com/lib\n\ngo 1.26\n")
	write("lib/lib.go", "package lib\n\nfunc F() {}\n")
	s, err := watch.New(t.Context(), filepath.Join(root, "app"))
	if err != nil {
		t.Fatal(err)
	}
	const interval = 5 * time.Millisecond
	for _, change := range []struct{ name, text string }{
		{"app/main.go", "package main\n\nimport (\n\t_ \"embed\"\n\t\"example.com/app/core\"\n\t\"example.com/app/other\"\n\t\"example.com/lib\"\n)\n\n//go:embed greeting.txt\nvar greeting string\n\nfunc main() { core.F(greeting); lib.F(); other.F() }\n"},
		{"app/other/other.go", "package other\n\nfunc F() {}\n"}, // watched since the change before
		{"app/core/more.go", "package core\n\nconst More = true\n"},
		{"app/greeting.txt", "good morning"},
		{"lib/lib.go", "package lib\n\nfunc F() { println() }\n"},
		{"app/go.mod", "module example.com/app\n\ngo 1.26\n\nrequire example.com/lib v0.0.0 // changed\n\nreplace example.com/lib => ../lib\n"},
		{"app/main.go", "package main\n\nfunc main() { this is broken }\n"},
	} {
		write(change.name, change.text)
		if err := s.Wait(t.Context(), interval); err != nil {
			t.Fatalf("%s: %v", change.name, err)
		}
	}
	write("app/core/core_test.go", "package core\n")
	write("app/README.md", "# app\n")
	ctx, cancel := context.WithTimeout(t.Context(), 20*interval)
	defer cancel()
	if err := s.Wait(ctx, interval); err == nil {
		t.Error("a change of what is not compiled counts")
	}
}

func TestNewFails(t *testing.T) {
	if _, err := watch.New(t.Context(), filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("no error")
	}
}
