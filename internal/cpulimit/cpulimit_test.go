//go:build unix

package cpulimit

import (
	"math"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestMain is the process that is limited where the variable says so: it burns
// CPU for as long as it says of wall time.
func TestMain(m *testing.M) {
	if d, err := time.ParseDuration(os.Getenv("CPULIMIT_BURN")); err == nil {
		for start := time.Now(); time.Since(start) < d; {
		}
		return
	}
	os.Exit(m.Run())
}

// burn returns the CPU time that a limited process got of its wall time.
func burn(t *testing.T, l Limiter) float64 {
	t.Helper()
	const wall = 2 * time.Second
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "CPULIMIT_BURN="+wall.String(), "GOMAXPROCS=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := l.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() / wall.Seconds()
}

// Only an upper bound can be tested on a machine that others use as well: the
// process must not get more than its share, with some slack for the start.
func TestLimit(t *testing.T) {
	t.Parallel()
	const share = 0.25
	l, err := New(share)
	if err != nil {
		t.Fatal(err)
	}
	got := burn(t, l)
	t.Logf("%s: %.3f of a core for a share of %v", l.Method(), got, share)
	if got > 2*share {
		t.Errorf("%s gives %.3f of a core, want about %v", l.Method(), got, share)
	}
}

func TestDutyCycle(t *testing.T) {
	t.Parallel()
	const share = 0.25
	got := burn(t, newDutyCycle(share))
	t.Logf("%.3f of a core for a share of %v", got, share)
	if got > 2*share {
		t.Errorf("the duty cycle gives %.3f of a core, want about %v", got, share)
	}
}

func TestDutyCycleOfAWholeCore(t *testing.T) {
	d := newDutyCycle(3)
	if err := d.Add(os.Getpid()); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil { // and nobody was stopped
		t.Fatal(err)
	}
}

func TestBadShare(t *testing.T) {
	for _, share := range []float64{0, -1, 2000, math.NaN()} {
		if _, err := New(share); err == nil {
			t.Errorf("New(%v) has no error", share)
		}
	}
}
