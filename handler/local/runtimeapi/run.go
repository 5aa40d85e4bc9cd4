package runtimeapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// run is one run of a program in an environment, with the API it talks to.
// Each has a listener of its own, so that nothing of a run that was killed can
// reach the one after it.
type run struct {
	env  *environment
	proc process
	logs *logPipe

	// next hands invocations to the program's requests for one.
	next chan *active

	ready  chan struct{} // closed by the first request for an invocation
	failed chan struct{} // closed when the program reported a failed INIT
	ended  chan struct{} // closed when the program, its log and its API are gone
	exit   error         // why it ended; valid once ended is closed

	mu          sync.Mutex
	owner       *active // the invocation that INIT is part of, until it ended
	initFailure failure
	isReady     bool
	inflight    []*active // that were handed over and are not complete
	busy        int       // invocations between begin and finish; frozen only at 0
	frozen      bool
	released    bool
	extensions  []*extension
}

type extension struct {
	name, id string
	invoke   bool // registered for INVOKE events
	events   chan []byte
}

// launch starts the environment's program, within an invocation or not.
func (e *environment) launch(owner *active) (*run, error) {
	var ln net.Listener
	var err error
	if a, ok := e.program.(*attach); ok {
		ln = a.ln
	} else if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	r := &run{
		env:    e,
		owner:  owner,
		next:   make(chan *active),
		ready:  make(chan struct{}),
		failed: make(chan struct{}),
		ended:  make(chan struct{}),
	}
	if r.logs, err = newLogPipe(r.logLine, e.fn.cfg.MaxConcurrency == 1); err != nil {
		ln.Close()
		return nil, err
	}
	srv := &http.Server{Handler: r.routes(), ErrorLog: log.New(io.Discard, "", 0), ConnContext: withConn}
	served := make(chan struct{})
	go func() {
		defer close(served)
		srv.Serve(ln)
	}()
	vars := append(variables(&e.fn.cfg, e.logStream), "AWS_LAMBDA_RUNTIME_API="+ln.Addr().String())
	r.proc, err = e.program.start(e.fn.spawner, vars, r.logs.w)
	if err != nil {
		srv.Close()
		<-served
		r.logs.close()
		return nil, err
	}
	go func() {
		r.exit = r.proc.wait()
		r.logs.close()
		srv.Close()
		<-served
		r.mu.Lock()
		r.released = true
		r.proc.release()
		r.mu.Unlock()
		close(r.ended)
	}()
	return r, nil
}

// stop ends the program and waits for it. One that registered an extension is
// given a SIGTERM and 500 ms first, see
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown.
func (r *run) stop() {
	r.mu.Lock()
	polite := len(r.extensions) > 0
	released := r.released
	r.mu.Unlock()
	if released {
		<-r.ended
		return
	}
	if polite {
		r.proc.terminate()
		t := time.NewTimer(500 * time.Millisecond)
		defer t.Stop()
		select {
		case <-r.ended:
			return
		case <-t.C:
		}
	}
	r.proc.kill()
	<-r.ended
}

func (r *run) gone() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

func (r *run) attached() bool { _, ok := r.proc.(*attached); return ok }

func (r *run) one() bool { return r.env.fn.cfg.MaxConcurrency == 1 }

// askedForNext notes that the program asks for an invocation. It is false
// where the program may not.
func (r *run) askedForNext() bool {
	r.mu.Lock()
	if r.one() {
		for len(r.inflight) > 0 {
			a := r.inflight[0]
			if !a.responded && !r.attached() {
				r.mu.Unlock()
				return false
			}
			if !a.responded && !a.abandoned { // somebody restarted the program under the debugger
				a.fail(exitFailure(a.result.RequestID, errors.New("it was started again")))
				a.responded = true
			}
			r.mu.Unlock()
			r.logs.sync() // while the invocation still gets its lines
			r.mu.Lock()
			r.inflight = slices.DeleteFunc(r.inflight, func(b *active) bool { return a == b })
			close(a.completed)
		}
	}
	first := !r.isReady
	r.isReady = true
	r.mu.Unlock()
	if first {
		r.logs.sync()
		close(r.ready)
	}
	return true
}

func (r *run) failInit(f failure) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isReady || r.initFailure.payload != nil {
		return false
	}
	r.initFailure = f
	close(r.failed)
	return true
}

// disown ends INIT: its log belongs to no invocation any more.
func (r *run) disown() (reported failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owner = nil
	return r.initFailure
}

// handOver gives an invocation to the program and tells extensions. It is
// false where the run or the timer ended first.
func (r *run) handOver(a *active, timer <-chan time.Time) (ok, timedOut bool) {
	r.mu.Lock()
	r.inflight = append(r.inflight, a)
	r.mu.Unlock()
	for {
		select {
		case r.next <- a:
			if <-a.delivered {
				r.tellExtensions(a)
				return true, false
			}
			continue // that request was given up; another may come
		case <-r.ended:
		case <-timer:
			timedOut = true
		}
		r.drop(a)
		return false, timedOut
	}
}

