package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrThrottled is returned by [Function.Invoke] where every environment is
// busy and [Config.Concurrency] allows no other: the service's
// TooManyRequestsException.
var ErrThrottled = errors.New("runtimeapi: throttled: every environment is busy")

// ErrClosed is returned by [Function.Invoke] after, and by invocations that
// are cut short by, [Function.Close].
var ErrClosed = errors.New("runtimeapi: the function is closed")

// Function is a function as the service runs it: a program and its
// environments. It is safe for concurrent use.
type Function struct {
	cfg     Config
	spawner *spawner
	running sync.WaitGroup // invocations, INITs and shutdowns

	mu      sync.Mutex
	program Program
	envs    []*environment // all, oldest first
	free    []*environment // those with room, most recently used last
	lastID  int
	closed  bool

	observing sync.Mutex
}

// Start makes a function of a program. Its first environment is started by its
// first invocation, or by [Function.Warm]; that of [Attach] at once. An error
// is one of the configuration, or an address that cannot be had.
func Start(p Program, c Config) (*Function, error) {
	if err := c.complete(p); err != nil {
		return nil, err
	}
	f := &Function{cfg: c, program: p}
	if a, ok := p.(*attach); ok {
		if err := a.listen(); err != nil {
			return nil, err
		}
		f.cfg.Concurrency = 1
		f.spawner = newSpawner()
		f.mu.Lock()
		e := f.addLocked("")
		f.free = append(f.free, e)
		f.mu.Unlock()
		return f, nil
	}
	f.spawner = newSpawner()
	return f, nil
}

// Config returns the configuration with its defaults filled in.
func (f *Function) Config() Config { return f.cfg }

// Environ returns the variables that the service sets for the function, but
// the credentials and LAMBDA_TASK_ROOT. AWS_LAMBDA_RUNTIME_API is among them
// only with [Attach]: otherwise each run of a program has its own.
func (f *Function) Environ() []string {
	vars := variables(&f.cfg, time.Now().UTC().Format("2006/01/02")+"/["+f.cfg.Version+"]local")
	f.mu.Lock()
	defer f.mu.Unlock()
	if a, ok := f.program.(*attach); ok {
		vars = append(vars, "AWS_LAMBDA_RUNTIME_API="+a.ln.Addr().String())
	}
	return vars
}

// ARN is the function's ARN, in the account 123456789012. A qualifier, a
// version or an alias, may be empty.
func (f *Function) ARN(qualifier string) string {
	arn := "arn:aws:lambda:" + f.cfg.Region + ":123456789012:function:" + f.cfg.Name
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}

// Invoke runs one invocation and returns what became of it. The error is
// [ErrThrottled], [ErrClosed] or that of ctx; a function that fails is a
// result with [Result.FunctionError], not an error. As on the service, a
// caller that goes away (ctx) does not end the invocation.
func (f *Function) Invoke(ctx context.Context, inv Invocation) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e, err := f.acquire(inv.TenantID)
	if err != nil {
		return nil, err
	}
	a := f.newActive(inv)
	if ctx.Done() == nil {
		f.serve(e, a)
		return a.outcome()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.serve(e, a)
	}()
	select {
	case <-done:
		return a.outcome()
	case <-ctx.Done():
		if a.stream != nil {
			a.stream.close()
		}
		return nil, ctx.Err()
	}
}

func (f *Function) newActive(inv Invocation) *active {
	now := time.Now()
	if inv.RequestID == "" {
		inv.RequestID = newUUID()
	}
	if inv.TraceID == "" {
		inv.TraceID = newTraceID(now)
	}
	a := &active{
		inv: inv, arn: f.ARN(inv.Qualifier), timeout: f.cfg.Timeout,
		delivered: make(chan bool, 1), completed: make(chan struct{}),
		result: &Result{RequestID: inv.RequestID, ExecutedVersion: f.cfg.Version, MemorySize: f.cfg.MemorySize},
	}
	if inv.Timeout > 0 {
		a.timeout = inv.Timeout
	}
	if inv.Stream != nil {
		a.stream = &streamGuard{w: inv.Stream}
	}
	return a
}

// outcome is the result, unless the function was closed over it.
func (a *active) outcome() (*Result, error) {
	if a.result.Status == "" {
		return nil, ErrClosed
	}
	return a.result, nil
}

func (f *Function) serve(e *environment, a *active) {
	if still := e.invoke(a); still != nil {
		go func() {
			defer f.running.Done()
			defer f.release(e)
			still.await(a)
		}()
		return
	}
	f.release(e)
	f.running.Done()
}

