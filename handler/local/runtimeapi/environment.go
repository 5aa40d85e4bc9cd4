package runtimeapi

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"
)

// environment is an execution environment: a program that is run, and run
// again after it ended, for one invocation after another.
type environment struct {
	fn        *Function
	id        int
	tenant    string
	program   Program
	logStream string
	created   time.Time

	initDone chan struct{} // closed when the INIT phase ended, well or not

	restart sync.Mutex // held while the program is started again

	mu          sync.Mutex
	run         *run // nil if INIT failed, or before it
	closed      bool
	initFailure *failure      // of the INIT phase
	cold        time.Duration // INIT to be reported by the first invocation
	summary     Summary

	// Guarded by the function's mutex.
	busy  int
	uses  int
	stale bool // an update came: it ends with its last invocation
	idle  *time.Timer
}

func (f *Function) newEnvironment(id int, tenant string) *environment {
	now := time.Now()
	var b [16]byte
	rand.Read(b[:])
	return &environment{
		fn: f, id: id, tenant: tenant, program: f.program, created: now,
		logStream: fmt.Sprintf("%s/[%s]%x", now.UTC().Format("2006/01/02"), f.cfg.Version, b),
		initDone:  make(chan struct{}),
	}
}

// init is the INIT phase. A program that fails it is left to the invocation.
func (e *environment) init() {
	defer close(e.initDone)
	limit := e.fn.cfg.InitTimeout
	if _, ok := e.program.(*attach); ok {
		limit = 0 // somebody will start it, some time
	}
	_, took, f := e.start(limit, nil, nil)
	e.mu.Lock()
	defer e.mu.Unlock()
	if f != nil {
		e.initFailure = f
		return
	}
	e.cold, e.summary.Init = took, took
}

// start runs the program until it asks for an invocation. A limit of 0 is
// none; after timedOut the program is ended too. If it is done within an
// invocation, that invocation gets its log. The failure of an environment that
// was closed is empty.
func (e *environment) start(limit time.Duration, timedOut <-chan time.Time, within *active) (*run, time.Duration, *failure) {
	begun := time.Now()
	invoke := within != nil
	ended := func(r *run, f failure) (*run, time.Duration, *failure) {
		e.fn.observe(Event{Type: EventInitEnd, Environment: e.id, Status: f.status, ErrorType: f.errorType, Duration: time.Since(begun), Invoke: invoke})
		return nil, time.Since(begun), &f
	}
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, 0, &failure{}
	}
	r, err := e.launch(within)
	if err != nil {
		e.mu.Unlock()
		return ended(nil, launchFailure(err))
	}
	e.run = r // so that close ends it
	e.mu.Unlock()
	e.fn.observe(Event{Type: EventInitStart, Environment: e.id, PID: r.proc.pid(), Invoke: invoke})

	var over <-chan time.Time
	if limit > 0 {
		t := time.NewTimer(limit)
		defer t.Stop()
		over = t.C
	}
	var f failure
	select {
	case <-r.ready:
		r.disown()
		took := time.Since(begun)
		e.fn.observe(Event{Type: EventInitEnd, Environment: e.id, Status: StatusSuccess, Duration: took, Invoke: invoke})
		return r, took, nil
	case <-r.failed:
		// The program is about to exit; its last words are worth a moment.
		t := time.NewTimer(100 * time.Millisecond)
		defer t.Stop()
		select {
		case <-r.ended:
		case <-t.C:
		}
	case <-r.ended:
	case <-over:
		f = newFailure(StatusTimeout, "Sandbox.Timedout", fmt.Sprintf("Error: INIT timed out after %.2f seconds", limit.Seconds()))
	case <-timedOut:
		f = failure{status: StatusTimeout, errorType: "Sandbox.Timedout"}
	}
	r.stop()
	reported := r.disown()
	e.mu.Lock()
	closed := e.closed
	e.mu.Unlock()
	if closed { // that, and nothing of the program's, ended it
		return nil, 0, &failure{}
	}
	switch {
	case reported.payload != nil:
		f = reported
	case f.errorType == "":
		f = exitFailure("", r.exit)
	}
	return ended(r, f)
}

