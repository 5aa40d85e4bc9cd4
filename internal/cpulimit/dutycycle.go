//go:build unix

package cpulimit

import (
	"errors"
	"math"
	"slices"
	"sync"
	"syscall"
	"time"
)

// dutyCycle stops its processes for a part of each period. It approximates: a
// process that waits is stopped as well, and threads of one process run side by
// side in the time that is left. Shares of a core and more stop nothing.
type dutyCycle struct {
	run, stop time.Duration

	mu   sync.Mutex
	pids []int
	quit chan struct{}
	done chan struct{}
}

func newDutyCycle(share float64) *dutyCycle {
	d := &dutyCycle{run: quota(math.Min(share, 1)), quit: make(chan struct{}), done: make(chan struct{})}
	d.stop = period - d.run
	if d.stop <= 0 {
		close(d.done)
		return d
	}
	go d.cycle()
	return d
}

func (d *dutyCycle) Method() string { return "SIGSTOP/SIGCONT duty cycle" }

func (d *dutyCycle) Add(pid int) error {
	if err := syscall.Kill(pid, 0); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pids = append(d.pids, pid)
	return nil
}

func (d *dutyCycle) cycle() {
	defer close(d.done)
	t := time.NewTimer(0)
	defer t.Stop()
	sig, next := syscall.SIGSTOP, d.stop
	for {
		select {
		case <-t.C:
		case <-d.quit:
			d.signal(syscall.SIGCONT)
			return
		}
		d.signal(sig)
		t.Reset(next)
		if sig == syscall.SIGSTOP {
			sig, next = syscall.SIGCONT, d.run
		} else {
			sig, next = syscall.SIGSTOP, d.stop
		}
	}
}

// signal forgets processes that are gone, whose numbers may come again.
func (d *dutyCycle) signal(s syscall.Signal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pids = slices.DeleteFunc(d.pids, func(pid int) bool {
		return errors.Is(syscall.Kill(pid, s), syscall.ESRCH)
	})
}

func (d *dutyCycle) Close() error {
	select {
	case <-d.quit:
	default:
		close(d.quit)
	}
	<-d.done
	return nil
}
