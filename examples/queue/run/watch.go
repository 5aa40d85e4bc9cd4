package main

import (
	"sync"

	"github.com/lambdatune/lambdatune/handler/local/queue"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// A watch counts what the function and its mapping do.
type watch struct {
	mu          sync.Mutex
	busy        map[int]bool // environments in an invocation
	peak        int          // the most at a time
	invocations int
	errors      int
	throttles   int
	late        int    // messages processed after their visibility timeout
	lastLine    string // of the function's log
}

func (w *watch) function(e runtimeapi.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e.Type {
	case runtimeapi.EventStart:
		w.busy[e.Environment] = true
		w.peak = max(w.peak, len(w.busy))
		w.invocations++
	case runtimeapi.EventEnd:
		delete(w.busy, e.Environment)
		if e.Result.FunctionError != "" {
			w.errors++
		}
	case runtimeapi.EventLog:
		w.lastLine = e.Line
	}
}

func (w *watch) batch(b queue.Batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.throttles += b.Throttles
	w.late += len(b.Late)
}
