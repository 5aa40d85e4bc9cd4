// Package cpulimit gives a process a share of one CPU core, as Lambda gives a
// function one by its memory size: for measuring at 128 MB what will run at
// 128 MB. It uses what the machine offers, from exact to approximate: cgroup v2,
// cgroup v1, else a duty cycle of SIGSTOP and SIGCONT, which needs no privileges.
package cpulimit

import (
	"errors"
	"fmt"
	"time"
)

// MBPerCore is the memory size at which Lambda gives a function one full core.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
const MBPerCore = 1769

// period is that of the quotas. Lambda's own is near it.
const period = 20 * time.Millisecond

// A Limiter limits the processes that are added to it, all together. It is safe
// for concurrent use.
type Limiter interface {
	// Add limits the process from now on, with the threads that it has and the
	// processes that it starts.
	Add(pid int) error
	// Method says what does the limiting: "cgroup v2", "cgroup v1" or
	// "SIGSTOP/SIGCONT duty cycle".
	Method() string
	// Close ends the limit and removes what was set up. Processes that still
	// run, run on without it.
	Close() error
}

// ErrUnsupported is returned where the operating system has none of the means.
var ErrUnsupported = errors.New("cpulimit: this operating system can limit no process's CPU")

// New returns a limiter to a share of one core: 0.5 is half a core, 2 are two.
func New(share float64) (Limiter, error) {
	if !(share > 0 && share <= 1024) {
		return nil, fmt.Errorf("cpulimit: a share of %v cores, want more than 0, at most 1024", share)
	}
	return open(share)
}

// quota is the CPU time in a period.
func quota(share float64) time.Duration {
	return max(time.Duration(share*float64(period)), time.Millisecond) // the kernel's least
}
