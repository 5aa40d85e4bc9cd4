// Package watch notices changes of a program's source: of its own module and
// of others that are being worked on beside it, but not of the module cache.
// It polls, which works the same on every operating system and file system.
package watch

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Source is the source of a program as it was last looked at.
type Source struct {
	dir   string
	files map[string]stamp
	dirs  map[string]bool // with packages, whose new files count too
}

type stamp struct {
	size int64
	mod  time.Time
}

// New looks at the source of the main package in dir.
func New(ctx context.Context, dir string) (*Source, error) {
	s := &Source{dir: dir}
	return s, s.list(ctx)
}

// list asks the go command for all packages and the files that they are made
// of, and the files of their modules.
func (s *Source) list(ctx context.Context) error {
	const format = `{{if not .Standard}}{{with .Module}}{{if not .Version}}{{.GoMod}}{{end}}{{if .Replace}}{{if not .Replace.Version}}{{.Replace.GoMod}}{{end}}{{end}}
{{$.Dir}}{{range $.EmbedFiles}}
{{$.Dir}}/{{.}}{{end}}{{end}}{{end}}`
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-f", format, ".")
	cmd.Dir = s.dir
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("list the source of %s: %w", s.dir, err)
	}
	cache, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE").Output()
	if err != nil {
		return err
	}
	modcache := strings.TrimSpace(string(cache)) + string(filepath.Separator)
	s.files, s.dirs = map[string]stamp{}, map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		path := filepath.FromSlash(lines.Text())
		if path == "" || strings.HasPrefix(path, modcache) {
			continue
		}
		if st, err := os.Stat(path); err == nil && st.IsDir() {
			s.dirs[path] = true
		} else {
			s.files[path] = stamp{}
			if filepath.Base(path) == "go.mod" {
				s.files[filepath.Join(filepath.Dir(path), "go.sum")] = stamp{}
			}
		}
	}
	s.files = s.look()
	return lines.Err()
}

// look returns the files as they are now.
func (s *Source) look() map[string]stamp {
	now := map[string]stamp{}
	see := func(path string, info fs.FileInfo) { now[path] = stamp{info.Size(), info.ModTime()} }
	for path := range s.files {
		if !s.dirs[filepath.Dir(path)] || !isSource(path) {
			if info, err := os.Stat(path); err == nil {
				see(path, info)
			} else {
				now[path] = stamp{} // it may come
			}
		}
	}
	for dir := range s.dirs {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if info, err := e.Info(); err == nil && isSource(e.Name()) && info.Mode().IsRegular() {
				see(filepath.Join(dir, e.Name()), info)
			}
		}
	}
	return now
}

// isSource tells whether a file of a package's directory is compiled.
func isSource(name string) bool {
	base := filepath.Base(name)
	if strings.HasSuffix(base, "_test.go") || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return false
	}
	switch filepath.Ext(base) {
	case ".go", ".s", ".c", ".h", ".cc", ".cpp", ".hpp", ".syso":
		return true
	}
	return false
}

// Wait returns when something changed and then stood still for an interval: an
// editor, or a tool that writes many files, is done. The error is that of ctx.
func (s *Source) Wait(ctx context.Context, interval time.Duration) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	changed := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		now := s.look()
		same := maps.Equal(now, s.files)
		s.files = now
		switch {
		case !same:
			changed = true
		case changed:
			// The change may have brought other packages. Where they cannot be
			// listed, the build will say why.
			old, dirs := s.files, s.dirs
			if s.list(ctx) != nil {
				s.files, s.dirs = old, dirs
			}
			return ctx.Err()
		}
	}
}
