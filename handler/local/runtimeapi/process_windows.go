package runtimeapi

import (
	"errors"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

const canFreeze = false

// osProcess is a process in a job object, which ends everything in it when it
// is closed, and which Windows closes when this process ends.
type osProcess struct {
	cmd *exec.Cmd
	job windows.Handle
}

func startProcess(cmd *exec.Cmd) (process, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	var limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))); err != nil {
		windows.CloseHandle(job)
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		windows.CloseHandle(job)
		return nil, err
	}
	p := &osProcess{cmd: cmd, job: job}
	h, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(cmd.Process.Pid))
	if err == nil {
		err = windows.AssignProcessToJobObject(job, h)
		windows.CloseHandle(h)
	}
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		windows.CloseHandle(job)
		return nil, err
	}
	return p, nil
}

func (p *osProcess) wait() error {
	err := p.cmd.Wait()
	windows.TerminateJobObject(p.job, 1)
	return err
}

// terminate does nothing: Windows has no SIGTERM.
func (p *osProcess) terminate()    {}
func (p *osProcess) kill()         { windows.TerminateJobObject(p.job, 1) }
func (p *osProcess) freeze() error { return errors.ErrUnsupported }
func (p *osProcess) thaw() error   { return errors.ErrUnsupported }
func (p *osProcess) pid() int      { return p.cmd.Process.Pid }
func (p *osProcess) release()      { windows.CloseHandle(p.job) }

// peakMemory is the job's, its one process with all it started.
func (p *osProcess) peakMemory() int64 {
	var limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	if windows.QueryInformationJobObject(p.job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)), nil) != nil {
		return 0
	}
	return int64(limits.PeakJobMemoryUsed)
}
