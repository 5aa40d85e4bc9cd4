package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
	"github.com/lambdatune/lambdatune/internal/invocation"
)

// programVariable makes this test binary one of the functions below.
const programVariable = "LAMBDATUNE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(programVariable); name != "" {
		run, ok := programs[name]
		if !ok {
			panic("no program " + name)
		}
		run()
		os.Exit(99) // a program does not return
	}
	os.Exit(m.Run())
}

var programs = map[string]func(){
	"plain": func() { handler.Start(handler.JSON(act)) },
	"logging": func() {
		os.Setenv("AWS_LAMBDA_LOG_FORMAT", "JSON") // the service's own, were it played
		slog.SetDefault(slog.New(handler.LogHandler(nil)))
		handler.Start(handler.JSON(act))
	},
	"exit on panic": func() { handler.Start(handler.JSON(act), handler.ExitOnPanic()) },
	"middleware":    func() { handler.Start(handler.Use(handler.JSON(act), panicking)) },
	"shutdown": func() {
		note := func(text string) func(context.Context) {
			return func(ctx context.Context) {
				d, ok := ctx.Deadline()
				fmt.Println("shutdown", text, ok && time.Until(d) < time.Second)
			}
		}
		handler.Start(handler.JSON(act), handler.OnShutdown(note("one")), handler.OnShutdown(func(context.Context) { panic("in a hook") }), handler.OnShutdown(note("two")))
	},
	"init": func() {
		ready := false
		handler.Init(handler.Task{Name: "load", Run: func(ctx context.Context) error {
			if d, ok := ctx.Deadline(); !ok || time.Until(d) > 9*time.Second {
				return errors.New("no deadline")
			}
			ready = true
			return nil
		}})
		handler.Start(handler.JSON(func(context.Context, struct{}) (bool, error) { return ready, nil }))
	},
	"init fails": func() {
		handler.Init(
			handler.Task{Name: "good", Run: func(context.Context) error { return nil }},
			handler.Task{Name: "bad", Run: func(context.Context) error { return &typed{"NoSuchSecret"} }},
		)
	},
	"init panics": func() {
		handler.Init(handler.Task{Name: "bad", Run: func(context.Context) error { panic("boom") }})
	},
	"misconfigured": func() { handler.Start(handler.JSON(act, handler.DeadlineReserve(-time.Second))) },
	"nil":           func() { handler.Start(nil) },
}

// request and reply are the event and the response of act.
type request struct {
	Do    string `json:"do"`
	ID    int    `json:"id"`
	Bytes int    `json:"bytes"`
}

type reply struct {
	ID         int       `json:"id"`
	PID        int       `json:"pid"`
	Invocation value     `json:"invocation"`
	Deadline   time.Time `json:"deadline"`
	Text       string    `json:"text,omitempty"`
}

type value struct {
	RequestID, FunctionARN, TraceID, TenantID string
	Deadline, Start                           time.Time
	ColdStart                                 bool
}

type typed struct{ name string }

func (e *typed) Error() string     { return "typed " + e.name }
func (e *typed) ErrorType() string { return e.name }

type named struct{}

func (named) Error() string { return "named" }

// act does what the event says.
func act(ctx context.Context, r request) (reply, error) {
	v := invocation.From(ctx)
	out := reply{ID: r.ID, PID: os.Getpid(), Invocation: value(*v)}
	out.Deadline, _ = ctx.Deadline()
	slog.InfoContext(ctx, "acting", "do", r.Do)
	switch r.Do {
	case "panic":
		panic(fmt.Sprintf("panic %d", r.ID))
	case "typed":
		return out, fmt.Errorf("wrapped: %w", &typed{"OutOfStock"})
	case "named":
		return out, named{}
	case "nil error":
		return out, (*typed)(nil)
	case "text":
		out.Text = strings.Repeat("x", r.Bytes)
	case "meet": // another invocation, at the same time
		meeting <- struct{}{}
		if invocation.From(ctx).RequestID != v.RequestID {
			return out, errors.New("the invocation changed")
		}
	}
	return out, nil
}

// meeting lets two invocations through at a time.
var meeting = func() chan struct{} {
	c := make(chan struct{})
	go func() {
		for {
			<-c
			<-c
		}
	}()
	return c
}()

