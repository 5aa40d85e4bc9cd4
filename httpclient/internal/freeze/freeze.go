//go:build linux

// Package freeze is how tests freeze a client. The client is a process of its
// own, stopped with SIGSTOP while its far side, another process, closes or
// forgets the connections between them; after SIGCONT the first request over
// each is tried.
//
// A test package calls [Main] from TestMain with its kinds of clients, and
// [Run] with what to try.
package freeze

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// FarSide is what becomes of a connection while its client is frozen.
type FarSide string

const (
	// FINSeen: the server closes, and the FIN waits in the client's kernel.
	FINSeen FarSide = "FIN seen"
	// FINLost: the server closes, and the network loses the FIN. Needs root.
	FINLost FarSide = "FIN lost"
	// RST: the server resets, and the RST waits in the client's kernel.
	RST FarSide = "RST"
	// RSTOnUse: the server resets, the network loses that RST, and whatever is
	// sent later is answered with another, as a NAT gateway does. Needs root.
	RSTOnUse FarSide = "RST on use"
	// BlackHole: the peer is a stopped process and never answers.
	BlackHole FarSide = "black hole"
)

// FarSides are all of them.
var FarSides = []FarSide{FINSeen, FINLost, RST, RSTOnUse, BlackHole}

// NeedsNamespace reports whether the far side needs a network of its own, in
// which packets can be lost: a namespace, which only root can make.
func (f FarSide) NeedsNamespace() bool { return f == FINLost || f == RSTOnUse }

// A Kind makes a client and returns a call with it. The call is made once
// before and once after the freeze.
type Kind func(url string) (call func(context.Context) error)

// A Cell is n trials of one kind, each with a client of its own.
type Cell struct {
	Kind string
	N    int
}

// A Trial is a freeze.
type Trial struct {
	FarSide FarSide
	Forget  time.Duration // the far side's idle limit
	Freeze  time.Duration
	Timeout time.Duration // of a call after the thaw
	Serial  bool          // one call at a time after the thaw: for latencies
	TLS     bool          // HTTPS, with HTTP/2
	Cells   []Cell
	// Client is the client's executable, by default this one: a test binary
	// built otherwise, with the same Main.
	Client string
}

// An Outcome is one call after the thaw.
type Outcome struct {
	Kind string
	Err  string
	Took time.Duration
}

const roleEnv = "LAMBDATUNE_FREEZE_ROLE"

// Main runs the tests, or this process's part in one.
func Main(m *testing.M, kinds map[string]Kind) {
	switch os.Getenv(roleEnv) {
	case "":
		os.Exit(m.Run())
	case "client":
		runClient(kinds)
	case "server":
		runServer()
	}
}

// Run makes the trial and returns the outcomes of all its calls.
func Run(tb testing.TB, tr Trial) []Outcome {
	tb.Helper()
	return Begin(tb, tr).Thaw()
}

// Frozen is a trial whose client is frozen.
type Frozen struct {
	trial          Trial
	since          time.Time
	client, server *process
}

// Begin makes the trial's calls before the freeze, and freezes the client.
// Several trials can be frozen at the same time.
func Begin(tb testing.TB, tr Trial) *Frozen {
	tb.Helper()
	conf := serverConfig{Forget: tr.Forget, Reset: tr.FarSide == RST || tr.FarSide == RSTOnUse, TLS: tr.TLS}
	isolated := tr.FarSide.NeedsNamespace()
	if tr.FarSide == BlackHole {
		conf.Forget = time.Hour
	}

	var listener *os.File
	if isolated {
		conf.Address, conf.Listen = serverAddress, strings.Split(serverAddress, "/")[0]+":0"
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		defer l.Close()
		if listener, err = l.(*net.TCPListener).File(); err != nil {
			tb.Fatal(err)
		}
		defer listener.Close()
	}
	server := start(tb, "", "server", conf, listener, isolated)
	client := start(tb, tr.Client, "client", clientConfig{Trial: tr, Address: clientAddressIf(isolated)}, nil, isolated)
	if isolated {
		connect(tb, client.cmd.Process.Pid, server.cmd.Process.Pid)
		server.say("linked")
		client.say("linked")
	}
	url := server.hear()
	client.say(url)
	if got := client.hear(); got != "ready" {
		tb.Fatalf("the client says %q before the freeze", got)
	}

	client.signal(syscall.SIGSTOP)
	switch {
	case tr.FarSide == BlackHole:
		server.signal(syscall.SIGSTOP)
		heir := start(tb, "", "server", conf, listener, false)
		heir.hear()
	case isolated:
		server.say("cut")
		server.hear()
	}
	return &Frozen{tr, time.Now(), client, server}
}

