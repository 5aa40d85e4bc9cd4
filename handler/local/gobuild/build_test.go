package gobuild_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/handler/local/gobuild"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// TestBuild builds and runs a function of this module and one of another.
func TestBuild(t *testing.T) {
	for _, c := range []struct{ name, dir, want string }{
		{"this module", "../internal/functions/echo", `{"n":1}`},
		{"a foreign module", "testdata/foreign", `{"foreign":{"n":1}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "bootstrap")
			if err := gobuild.Build(t.Context(), c.dir, out); err != nil {
				t.Fatal(err)
			}
			f, err := runtimeapi.Start(runtimeapi.Command{Path: out}, runtimeapi.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			res, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(`{"n":1}`)})
			if err != nil || string(res.Payload) != c.want {
				t.Errorf("%s, %v, want %s", res.Payload, err, c.want)
			}
		})
	}
}

func TestBuildErrors(t *testing.T) {
	broken := t.TempDir()
	write(t, filepath.Join(broken, "go.mod"), "module example.com/broken\n\ngo 1.26\n")
	write(t, filepath.Join(broken, "main.go"), "package main\n\nfunc main() { nowhere() }\n")
	library := t.TempDir()
	write(t, filepath.Join(library, "go.mod"), "module example.com/library\n\ngo 1.26\n")
	write(t, filepath.Join(library, "lib.go"), "package library\n\nfunc F() {}\n")
	empty := t.TempDir()
	for _, c := range []struct{ name, dir, want string }{
		{"build error", broken, "undefined: nowhere"},
		{"not a program", library, "not a main package"},
		{"no such directory", filepath.Join(empty, "nowhere"), "no such file or directory"},
		{"no Go files", empty, "go"},
		{"a file", filepath.Join(library, "lib.go"), "not a directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "bootstrap")
			err := gobuild.Build(t.Context(), c.dir, out)
			var b *gobuild.Error
			if !errors.As(err, &b) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.dir) {
				t.Errorf("%v, want a *gobuild.Error with %q", err, c.want)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("there is a file")
			}
		})
	}
	t.Run("no Go", func(t *testing.T) {
		t.Setenv("PATH", empty)
		err := gobuild.Build(t.Context(), library, filepath.Join(empty, "bootstrap"))
		if err == nil || !strings.Contains(err.Error(), "the go command is not installed or not in PATH") {
			t.Errorf("%v", err)
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