// Warm starts environments, as provisioned concurrency does, until n exist,
// and waits for their INIT. The error is an [*InitError] if INIT failed in one
// of them; it will be done again by the first invocation.
func (f *Function) Warm(ctx context.Context, n int) error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return ErrClosed
	}
	if n > f.cfg.Concurrency {
		f.mu.Unlock()
		return fmt.Errorf("runtimeapi: %d environments: want at most %d, the concurrency", n, f.cfg.Concurrency)
	}
	var added []*environment
	for len(f.envs) < n {
		e := f.addLocked("")
		e.busy = f.cfg.MaxConcurrency // nobody else's until its INIT ended
		added = append(added, e)
	}
	f.mu.Unlock()
	failed := make(chan error, len(added))
	for _, e := range added {
		go func() { failed <- f.warmed(e) }()
	}
	var errs []error
	for range added {
		select {
		case err := <-failed:
			errs = append(errs, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.Join(errs...)
}

// warmed waits for an environment's INIT and gives it to invocations.
func (f *Function) warmed(e *environment) error {
	<-e.initDone
	e.mu.Lock()
	r, failed := e.run, e.initFailure
	e.mu.Unlock()
	if failed == nil && f.cfg.Freeze {
		r.begin()
		r.finish()
	}
	f.mu.Lock()
	e.busy = 0
	if !f.closed {
		f.free = append(f.free, e)
	}
	f.mu.Unlock()
	switch {
	case failed == nil:
		return nil
	case failed.status == "":
		return ErrClosed
	}
	return &InitError{Environment: e.id, Status: failed.status, ErrorType: failed.errorType, Payload: failed.payload}
}

// InitError is an INIT phase that failed.
type InitError struct {
	Environment int
	// Status is StatusTimeout for INIT that took too long.
	Status    Status
	ErrorType string
	// Payload is the error as JSON.
	Payload []byte
}

func (e *InitError) Error() string {
	return fmt.Sprintf("runtimeapi: INIT of environment %d failed: %s: %s", e.Environment, e.ErrorType, e.Payload)
}

// Update changes the program, as an update of the function's code does:
// environments of the old one end once they are not busy, and what is invoked
// from now on runs the new one.
func (f *Function) Update(p Program) error {
	if p == nil {
		return fmt.Errorf("runtimeapi: the program to run is nil")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ErrClosed
	}
	f.program = p
	f.free = nil
	for _, e := range f.envs {
		e.stale = true
		if e.busy == 0 {
			f.shutdownLocked(e, "update")
		}
	}
	f.envs = nil
	return nil
}

// Environments is how many environments there are, without those that are
// being shut down.
func (f *Function) Environments() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.envs)
}

// Close ends all environments and waits until their processes, ports and
// goroutines are gone. Invocations under way end with [ErrClosed] or, if they
// had begun, the error of a program that was killed. More calls do nothing.
func (f *Function) Close() {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		f.running.Wait()
		return
	}
	f.closed = true
	for _, e := range f.envs {
		f.shutdownLocked(e, "close")
	}
	f.envs, f.free = nil, nil
	f.mu.Unlock()
	f.running.Wait()
	f.spawner.close()
}

// acquire finds room for an invocation: the environment that was used last,
// else a new one. The caller owes a release and a running.Done.
func (f *Function) acquire(tenant string) (*environment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ErrClosed
	}
	for i := len(f.free) - 1; i >= 0; i-- {
		if e := f.free[i]; e.tenant == tenant {
			f.takeLocked(i)
			return e, nil
		}
	}
	if len(f.envs) >= f.cfg.Concurrency && !f.evictLocked() {
		return nil, ErrThrottled
	}
	e := f.addLocked(tenant)
	f.free = append(f.free, e)
	f.takeLocked(len(f.free) - 1)
	return e, nil
}

func (f *Function) takeLocked(i int) {
	e := f.free[i]
	f.running.Add(1)
	e.busy++
	e.uses++
	if e.idle != nil {
		e.idle.Stop()
	}
	if e.busy == f.cfg.MaxConcurrency {
		f.free = slices.Delete(f.free, i, i+1)
	}
}

// evictLocked makes room by ending the environment that was not used for the
// longest time: one of another tenant, for the caller found none of its own.
func (f *Function) evictLocked() bool {
	for i, e := range f.free {
		if e.busy == 0 {
			f.free = slices.Delete(f.free, i, i+1)
			f.removeLocked(e, "tenant")
			return true
		}
	}
	return false
}

func (f *Function) addLocked(tenant string) *environment {
	f.lastID++
	e := f.newEnvironment(f.lastID, tenant)
	f.envs = append(f.envs, e)
	f.running.Add(1)
	go func() {
		defer f.running.Done()
		e.init()
	}()
	return e
}

// release gives an environment back after an invocation.
func (f *Function) release(e *environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.busy--
	if f.closed {
		return
	}
	if e.stale {
		if e.busy == 0 {
			f.shutdownLocked(e, "update")
		}
		return
	}
	f.free = slices.DeleteFunc(f.free, func(x *environment) bool { return x == e })
	f.free = append(f.free, e)
	if f.cfg.IdleTimeout > 0 && e.busy == 0 {
		uses := e.uses
		e.idle = time.AfterFunc(f.cfg.IdleTimeout, func() { f.expire(e, uses) })
	}
}

func (f *Function) expire(e *environment, uses int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || e.stale || e.busy > 0 || e.uses != uses {
		return
	}
	f.free = slices.DeleteFunc(f.free, func(x *environment) bool { return x == e })
	f.removeLocked(e, "idle")
}

func (f *Function) removeLocked(e *environment, reason string) {
	f.envs = slices.DeleteFunc(f.envs, func(x *environment) bool { return x == e })
	f.shutdownLocked(e, reason)
}

func (f *Function) shutdownLocked(e *environment, reason string) {
	if e.idle != nil {
		e.idle.Stop()
	}
	f.running.Add(1)
	go func() {
		defer f.running.Done()
		e.close(reason)
	}()
}

func (f *Function) observe(ev Event) {
	if f.cfg.Observe == nil {
		return
	}
	ev.Time, ev.Function = time.Now(), f.cfg.Name
	f.observing.Lock()
	defer f.observing.Unlock()
	f.cfg.Observe(ev)
}
