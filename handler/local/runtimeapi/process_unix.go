//go:build unix

package runtimeapi

import (
	"os/exec"
	"syscall"
)

const canFreeze = true

// osProcess is a process and the group it leads.
type osProcess struct {
	cmd    *exec.Cmd
	memory memoryReader
}

func startProcess(cmd *exec.Cmd) (process, error) {
	cmd.SysProcAttr = processAttributes()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &osProcess{cmd: cmd}
	p.memory.open(cmd.Process.Pid)
	return p, nil
}

func (p *osProcess) wait() error {
	err := p.cmd.Wait()
	// What it started must not outlive it: on the service nothing does.
	p.signal(syscall.SIGKILL)
	return err
}

func (p *osProcess) signal(s syscall.Signal) error { return syscall.Kill(-p.cmd.Process.Pid, s) }

// terminate reaches a frozen process only when it is thawed.
func (p *osProcess) terminate()        { p.signal(syscall.SIGTERM); p.signal(syscall.SIGCONT) }
func (p *osProcess) kill()             { p.signal(syscall.SIGKILL) }
func (p *osProcess) freeze() error     { return p.signal(syscall.SIGSTOP) }
func (p *osProcess) thaw() error       { return p.signal(syscall.SIGCONT) }
func (p *osProcess) pid() int          { return p.cmd.Process.Pid }
func (p *osProcess) peakMemory() int64 { return p.memory.peak() }
func (p *osProcess) release()          { p.memory.close() }
