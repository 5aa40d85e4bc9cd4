package handler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
)

// A Task is a piece of INIT work: fetch a secret, open a connection, load a
// model. See [Init].
type Task struct {
	// Name is what the log and an error call it. It must not be empty, nor
	// that of another task of the same Init.
	Name string
	// Run does the work. Its context ends with the budget of INIT, or when
	// another task has failed. It is not an invocation's: what Run keeps must
	// not hold on to it.
	Run func(context.Context) error
}

const (
	// An on-demand environment gets 10 s for INIT, after which Lambda starts it
	// over within the first invocation. The margin is for what came before
	// Init, and for reporting. The others get 130 s or more.
	// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
	initBudget       = 9 * time.Second
	initBudgetAhead  = 120 * time.Second
	initGrace        = 500 * time.Millisecond // for tasks to return once their context is over
	initTypeVariable = "AWS_LAMBDA_INITIALIZATION_TYPE"
)

// Init runs the tasks in parallel and returns when all are done. It is called
// from main, before [Start], while the environment has its CPU boost.
//
// The tasks share one budget, the deadline of their context: 9 s of the 10 s
// that Lambda allows INIT on demand, 120 s where environments are initialized
// ahead of the invocations (AWS_LAMBDA_INITIALIZATION_TYPE is
// provisioned-concurrency, snap-start or lambda-managed-instances; Lambda
// allows those 130 s at least). An environment whose INIT took longer than
// that is started again within its first invocation; the budget is the same
// then, although the function's timeout might allow more.
//
// It logs one line, "init", with the milliseconds of each task: see [LogHandler]
// for where to. The first task to fail, to panic or to miss the deadline ends
// the context of the others. The failure is posted to the Runtime API's
// /runtime/init/error with the error's type (its ErrorType() string method if
// there is one, else Runtime.InitError, Runtime.InitTimeout or Runtime.Panic),
// and the process exits with status 1. Outside Lambda it is printed on standard
// error.
func Init(tasks ...Task) {
	budget := initBudget
	if t := os.Getenv(initTypeVariable); t != "" && t != "on-demand" {
		budget = initBudgetAhead
	}
	if err := checkTasks(tasks); err != nil {
		failInit(initFailure{kind: "Runtime.InvalidConfiguration", err: err})
	}
	if len(tasks) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	report := runTasks(ctx, tasks)
	report.log(tasks)
	if report.failure.err != nil {
		failInit(report.failure)
	}
}

func checkTasks(tasks []Task) error {
	var errs []error
	names := make(map[string]bool, len(tasks))
	for i, t := range tasks {
		switch {
		case t.Name == "":
			errs = append(errs, fmt.Errorf("handler: Init: task %d of %d has no name", i+1, len(tasks)))
		case t.Run == nil:
			errs = append(errs, fmt.Errorf("handler: Init: task %q has no Run", t.Name))
		case names[t.Name]:
			errs = append(errs, fmt.Errorf("handler: Init: two tasks have the name %q", t.Name))
		}
		names[t.Name] = true
	}
	return errors.Join(errs...)
}

// initReport is how the tasks went.
type initReport struct {
	took    time.Duration
	tasks   []time.Duration // by task; negative where it has not returned
	failure initFailure     // the first, if any
}

// initFailure is what the Runtime API is told.
type initFailure struct {
	kind string // used where err does not name its own type
	err  error
}

// runTasks waits for all tasks, but once ctx is over or one has failed, no
// longer than initGrace.
func runTasks(parent context.Context, tasks []Task) initReport {
	type result struct {
		task int
		took time.Duration
		err  error
	}
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	start := time.Now()
	results := make(chan result, len(tasks)) // room for all: a late one does not block
	for i, t := range tasks {
		go func() {
			r := result{task: i, err: errors.New("the task ended its goroutine")} // as runtime.Goexit does
			defer func() {
				r.took = time.Since(start)
				results <- r
			}()
			r.err = runTask(ctx, t)
		}()
	}
	report := initReport{tasks: slices.Repeat([]time.Duration{-1}, len(tasks))}
	var grace <-chan time.Time
	over := ctx.Done()
	for left := len(tasks); left > 0; {
		select {
		case r := <-results:
			left--
			report.tasks[r.task] = r.took
			if r.err != nil && report.failure.err == nil {
				report.failure = failureOf(parent, tasks[r.task], r.took, r.err)
				cancel()
			}
		case <-over:
			over, grace = nil, time.After(initGrace)
		case <-grace:
			if report.failure.err == nil {
				i := slices.Index(report.tasks, -1)
				report.failure = initFailure{"Runtime.InitTimeout", fmt.Errorf("init task %q has not returned after %v",
					tasks[i].Name, time.Since(start).Round(time.Millisecond))}
			}
			left = 0
		}
	}
	report.took = time.Since(start)
	return report
}

func runTask(ctx context.Context, t Task) (err error) {
	defer contain(ctx, &err)
	return t.Run(ctx)
}

func failureOf(parent context.Context, t Task, took time.Duration, err error) initFailure {
	f := initFailure{"Runtime.InitError", fmt.Errorf("init task %q failed after %v: %w", t.Name, took.Round(time.Millisecond), err)}
	if parent.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		f.kind = "Runtime.InitTimeout"
	}
	return f
}

func (r *initReport) log(tasks []Task) {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	l := &logLine{Level: levelNameInfo, Message: "init", DurationMs: ms(r.took), TasksMs: make(map[string]float64, len(tasks))}
	for i, took := range r.tasks {
		if took >= 0 {
			l.TasksMs[tasks[i].Name] = ms(took)
		} else {
			l.Unfinished = append(l.Unfinished, tasks[i].Name)
		}
	}
	if r.failure.err != nil {
		l.Level, l.Error = levelNameError, r.failure.err.Error()
	}
	l.write(context.Background())
}

// stackOf is the stack that goes with an error of INIT, a line per frame, as
// the Runtime API documents it.
func stackOf(err error) []string {
	lines := []string{}
	if p, ok := errors.AsType[*PanicError](err); ok {
		for frames := runtime.CallersFrames(p.callers); ; {
			f, more := frames.Next()
			if f.Function != "" {
				lines = append(lines, fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Function))
			}
			if !more {
				break
			}
		}
	}
	return lines
}
