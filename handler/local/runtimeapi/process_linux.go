package runtimeapi

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// spawner starts processes from one operating system thread: Linux sends the
// parent death signal when the thread that forked ends, and Go ends threads.
// A spawner must outlive its processes.
type spawner struct{ work chan func() }

func newSpawner() *spawner {
	s := &spawner{work: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for f := range s.work {
			f()
		}
		// Returning with the thread locked ends the thread.
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) (p process, err error) {
	done := make(chan struct{})
	s.work <- func() {
		defer close(done)
		p, err = startProcess(cmd)
	}
	<-done
	return p, err
}

func (s *spawner) close() { close(s.work) }

// memoryReader reads the peak of a process's resident memory, VmHWM in
// https://man7.org/linux/man-pages/man5/proc_pid_status.5.html.
type memoryReader struct {
	f   *os.File
	buf [4096]byte
	hwm int64
}

func (m *memoryReader) open(pid int) {
	m.f, _ = os.Open(fmt.Sprintf("/proc/%d/status", pid))
}

func (m *memoryReader) peak() int64 {
	if m.f == nil {
		return 0
	}
	// Of an ended process nothing can be read: the last figure stands.
	n, _ := m.f.ReadAt(m.buf[:], 0)
	_, after, ok := bytes.Cut(m.buf[:n], []byte("VmHWM:"))
	if !ok {
		return m.hwm
	}
	number, _, _ := bytes.Cut(bytes.TrimLeft(after, " \t"), []byte(" "))
	if kb, err := strconv.ParseInt(string(number), 10, 64); err == nil {
		m.hwm = kb << 10
	}
	return m.hwm
}

func (m *memoryReader) close() {
	if m.f != nil {
		m.f.Close()
	}
}