// running returns the program that serves an invocation, starting it again
// where it is gone. Invocations of one environment share it.
func (e *environment) running(a *active, timer <-chan time.Time) (*run, *failure) {
	e.restart.Lock()
	defer e.restart.Unlock()
	e.mu.Lock()
	r := e.run
	e.mu.Unlock()
	if r != nil && !r.gone() {
		return r, nil
	}
	e.mu.Lock()
	e.summary.Restarts++
	e.mu.Unlock()
	r, _, f := e.start(0, timer, a)
	if f != nil && f.errorType == "Sandbox.Timedout" {
		t := timeoutFailure(a.result.RequestID, a.timeout)
		f = &t
	}
	return r, f
}

// invoke takes the event through the environment and completes its result. If
// the program is still at it, the run is returned.
func (e *environment) invoke(a *active) (still *run) {
	<-e.initDone
	a.begun = time.Now()
	a.deadline = a.begun.Add(a.timeout)
	timer := time.NewTimer(a.timeout)
	defer timer.Stop()

	e.mu.Lock()
	a.result.InitDuration, e.cold = e.cold, 0
	e.mu.Unlock()
	a.result.Environment = e.id
	a.addLog("START RequestId: " + a.result.RequestID + " Version: " + a.result.ExecutedVersion)
	e.fn.observe(Event{Type: EventStart, Environment: e.id, RequestID: a.result.RequestID})

	still = e.serve(a, timer.C)
	if a.stream != nil {
		a.stream.close()
	}
	e.account(a)
	return still
}

func (e *environment) serve(a *active, timer <-chan time.Time) (still *run) {
	for {
		r, f := e.running(a, timer)
		if f != nil {
			a.result.Duration = time.Since(a.begun)
			a.fail(*f)
			return nil
		}
		r.begin()
		a.result.PID = r.proc.pid()
		given, timedOut := r.handOver(a, timer)
		if !given && !timedOut {
			r.finish()
			continue // it ended between two invocations: not this one's fault
		}
		if given {
			select {
			case <-a.completed:
			case <-r.ended:
			case <-timer:
				timedOut = true
			}
		}
		a.result.Duration = time.Since(a.begun)
		a.result.MaxMemoryUsed = r.peakMemory()
		if timedOut && r.one() {
			r.note(a, fmt.Sprintf("%s %s Task timed out after %.2f seconds",
				time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), a.result.RequestID, a.timeout.Seconds()))
			if !r.attached() {
				r.stop()
			}
		}
		answered := r.settle(a)
		switch {
		case timedOut:
			a.fail(timeoutFailure(a.result.RequestID, a.timeout))
		case !answered:
			a.fail(exitFailure(a.result.RequestID, r.exit))
		}
		if timedOut && given && !r.one() {
			return r
		}
		r.finish()
		return nil
	}
}

// await waits for a program that goes on with an invocation after its timeout:
// one that takes several at a time is not ended for the sake of one, see
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html.
func (r *run) await(a *active) {
	select {
	case <-a.completed:
	case <-r.ended:
	}
	r.finish()
}

// account closes the log and the books of an invocation.
func (e *environment) account(a *active) {
	res := a.result
	a.addLog("END RequestId: " + res.RequestID)
	e.mu.Lock()
	if res.MaxMemoryUsed == 0 {
		res.MaxMemoryUsed = e.summary.PeakMemory
	}
	e.summary.PeakMemory = max(e.summary.PeakMemory, res.MaxMemoryUsed)
	e.summary.Invocations++
	e.summary.Busy += res.Duration
	if res.Status != StatusSuccess {
		e.summary.Errors++
	}
	e.mu.Unlock()
	a.addLog(res.Report())
	res.Log = a.log
	e.fn.observe(Event{Type: EventEnd, Environment: e.id, RequestID: res.RequestID, Result: res})
}

// close ends the program and waits for it.
func (e *environment) close(reason string) {
	e.mu.Lock()
	e.closed = true
	r := e.run
	e.mu.Unlock()
	if r != nil {
		r.stop()
	}
	<-e.initDone
	e.mu.Lock()
	s := e.summary
	s.Reason, s.Lifetime = reason, time.Since(e.created)
	e.mu.Unlock()
	e.fn.observe(Event{Type: EventShutdown, Environment: e.id, Summary: &s})
}