func panicking(next handler.InvokeFunc) handler.InvokeFunc {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		if bytes.Contains(payload, []byte("middleware")) {
			panic("in middleware")
		}
		return next(ctx, payload)
	}
}

// program is this binary as a function.
func program(t testing.TB, name string, env ...string) runtimeapi.Command {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the Lambda service is played on Unix systems only")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return runtimeapi.Command{Path: self, Env: append(append(os.Environ(), programVariable+"="+name), env...)}
}

func serve(t testing.TB, name string, c runtimeapi.Config) *runtimeapi.Function {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = time.Minute // the machine may be busy
	}
	if c.InitTimeout == 0 {
		c.InitTimeout = time.Minute
	}
	if c.Concurrency == 0 {
		c.Concurrency = 1
	}
	fn, err := runtimeapi.Start(program(t, name), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fn.Close)
	return fn
}

func invoke(t testing.TB, fn *runtimeapi.Function, inv runtimeapi.Invocation) *runtimeapi.Result {
	t.Helper()
	res, err := fn.Invoke(t.Context(), inv)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func ask(t testing.TB, fn *runtimeapi.Function, event string) (reply, *runtimeapi.Result) {
	t.Helper()
	res := invoke(t, fn, runtimeapi.Invocation{Payload: []byte(event)})
	var r reply
	if res.FunctionError == "" {
		if err := json.Unmarshal(res.Payload, &r); err != nil {
			t.Fatalf("%s: %v", res.Payload, err)
		}
	}
	return r, res
}

func TestStartDescribesInvocations(t *testing.T) {
	fn := serve(t, "logging", runtimeapi.Config{Name: "orders", Timeout: 30 * time.Second})
	for i := range 3 {
		before := time.Now()
		inv := runtimeapi.Invocation{Payload: []byte(`{"id":1}`), TraceID: "Root=1-2-3", TenantID: "blue", Qualifier: "live"}
		res := invoke(t, fn, inv)
		var r reply
		if err := json.Unmarshal(res.Payload, &r); err != nil {
			t.Fatalf("%s: %v", res.Payload, err)
		}
		v := r.Invocation
		if v.RequestID != res.RequestID || !strings.Contains(v.FunctionARN, ":function:orders:live") || v.TraceID != "Root=1-2-3" || v.TenantID != "blue" {
			t.Errorf("invocation %+v, want the request ID %s", v, res.RequestID)
		}
		if v.ColdStart != (i == 0) {
			t.Errorf("invocation %d: cold start = %v", i, v.ColdStart)
		}
		if v.Start.Before(before.Add(-time.Second)) || v.Start.After(time.Now().Add(time.Second)) {
			t.Errorf("start %v is not now, %v", v.Start, before)
		}
		if got := v.Deadline.Sub(r.Deadline); got < time.Second || got > 1500*time.Millisecond {
			t.Errorf("logic's deadline is %v before the platform's, want 5 %% of about 30 s", got)
		}
		var line map[string]any
		for text := range strings.Lines(string(res.Log)) {
			if strings.Contains(text, "acting") {
				if err := json.Unmarshal([]byte(text), &line); err != nil {
					t.Fatalf("%s: %v", text, err)
				}
			}
		}
		if line["requestId"] != res.RequestID || line["functionName"] != "orders" || line["coldStart"] != (i == 0) || line["tenantId"] != "blue" || line["message"] != "acting" {
			t.Errorf("the log line is %v", line)
		}
	}
}

func TestStartReportsErrors(t *testing.T) {
	fn := serve(t, "middleware", runtimeapi.Config{})
	first, _ := ask(t, fn, `{}`)
	for _, c := range []struct{ event, kind, message string }{
		{`{"do":"typed"}`, "OutOfStock", "wrapped: typed OutOfStock"},
		{`{"do":"named"}`, "named", "named"},
		{`{"do":"panic","id":7}`, "Runtime.Panic", "panic: panic 7"},
		{`{"do":"middleware"}`, "Runtime.Panic", "panic: in middleware"},
		{`{"do":"nil error"}`, "Runtime.Panic", "panic: runtime error: invalid memory address"},
		{`{"id":"1"}`, "DecodeError", `invalid JSON of member "id" at offset 6: a string where an integer`},
		{`null`, "DecodeError", "null where a value is expected"},
		{`{"do":"text","bytes":6291600}`, "Function.ResponseSizeTooLarge", "exceeds the maximum of 6291556 bytes"},
	} {
		_, res := ask(t, fn, c.event)
		var body struct {
			ErrorMessage, ErrorType string
			StackTrace              []struct{ Path, Label string }
		}
		if err := json.Unmarshal(res.Payload, &body); err != nil {
			t.Fatalf("%s: %.200s: %v", c.event, res.Payload, err)
		}
		if res.FunctionError == "" || body.ErrorType != c.kind || !strings.Contains(body.ErrorMessage, c.message) {
			t.Errorf("%s: %.300s, want %s: %s", c.event, res.Payload, c.kind, c.message)
		}
		if panicked := c.kind == "Runtime.Panic"; panicked != (len(body.StackTrace) > 0) || panicked != strings.Contains(string(res.Log), "panic contained") {
			t.Errorf("%s: stack %v, log %.300s", c.event, body.StackTrace, res.Log)
		}
	}
	last, _ := ask(t, fn, `{}`)
	if last.PID != first.PID || last.Invocation.ColdStart {
		t.Errorf("process %d became %d", first.PID, last.PID)
	}
}

func TestStartExitOnPanic(t *testing.T) {
	fn := serve(t, "exit on panic", runtimeapi.Config{})
	first, _ := ask(t, fn, `{}`)
	if _, res := ask(t, fn, `{"do":"typed"}`); res.ErrorType != "OutOfStock" {
		t.Errorf("%+v", res)
	}
	if same, _ := ask(t, fn, `{}`); same.PID != first.PID {
		t.Error("an error ended the process")
	}
	_, res := ask(t, fn, `{"do":"panic","id":7}`)
	if res.FunctionError == "" || !strings.Contains(string(res.Payload), "panic 7") {
		t.Errorf("%s", res.Payload)
	}
	if next, _ := ask(t, fn, `{}`); next.PID == first.PID || !next.Invocation.ColdStart {
		t.Errorf("after a panic: %+v, the same process as %+v", next, first)
	}
}

// A storm of panics: one environment, one process, and every response right.
func TestStartPanicStorm(t *testing.T) {
	const invocations = 1000
	fn := serve(t, "plain", runtimeapi.Config{})
	pids := map[int]int{}
	for i := range invocations {
		do := "work"
		if i%10 == 3 {
			do = "panic"
		}
		r, res := ask(t, fn, fmt.Sprintf(`{"do":%q,"id":%d}`, do, i))
		pids[res.PID]++
		switch {
		case do == "panic":
			if res.FunctionError == "" || res.ErrorType != "Runtime.Panic" || !strings.Contains(string(res.Payload), fmt.Sprintf(`"panic: panic %d"`, i)) {
				t.Fatalf("invocation %d: %s", i, res.Payload)
			}
		case r.ID != i || r.Invocation.RequestID != res.RequestID || r.PID != res.PID || r.Invocation.ColdStart != (i == 0):
			t.Fatalf("invocation %d: %s", i, res.Payload)
		}
	}
	if len(pids) != 1 {
		t.Errorf("process IDs: %v", pids)
	}
}

func TestStartSeveralAtOnce(t *testing.T) {
	fn := serve(t, "plain", runtimeapi.Config{MaxConcurrency: 4})
	ask(t, fn, `{}`)
	var wg sync.WaitGroup
	var mu sync.Mutex
	pids := map[int]int{}
	for worker := range 4 {
		wg.Go(func() {
			for i := range 50 {
				id, do := worker*1000+i, "meet"
				if i%10 == 3 {
					do = "panic"
				}
				r, res := ask(t, fn, fmt.Sprintf(`{"do":%q,"id":%d}`, do, id))
				mu.Lock()
				pids[res.PID]++
				mu.Unlock()
				switch {
				case do == "panic":
					if !strings.Contains(string(res.Payload), fmt.Sprintf(`"panic: panic %d"`, id)) {
						t.Errorf("invocation %d: %s", id, res.Payload)
					}
				case r.ID != id || r.Invocation.RequestID != res.RequestID || r.Invocation.ColdStart:
					t.Errorf("invocation %d: %s", id, res.Payload)
				}
			}
		})
	}
	wg.Wait()
	if len(pids) != 1 {
		t.Errorf("process IDs: %v", pids)
	}
}

func TestStartShutdownHooks(t *testing.T) {
	var mu sync.Mutex
	var log strings.Builder
	fn := serve(t, "shutdown", runtimeapi.Config{Observe: func(e runtimeapi.Event) {
		if e.Type == runtimeapi.EventLog {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintln(&log, e.Line)
		}
	}})
	ask(t, fn, `{}`)
	fn.Close()
	mu.Lock()
	defer mu.Unlock()
	one, hook, two := strings.Index(log.String(), "shutdown one true"), strings.Index(log.String(), "in a hook"), strings.Index(log.String(), "shutdown two true")
	if one < 0 || hook < one || two < hook {
		t.Errorf("the log has %s", &log)
	}
}

func TestInit(t *testing.T) {
	fn := serve(t, "init", runtimeapi.Config{})
	if res := invoke(t, fn, runtimeapi.Invocation{Payload: []byte(`{}`)}); string(res.Payload) != "true" {
		t.Errorf("%s\n%s", res.Payload, res.Log)
	}
}

func TestInitFailures(t *testing.T) {
	for _, c := range []struct{ program, kind, message string }{
		{"init fails", "NoSuchSecret", `init task "bad" failed after`},
		{"init panics", "Runtime.Panic", "panic: boom"},
		{"misconfigured", "Runtime.InvalidConfiguration", "option DeadlineReserve of JSON: -1s is out of range"},
		{"nil", "Runtime.InvalidConfiguration", "an Invoker is nil"},
	} {
		var mu sync.Mutex
		var kinds []string
		fn := serve(t, c.program, runtimeapi.Config{Observe: func(e runtimeapi.Event) {
			if e.Type == runtimeapi.EventInitEnd {
				mu.Lock()
				defer mu.Unlock()
				kinds = append(kinds, e.ErrorType)
			}
		}})
		res := invoke(t, fn, runtimeapi.Invocation{Payload: []byte(`{}`)})
		if res.FunctionError == "" || res.ErrorType != c.kind || !strings.Contains(strings.ReplaceAll(string(res.Payload), `\"`, `"`), c.message) {
			t.Errorf("%s: %s %s, want %s: %s", c.program, res.ErrorType, res.Payload, c.kind, c.message)
		}
		mu.Lock()
		if len(kinds) == 0 || kinds[0] != c.kind {
			t.Errorf("%s: INIT ended with %v", c.program, kinds)
		}
		mu.Unlock()
	}
}

// Outside Lambda.

func runProgram(t *testing.T, name, stdin string, args ...string) (stdout, stderr string, code int) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), programVariable+"="+name, "AWS_LAMBDA_RUNTIME_API=", "_LAMBDA_SERVER_PORT=")
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestStartOutsideLambda(t *testing.T) {
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(`{"id":5}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, program, stdin string
		args                 []string
		code                 int
		stdout, stderr       string
	}{
		{"stdin", "plain", `{"id":4}`, nil, 0, `{"id":4,`, ""},
		{"dash", "plain", `{"id":4}`, []string{"-"}, 0, `{"id":4,`, ""},
		{"file", "plain", ``, []string{file}, 0, `{"id":5,`, ""},
		{"describes", "plain", `{}`, nil, 0, `"RequestID":"local"`, ""},
		{"error", "plain", `{"do":"typed"}`, nil, 1, "", "error of type OutOfStock: wrapped: typed OutOfStock"},
		{"panic", "plain", `{"do":"panic","id":3}`, nil, 1, "", "error of type Runtime.Panic: panic: panic 3"},
		{"bad event", "plain", `{"id":"3"}`, nil, 1, "", `member "id" at offset 6`},
		{"no event", "plain", ``, nil, 2, "", "the input is empty"},
		{"no file", "plain", ``, []string{file + ".not"}, 2, "", "event.json.not"},
		{"two files", "plain", ``, []string{file, file}, 2, "", "usage: "},
		{"init", "init", `{}`, nil, 0, "true", `"tasksMs":{"load":`},
		{"init fails", "init fails", `{}`, nil, 1, "", `init task "bad" failed`},
		{"misconfigured", "misconfigured", `{}`, nil, 1, "", "out of range"},
	} {
		stdout, stderr, code := runProgram(t, c.program, c.stdin, c.args...)
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || (c.stdout == "") != (stdout == "") {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", c.name, code, stdout, stderr)
		}
	}
}
