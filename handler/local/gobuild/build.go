// Package gobuild compiles a function for this machine, whichever module it
// belongs to. The result is a binary for runtimeapi.Command.
package gobuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Error is a program that could not be built.
type Error struct {
	Dir    string
	Output string // the go command's
	Err    error
}

func (e *Error) Error() string {
	if e.Output == "" {
		return fmt.Sprintf("build %s: %v", e.Dir, e.Err)
	}
	return fmt.Sprintf("build %s: %s", e.Dir, e.Output)
}

func (e *Error) Unwrap() error { return e.Err }

// ErrNotMain is the cause of an [Error] for a package that is no program.
var ErrNotMain = errors.New("not a main package")

// Build compiles the main package in dir into the file out, with the go
// command found in PATH and dir as its working directory: so the package may
// belong to any module, also a nested one or the user's own. Flags are those
// of go build, such as -race or -tags=lambda.norpc. An error is an
// [*Error].
func Build(ctx context.Context, dir, out string, flags ...string) error {
	fail := func(output string, err error) error {
		return &Error{Dir: dir, Output: strings.TrimSpace(output), Err: err}
	}
	if st, err := os.Stat(dir); err != nil {
		return fail("", err)
	} else if !st.IsDir() {
		return fail("", errors.New("not a directory"))
	}
	if _, err := exec.LookPath("go"); err != nil {
		return fail("", fmt.Errorf("the go command is not installed or not in PATH: %w", err))
	}
	abs, err := filepath.Abs(out)
	if err != nil {
		return fail("", err)
	}
	args := append([]string{"build", "-C", dir, "-o", abs}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fail(output.String(), err)
	}
	// go build says nothing of a package that is no program: it writes an
	// archive, or nothing.
	if !executable(abs) {
		os.Remove(abs)
		return fail("", ErrNotMain)
	}
	return nil
}

// executable tells a program from an archive by its first bytes.
func executable(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [8]byte
	n, _ := f.Read(head[:])
	return n == len(head) && string(head[:]) != "!<arch>\n"
}