// Thaw waits until the client has been frozen for as long as the trial says,
// thaws it, and returns the outcomes of all its calls.
func (f *Frozen) Thaw() []Outcome {
	f.client.tb.Helper()
	time.Sleep(time.Until(f.since.Add(f.trial.Freeze)))
	if f.trial.FarSide.NeedsNamespace() {
		f.server.say("heal")
		f.server.hear()
	}
	f.client.say("thaw")
	f.client.signal(syscall.SIGCONT)
	var outcomes []Outcome
	if err := json.Unmarshal([]byte(f.client.hear()), &outcomes); err != nil {
		f.client.tb.Fatalf("the client's outcomes: %v", err)
	}
	return outcomes
}

// A process is a part of a trial, spoken with in lines.
type process struct {
	tb    testing.TB
	role  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Reader
}

func start(tb testing.TB, exe, role string, config any, listener *os.File, isolated bool) *process {
	tb.Helper()
	if exe == "" {
		var err error
		if exe, err = os.Executable(); err != nil {
			tb.Fatal(err)
		}
	}
	conf, err := json.Marshal(config)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, "LAMBDATUNE_FREEZE_CONFIG="+string(conf))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if isolated {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	}
	if listener != nil {
		cmd.ExtraFiles = []*os.File{listener}
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := startProcess(cmd); err != nil {
		tb.Fatalf("cannot start the %s: %v", role, err)
	}
	tb.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return &process{tb, role, cmd, stdin, bufio.NewReaderSize(stdout, 1<<20)}
}

// startProcess starts cmd on a thread that stays: Pdeathsig is the thread's
// death, not the process's.
func startProcess(cmd *exec.Cmd) error {
	type request struct {
		cmd *exec.Cmd
		err chan error
	}
	starter.once.Do(func() {
		starter.requests = make(chan func())
		go func() {
			lockThread()
			for f := range starter.requests {
				f()
			}
		}()
	})
	r := request{cmd, make(chan error, 1)}
	starter.requests <- func() { r.err <- r.cmd.Start() }
	return <-r.err
}

var starter struct {
	once     sync.Once
	requests chan func()
}

func (p *process) say(line string) {
	p.tb.Helper()
	if _, err := fmt.Fprintln(p.stdin, line); err != nil {
		p.tb.Fatalf("telling the %s %q: %v", p.role, line, err)
	}
}

func (p *process) hear() string {
	p.tb.Helper()
	line, err := p.lines.ReadString('\n')
	if err != nil {
		p.tb.Fatalf("the %s said %q, then: %v", p.role, line, err)
	}
	return strings.TrimSpace(line)
}

func (p *process) signal(sig syscall.Signal) {
	p.tb.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.tb.Fatalf("%v for the %s: %v", sig, p.role, err)
	}
	if sig != syscall.SIGSTOP {
		return
	}
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		if err != nil {
			p.tb.Fatal(err)
		}
		if _, state, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(state, "T") {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// config reads what start was given.
func config[T any]() T {
	var c T
	if err := json.Unmarshal([]byte(os.Getenv("LAMBDATUNE_FREEZE_CONFIG")), &c); err != nil {
		die(err)
	}
	return c
}

func die(err error) {
	fmt.Fprintln(os.Stderr, "freeze:", err)
	os.Exit(1)
}
