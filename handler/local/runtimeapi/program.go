package runtimeapi

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Program is what an execution environment runs: a [Command], [InProcess] or
// [Attach].
type Program interface {
	// start starts the program with the environment variables of the service;
	// what it writes goes to logs.
	start(s *spawner, vars []string, logs *os.File) (process, error)
}

// process is a program that runs.
type process interface {
	// wait returns when the program has ended. It is called once.
	wait() error
	// terminate asks the program to end, kill ends it.
	terminate()
	kill()
	freeze() error
	thaw() error
	// pid is the process ID, 0 where the program has none of its own.
	pid() int
	// peakMemory is in bytes, 0 if unknown. It is not called concurrently.
	peakMemory() int64
	// release frees what the other methods need; none is called after it.
	release()
}

// Command is a [Program]: a binary, started once per environment in a process
// group of its own. Its standard input is empty; standard output and error are
// the function's log.
type Command struct {
	// Path is the binary.
	Path string
	// Args are its arguments, usually none.
	Args []string
	// Dir is its working directory and LAMBDA_TASK_ROOT. Empty means the
	// binary's directory.
	Dir string
	// Env are the function's own environment variables, "name=value". Nil
	// means those of this process, so that AWS credentials and a PATH are
	// there. The variables that the service reserves are set in any case.
	Env []string
}

func (c Command) start(s *spawner, vars []string, logs *os.File) (process, error) {
	own := c.Env
	if own == nil {
		own = os.Environ()
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, c.Args...)
	cmd.Dir = c.taskRoot()
	// Of two equal names the later one counts.
	cmd.Env = append(withoutReserved(own), vars...)
	cmd.Env = append(cmd.Env, "LAMBDA_TASK_ROOT="+cmd.Dir)
	cmd.Stdout, cmd.Stderr = logs, logs
	return s.start(cmd)
}

func (c Command) taskRoot() string {
	dir := c.Dir
	if dir == "" {
		dir = filepath.Dir(c.Path)
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return dir
}

// InProcess returns a [Program] that calls h in this process, through the same
// API on loopback. The context carries what aws-lambda-go puts there: the
// deadline and a lambdacontext. A panic ends the program and fails the
// invocation, as it does under aws-lambda-go. A call that does not return at
// its timeout cannot be killed: it is abandoned with its context cancelled.
// What h writes goes where this process writes, not to the log.
//
// h is called by several goroutines at once where environments or
// [Config.MaxConcurrency] allow it.
func InProcess(h func(ctx context.Context, payload []byte) ([]byte, error)) Program {
	return inProcess(h)
}

// Attach returns a [Program] that somebody else starts: an environment's API
// is served at addr, a loopback host and port, and what connects there is the
// function. There is one environment, it is neither restarted, frozen nor
// killed, and a function that is slow (because it stands at a breakpoint)
// only fails its invocation. The variables that the program needs are those of
// [Function.Environ]. The value is good for one [Start].
func Attach(addr string) Program { return &attach{addr: addr} }

type attach struct {
	addr string
	ln   net.Listener // from Start on
}

// listen reports an address that cannot be had, before anything stands on it.
func (a *attach) listen() error {
	host, _, err := net.SplitHostPort(a.addr)
	if err != nil {
		return fmt.Errorf("runtimeapi: address %q: want host:port: %w", a.addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("runtimeapi: address %q: want one on loopback, such as 127.0.0.1:9001", a.addr)
	}
	if a.ln, err = net.Listen("tcp", a.addr); err != nil {
		return fmt.Errorf("runtimeapi: %w", err)
	}
	return nil
}

func (a *attach) start(*spawner, []string, *os.File) (process, error) {
	return &attached{ended: make(chan struct{})}, nil
}

// attached is the process of an attach: it ends only with its environment.
type attached struct {
	ended chan struct{}
	once  sync.Once
}

func (a *attached) wait() error       { <-a.ended; return nil }
func (a *attached) terminate()        {}
func (a *attached) kill()             { a.once.Do(func() { close(a.ended) }) }
func (a *attached) freeze() error     { return nil }
func (a *attached) thaw() error       { return nil }
func (a *attached) pid() int          { return 0 }
func (a *attached) peakMemory() int64 { return 0 }
func (a *attached) release()          {}
