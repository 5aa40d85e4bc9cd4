//go:build linux

package freeze

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// throttlePeriod is as short as Lambda's is thought to be: a call that fits into
// one period's share is not held up.
const throttlePeriod = 20 * time.Millisecond

// Throttle gives process pid a share of one CPU, as Lambda does below 1,769 MB,
// until the test ends. It says by which means: cgroup v2, cgroup v1, or where
// neither may be written, stopping and continuing the process by turns.
func Throttle(tb testing.TB, pid int, share float64) (means string) {
	tb.Helper()
	quota := time.Duration(share * float64(throttlePeriod))
	name := fmt.Sprintf("lambdatune-%d", pid)
	usec := func(d time.Duration) string { return fmt.Sprint(d.Microseconds()) }
	for _, group := range []struct {
		means, root string
		settings    map[string]string
	}{
		{"cgroup v2", "/sys/fs/cgroup", map[string]string{"cpu.max": usec(quota) + " " + usec(throttlePeriod)}},
		{"cgroup v1", "/sys/fs/cgroup/cpu", map[string]string{
			"cpu.cfs_period_us": usec(throttlePeriod), "cpu.cfs_quota_us": usec(quota),
		}},
	} {
		if enter(filepath.Join(group.root, name), group.settings, pid) == nil {
			tb.Cleanup(func() {
				// Only an empty group can be removed: when the process is gone.
				for range 100 {
					if os.Remove(filepath.Join(group.root, name)) == nil {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
			})
			return group.means
		}
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			syscall.Kill(pid, syscall.SIGSTOP)
			time.Sleep(throttlePeriod - quota)
			syscall.Kill(pid, syscall.SIGCONT)
			select {
			case <-stop:
				return
			case <-time.After(quota):
			}
		}
	})
	tb.Cleanup(func() { close(stop); wg.Wait() })
	return "SIGSTOP and SIGCONT by turns"
}

// enter makes a control group and puts the process into it.
func enter(dir string, settings map[string]string, pid int) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	err := func() error {
		for file, value := range settings {
			path := filepath.Join(dir, file)
			if _, err := os.Stat(path); err != nil {
				return err // a controller that is not here, rather than a new file
			}
			if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
				return err
			}
		}
		return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(fmt.Sprint(pid)), 0o644)
	}()
	if err != nil {
		os.Remove(dir)
	}
	return err
}
