package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/lambdatune/lambdatune/handler/local/gobuild"
	"github.com/lambdatune/lambdatune/handler/local/internal/allocs"
	"github.com/lambdatune/lambdatune/handler/local/internal/console"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// workplace is where binaries are built.
type workplace struct {
	dir    string
	builds atomic.Int64
}

func newWorkplace() (*workplace, error) {
	dir, err := os.MkdirTemp("", "lambdatune-local-")
	return &workplace{dir: dir}, err
}

func (w *workplace) remove() { os.RemoveAll(w.dir) }

// program makes the target runnable: builds it, unless it is a binary.
func (w *workplace) program(ctx context.Context, o *options, t target) (runtimeapi.Command, error) {
	c := runtimeapi.Command{Path: t.path, Env: append(os.Environ(), o.env...)}
	st, err := os.Stat(t.path)
	if err != nil {
		return c, err
	}
	if !st.IsDir() {
		if runtime.GOOS != "windows" && st.Mode()&0o111 == 0 {
			return c, fmt.Errorf("function %s: neither a directory nor an executable file", t.path)
		}
		return c, nil
	}
	c.Dir = t.path
	c.Path = filepath.Join(w.dir, fmt.Sprintf("%s-%d", t.name, w.builds.Add(1)), "bootstrap")
	if runtime.GOOS == "windows" {
		c.Path += ".exe"
	}
	if err := os.Mkdir(filepath.Dir(c.Path), 0o755); err != nil {
		return c, err
	}
	flags := slices.Clone([]string(o.buildArgs))
	if o.meter != nil {
		overlay, err := allocs.Overlay(t.path, filepath.Dir(c.Path))
		if err != nil {
			return c, err
		}
		c.Env = append(c.Env, o.meter.Variable())
		return c, gobuild.Build(ctx, t.path, c.Path, append(flags, overlay)...)
	}
	last := cacheOf(t, flags)
	last.fetch(c.Path)
	err = gobuild.Build(ctx, t.path, c.Path, flags...)
	if err != nil && strings.Contains(err.Error(), "is not an object file") { // what was kept is damaged
		os.Remove(c.Path)
		err = gobuild.Build(ctx, t.path, c.Path, flags...)
	}
	if err != nil {
		return c, err
	}
	last.store(c.Path)
	return c, nil
}

// start builds and starts one function.
func (w *workplace) start(ctx context.Context, o *options, t target, c console.Console) (*runtimeapi.Function, error) {
	p, err := w.program(ctx, o, t)
	if err != nil {
		return nil, err
	}
	return runtimeapi.Start(p, o.configOf(t, c))
}

func (o *options) configOf(t target, c console.Console) runtimeapi.Config {
	config := o.config
	config.Name = t.name
	config.Observe = c.Event
	return config
}