// settle ends what the API may do to an invocation, whose outcome is then the
// environment's to set where answered is false.
func (r *run) settle(a *active) (answered bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.abandoned = true
	if r.one() && !r.attached() { // else a late answer is still let through
		r.inflight = slices.DeleteFunc(r.inflight, func(b *active) bool { return a == b })
	}
	return a.responded
}

// drop takes back an invocation that the program was not given.
func (r *run) drop(a *active) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inflight = slices.DeleteFunc(r.inflight, func(b *active) bool { return a == b })
}

// claim finds the invocation that the program answers; each is claimed once.
func (r *run) claim(id string) *active {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.inflight {
		if a.result.RequestID == id && !a.claimed {
			a.claimed = true
			return a
		}
	}
	return nil
}

// respond sets the outcome of an invocation.
func (r *run) respond(a *active, set func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !a.abandoned {
		set()
		a.responded = true
	}
	if !r.one() {
		r.inflight = slices.DeleteFunc(r.inflight, func(b *active) bool { return a == b })
		close(a.completed)
	}
}

// logLine takes a line from the program to the invocation it belongs to: the
// only one in flight, or the one that it names.
func (r *run) logLine(b []byte) {
	line := string(b)
	r.mu.Lock()
	a := r.owner
	for _, b := range r.inflight {
		if !b.abandoned && (len(r.inflight) == 1 || strings.Contains(line, b.result.RequestID)) {
			a = b
			break
		}
	}
	id := ""
	if a != nil {
		a.addLog(line)
		id = a.result.RequestID
	}
	r.mu.Unlock()
	r.env.fn.observe(Event{Type: EventLog, Environment: r.env.id, RequestID: id, Line: line})
}

// note adds a line of the service's to an invocation's log.
func (r *run) note(a *active, line string) {
	r.mu.Lock()
	a.addLog(line)
	r.mu.Unlock()
	r.env.fn.observe(Event{Type: EventLog, Environment: r.env.id, RequestID: a.result.RequestID, Line: line})
}

// begin and finish bracket what the program does for an invocation; outside
// of them it is frozen, if so configured.
func (r *run) begin() {
	r.mu.Lock()
	r.busy++
	thawed := r.frozen && r.proc.thaw() == nil
	r.frozen = false
	r.mu.Unlock()
	if thawed {
		r.env.fn.observe(Event{Type: EventThaw, Environment: r.env.id})
	}
}

func (r *run) finish() {
	r.mu.Lock()
	r.busy--
	if r.busy == 0 && r.env.fn.cfg.Freeze && !r.released {
		r.frozen = r.proc.freeze() == nil
	}
	frozen := r.frozen
	r.mu.Unlock()
	if frozen {
		r.env.fn.observe(Event{Type: EventFreeze, Environment: r.env.id})
	}
}

func (r *run) peakMemory() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.released {
		return 0
	}
	return r.proc.peakMemory()
}

func (r *run) register(name string, invoke bool) (id string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isReady || len(r.extensions) >= 10 {
		return "", false
	}
	for _, x := range r.extensions {
		if x.name == name {
			return "", false
		}
	}
	x := &extension{name: name, id: newUUID(), invoke: invoke, events: make(chan []byte, r.env.fn.cfg.MaxConcurrency)}
	r.extensions = append(r.extensions, x)
	return x.id, true
}

func (r *run) extension(id string) *extension {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.extensions {
		if x.id == id {
			return x
		}
	}
	return nil
}

// tellExtensions offers the event to those that asked for it. One that has not
// taken the event before misses this one: the service would wait for it, and
// so let a broken extension hold up its function.
func (r *run) tellExtensions(a *active) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.extensions {
		if !x.invoke {
			continue
		}
		event, _ := json.Marshal(map[string]any{
			"eventType": "INVOKE", "deadlineMs": a.deadline.UnixMilli(), "requestId": a.result.RequestID,
			"invokedFunctionArn": a.arn, "tracing": map[string]string{"type": "X-Amzn-Trace-Id", "value": a.inv.TraceID},
		})
		select {
		case x.events <- event:
		default:
		}
	}
}

// launchFailure says why a program could not be started.
func launchFailure(err error) failure {
	var pathError *os.PathError
	var execError *exec.Error
	if errors.As(err, &pathError) || errors.As(err, &execError) {
		return newFailure(StatusError, "Runtime.InvalidEntrypoint", fmt.Sprintf("Error: %v", err))
	}
	return newFailure(StatusError, "Runtime.Unknown", fmt.Sprintf("Error: %v", err))
}
