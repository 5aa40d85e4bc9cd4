package metrics

import (
	"io"
	"os"
	"sync"

	"github.com/lambdatune/lambdatune/metrics/internal/guard"
)

// LockedWriter returns a writer that passes one Write at a time on to w. Give
// the same one to [WithWriter] and to a log handler whose lines share a pipe
// with the metrics: the kernel keeps Writes of up to 4,096 bytes apart, and an
// [*os.File] its own, but lines above 4,096 bytes from two files, such as
// os.Stdout and os.Stderr on one pipe, tear each other. It is safe for
// concurrent use.
func LockedWriter(w io.Writer) io.Writer {
	if l, ok := w.(*lockedWriter); ok {
		return l
	}
	return &lockedWriter{w: w}
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// serialized returns w, or one that does not need a lock around it.
func serialized(w io.Writer) io.Writer {
	switch w := w.(type) {
	case nil:
		return os.Stdout
	case *os.File, *lockedWriter, *guard.Writer:
		return w
	}
	if w == io.Discard {
		return w
	}
	return &lockedWriter{w: w}
}
