package runtimeapi_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// TestManyEnvironments starts, uses, freezes, thaws and stops many
// environments and then looks for what is left of them.
func TestManyEnvironments(t *testing.T) {
	n := 200
	if testing.Short() || raceEnabled {
		n = 40 // each process links the race detector too
	}
	goroutines := runtime.NumGoroutine()
	files := openFiles(t)
	var mu sync.Mutex
	pids := map[int]bool{}
	events := map[runtimeapi.EventType]int{}
	f, err := runtimeapi.Start(command("greet"), runtimeapi.Config{
		Concurrency: n, Freeze: canFreeze, Timeout: time.Minute, InitTimeout: time.Minute,
		Observe: func(e runtimeapi.Event) {
			mu.Lock()
			defer mu.Unlock()
			events[e.Type]++
			if e.Type == runtimeapi.EventInitStart {
				pids[e.PID] = true
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Warm(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if f.Environments() != n || len(pids) != n {
		t.Fatalf("%d environments, %d processes", f.Environments(), len(pids))
	}
	for round := range 2 {
		wantFrozen(t, pids)
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				res, err := f.Invoke(context.Background(), runtimeapi.Invocation{Payload: []byte(`{"name":"a","sleep":500}`)})
				if err != nil || res.FunctionError != "" {
					t.Errorf("round %d: %v, %+v", round, err, res)
				}
			})
		}
		wg.Wait()
	}
	wantFrozen(t, pids)
	f.Close()
	for pid := range pids {
		if alive(pid) {
			t.Errorf("process %d is alive", pid)
		}
	}
	if canFreeze && (events[runtimeapi.EventFreeze] != 3*n || events[runtimeapi.EventThaw] != 2*n) {
		t.Errorf("%d times frozen, %d thawed, want %d and %d", events[runtimeapi.EventFreeze], events[runtimeapi.EventThaw], 3*n, 2*n)
	}
	if events[runtimeapi.EventShutdown] != n {
		t.Errorf("%d environments were shut down", events[runtimeapi.EventShutdown])
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		g, o := runtime.NumGoroutine(), openFiles(t)
		if g <= goroutines && o <= files {
			break
		}
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before; %d open files, %d before\n%s", g, goroutines, o, files, buf[:runtime.Stack(buf, true)])
		}
	}
}

// wantFrozen checks that the processes are stopped, where Linux tells.
func wantFrozen(t *testing.T, pids map[int]bool) {
	t.Helper()
	if runtime.GOOS != "linux" || !canFreeze {
		return
	}
	for pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		_, state, _ := strings.Cut(string(text), ") ")
		for end := time.Now().Add(5 * time.Second); !strings.HasPrefix(state, "T"); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("process %d is in state %.1s, want stopped", pid, state)
			}
			text, _ = os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			_, state, _ = strings.Cut(string(text), ") ")
		}
	}
}

// openFiles counts files and sockets, where Linux tells.
func openFiles(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

const canFreeze = runtime.GOOS != "windows"
