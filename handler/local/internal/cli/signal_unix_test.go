//go:build unix

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals ends the command in several ways while it has environments: idle
// ones, frozen ones and one at work. Nothing of them may be left.
func TestSignals(t *testing.T) {
	for _, c := range []struct {
		name   string
		signal syscall.Signal
		args   []string
	}{
		{"interrupt", syscall.SIGINT, nil},
		{"terminate", syscall.SIGTERM, nil},
		{"interrupt, frozen", syscall.SIGINT, []string{"-freeze"}},
		{"kill", syscall.SIGKILL, nil},
		{"kill, frozen", syscall.SIGKILL, []string{"-freeze"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.signal == syscall.SIGKILL && runtime.GOOS != "linux" {
				t.Skip("only Linux tells children that their parent was killed")
			}
			temp := t.TempDir()
			out := &output{}
			cmd := exec.Command(os.Args[0], append(append([]string{"-addr", "127.0.0.1:0", "-json"}, c.args...), "echo="+binaries.echo, "other="+binaries.foreign)...)
			cmd.Env = append(os.Environ(), "LOCAL=1", "TMPDIR="+temp)
			cmd.Stdout, cmd.Stderr = out, out
			// As a terminal has it: Ctrl-C goes to a process group.
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			addr := out.wait(t, `http://(127\.0\.0\.1:[0-9]+)/`)[1]
			for _, name := range []string{"echo", "other"} {
				if status, answer := do(t, "POST", "http://"+addr+"/2015-03-31/functions/"+name+"/invocations", `{}`); status != 200 {
					t.Fatal(status, answer)
				}
			}
			var pids []int
			for _, m := range regexp.MustCompile(`"pid":([0-9]+)`).FindAllStringSubmatch(out.String(), -1) {
				pid, _ := strconv.Atoi(m[1])
				pids = append(pids, pid)
			}
			if len(pids) < 2 {
				t.Fatalf("%d processes: %s", len(pids), out)
			}
			if err := syscall.Kill(-cmd.Process.Pid, c.signal); err != nil {
				t.Fatal(err)
			}
			err := cmd.Wait()
			if c.signal != syscall.SIGKILL && err != nil {
				t.Errorf("%v: %s", err, out)
			}
			for _, pid := range pids {
				for end := time.Now().Add(5 * time.Second); exists(pid); time.Sleep(time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("process %d is left", pid)
					}
				}
			}
			if left, _ := filepath.Glob(filepath.Join(temp, "*")); c.signal != syscall.SIGKILL && len(left) > 0 {
				t.Errorf("left in the temporary directory: %s", left)
			}
		})
	}
}

// exists tells whether there is a process, other than one that has ended and
// that its parent, which is init by now, has not waited for.
func exists(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(text), ") Z ")
}
