package runtimeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

func decode[T any](t *testing.T, b []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return v
}

type lambdaError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// want checks an invocation's outcome by its error type, empty for success.
func wantError(t *testing.T, res *runtimeapi.Result, status runtimeapi.Status, errorType, message string) {
	t.Helper()
	e := decode[lambdaError](t, res.Payload)
	if res.FunctionError != "Unhandled" || res.Status != status || res.ErrorType != errorType || e.Type != errorType || !strings.Contains(e.Message, message) {
		t.Errorf("%s %q %s: %s, want %s %s with %q", res.Status, res.FunctionError, res.ErrorType, res.Payload, status, errorType, message)
	}
}

func wantGreeting(t *testing.T, res *runtimeapi.Result, name string) answer {
	t.Helper()
	if res.Status != runtimeapi.StatusSuccess || res.FunctionError != "" || res.ErrorType != "" {
		t.Fatalf("%s %s: %s\n%s", res.Status, res.ErrorType, res.Payload, res.Log)
	}
	a := decode[answer](t, res.Payload)
	if a.Greeting != "hello "+name {
		t.Fatalf("%s, want a greeting for %s", res.Payload, name)
	}
	return a
}

// TestDocumentedBehaviour is the table of what the service documents, each row
// with the check of it. Sources are the developer guide's pages on the
// execution environment (E), the Runtime API (R), the Extensions API (X),
// environment variables (V), quotas (Q) and invocation (I).
func TestDocumentedBehaviour(t *testing.T) {
	for _, row := range []struct {
		source, behaviour string
		check             func(t *testing.T)
	}{
		{"E", "an environment is reused, and INIT is reported once", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{})
			first, second := invoke(t, f, `{"name":"a"}`), invoke(t, f, `{"name":"b"}`)
			a, b := wantGreeting(t, first, "a"), wantGreeting(t, second, "b")
			if a.PID != b.PID || b.Count != 2 || first.PID != a.PID {
				t.Errorf("%+v, then %+v in process %d", a, b, first.PID)
			}
			if first.InitDuration <= 0 || second.InitDuration != 0 || first.Environment != 1 || second.Environment != 1 {
				t.Errorf("INIT %v in environment %d, then %v in %d", first.InitDuration, first.Environment, second.InitDuration, second.Environment)
			}
		}},
		{"E", "an environment takes one event at a time; another is started beside it", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{Concurrency: 3})
			if pids := inParallel(t, f, 3); len(pids) != 3 {
				t.Errorf("%d processes for 3 events at once", len(pids))
			}
		}},
		{"I", "past its concurrency a function throttles", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{Concurrency: 1})
			done := make(chan error)
			began := make(chan struct{})
			go func() {
				close(began)
				_, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(`{"sleep":300}`)})
				done <- err
			}()
			<-began
			for f.Environments() == 0 {
				time.Sleep(time.Millisecond)
			}
			if _, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(`{}`)}); !errors.Is(err, runtimeapi.ErrThrottled) {
				t.Errorf("%v, want ErrThrottled", err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		}},
		{"E", "the most recently used environment is taken first", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{Concurrency: 2})
			inParallel(t, f, 2)
			last := invoke(t, f, `{}`).Environment
			for range 3 {
				if got := invoke(t, f, `{}`).Environment; got != last {
					t.Errorf("environment %d, want %d again", got, last)
				}
			}
		}},
		{"E", "INIT over its limit is done again within the invocation", func(t *testing.T) {
			f := start(t, "slowinit", runtimeapi.Config{InitTimeout: 100 * time.Millisecond})
			res := invoke(t, f, `{"name":"a"}`)
			wantGreeting(t, res, "a")
			if res.InitDuration != 0 || res.Duration < 400*time.Millisecond {
				t.Errorf("INIT %v, duration %v: want INIT within the duration", res.InitDuration, res.Duration)
			}
		}},
		{"E", "that second INIT is under the function's timeout", func(t *testing.T) {
			f := start(t, "never", runtimeapi.Config{InitTimeout: 50 * time.Millisecond, Timeout: 200 * time.Millisecond})
			wantError(t, invoke(t, f, `{}`), runtimeapi.StatusTimeout, "Sandbox.Timedout", "Task timed out after 0.20 seconds")
		}},
		{"R", "a failed INIT that was reported fails the invocation with that error", func(t *testing.T) {
			f := start(t, "initerror", runtimeapi.Config{})
			wantError(t, invoke(t, f, `{}`), runtimeapi.StatusError, "Config.Missing", "TABLE is not set")
		}},
		{"E", "a program that exits in INIT fails the invocation", func(t *testing.T) {
			f := start(t, "exits", runtimeapi.Config{})
			res := invoke(t, f, `{}`)
			wantError(t, res, runtimeapi.StatusError, "Runtime.ExitError", "exit status 4")
			if !strings.Contains(string(res.Log), "no configuration\n") {
				t.Errorf("log %q lacks what INIT wrote", res.Log)
			}
		}},
		{"E", "a function that exits fails its invocation; the next one starts it again", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{})
			a := wantGreeting(t, invoke(t, f, `{"name":"a"}`), "a")
			res := invoke(t, f, `{"exit":true}`)
			wantError(t, res, runtimeapi.StatusError, "Runtime.ExitError", "RequestId: "+res.RequestID+" Error: Runtime exited with error: exit status 7")
			next := invoke(t, f, `{"name":"b"}`)
			b := wantGreeting(t, next, "b")
			if b.PID == a.PID || b.Count != 1 || next.Environment != 1 || next.InitDuration != 0 {
				t.Errorf("process %d after %d in environment %d, INIT %v", b.PID, a.PID, next.Environment, next.InitDuration)
			}
		}},
		{"E", "a program that ends between two invocations is started again and fails none", func(t *testing.T) {
			f := start(t, "quits", runtimeapi.Config{})
			for range 5 {
				a := wantGreeting(t, invoke(t, f, `{"name":"a"}`), "a")
				for alive(a.PID) {
					time.Sleep(time.Millisecond)
				}
			}
		}},
		{"R", "a panic is reported with its type and ends an aws-lambda-go process", func(t *testing.T) {
			f := start(t, "typed", runtimeapi.Config{})
			a := wantGreeting(t, invoke(t, f, `{"name":"a"}`), "a")
			res := invoke(t, f, `{"panic":true}`)
			wantError(t, res, runtimeapi.StatusError, "string", "out of tea")
			if b := wantGreeting(t, invoke(t, f, `{"name":"b"}`), "b"); b.PID == a.PID {
				t.Error("the process outlived its panic")
			}
		}},
		{"R", "an error is the response, and the environment stays", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{})
			res := invoke(t, f, `{"fail":"no such order"}`)
			wantError(t, res, runtimeapi.StatusError, "errorString", "no such order")
			if a := wantGreeting(t, invoke(t, f, `{"name":"a"}`), "a"); a.PID != res.PID {
				t.Error("the process did not outlive its error")
			}
		}},
		{"E", "an invocation is ended at the timeout, and its process with it", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{})
			a := wantGreeting(t, invoke(t, f, `{"name":"a"}`), "a")
			res := invokeFor(t, f, 300*time.Millisecond, `{"sleep":60000}`)
			wantError(t, res, runtimeapi.StatusTimeout, "Sandbox.Timedout", "Task timed out after 0.30 seconds")
			if alive(a.PID) {
				t.Errorf("process %d is alive", a.PID)
			}
			if !strings.Contains(string(res.Log), res.RequestID+" Task timed out after 0.30 seconds") || !strings.Contains(string(res.Log), "\tStatus: timeout") {
				t.Errorf("log %q", res.Log)
			}
			if b := wantGreeting(t, invoke(t, f, `{"name":"b"}`), "b"); b.PID == a.PID {
				t.Error("the same process goes on")
			}
		}},
		{"R", "the event's headers and the deadline reach the function", func(t *testing.T) {
			f := start(t, "context", runtimeapi.Config{Name: "orders", Timeout: 50 * time.Second, Region: "eu-north-1"})
			res, err := f.Invoke(t.Context(), runtimeapi.Invocation{
				Qualifier: "live", RequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", TraceID: "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
				ClientContext: `{"Client":{"app_title":"till"},"custom":{"k":"v"}}`, CognitoIdentity: `{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}`, TenantID: "blue",
			})
			if err != nil {
				t.Fatal(err)
			}
			got := decode[struct {
				Left  int
				Trace string
				LC    struct {
					AwsRequestID, InvokedFunctionArn, TenantID string
					Identity                                   struct{ CognitoIdentityID, CognitoIdentityPoolID string }
					ClientContext                              struct {
						Client struct {
							AppTitle string `json:"app_title"`
						}
						Custom map[string]string `json:"custom"`
					}
				}
			}](t, res.Payload)
			lc := got.LC
			if lc.AwsRequestID != "8476a536-e9f4-11e8-9739-2dfe598c3fcd" || lc.InvokedFunctionArn != "arn:aws:lambda:eu-north-1:123456789012:function:orders:live" ||
				lc.TenantID != "blue" || lc.Identity.CognitoIdentityID != "i" || lc.Identity.CognitoIdentityPoolID != "p" ||
				lc.ClientContext.Client.AppTitle != "till" || lc.ClientContext.Custom["k"] != "v" || got.Trace != "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1" {
				t.Errorf("%s", res.Payload)
			}
			if got.Left < 1000 || got.Left > 50000 {
				t.Errorf("%d ms left of 50 s", got.Left)
			}
		}},
		{"V", "the environment variables of a real environment are there", func(t *testing.T) {
			dir, _ := filepath.EvalSymlinks(t.TempDir())
			c := command("context")
			c.Dir, c.Env = dir, append(c.Env, "TABLE=orders", "AWS_EXECUTION_ENV=leaked", "AWS_LAMBDA_EXEC_WRAPPER=/leaked")
			f, err := runtimeapi.Start(c, runtimeapi.Config{Name: "orders", MemorySize: 512, Region: "eu-north-1"})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got := decode[struct {
				Env []string
				Dir string
			}](t, invoke(t, f, `{}`).Payload)
			env := map[string]string{}
			for _, v := range got.Env {
				name, value, _ := strings.Cut(v, "=")
				env[name] = value
			}
			for name, want := range map[string]string{
				"_HANDLER": "bootstrap", "AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-north-1", "AWS_LAMBDA_FUNCTION_NAME": "orders",
				"AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
				"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders", "TZ": ":UTC", "LANG": "en_US.UTF-8", "LAMBDA_TASK_ROOT": dir, "TABLE": "orders",
			} {
				if env[name] != want {
					t.Errorf("%s=%q, want %q", name, env[name], want)
				}
			}
			for _, name := range []string{"AWS_EXECUTION_ENV", "AWS_LAMBDA_EXEC_WRAPPER", "AWS_LAMBDA_MAX_CONCURRENCY"} {
				if v, ok := env[name]; ok {
					t.Errorf("%s=%q is set", name, v)
				}
			}
			if got.Dir != dir || !strings.Contains(env["AWS_LAMBDA_LOG_STREAM_NAME"], "/[$LATEST]") || !strings.HasPrefix(env["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:") {
				t.Errorf("in %s, log stream %q, API %q", got.Dir, env["AWS_LAMBDA_LOG_STREAM_NAME"], env["AWS_LAMBDA_RUNTIME_API"])
			}
		}},
		{"E", "what the function writes is in its log, between START and REPORT", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{})
			for i := range 20 {
				res := invoke(t, f, fmt.Sprintf(`{"log":"line %d\nand more"}`, i))
				lines := strings.Split(strings.TrimSpace(string(res.Log)), "\n")
				if len(lines) != 5 || lines[0] != "START RequestId: "+res.RequestID+" Version: $LATEST" || lines[1] != fmt.Sprintf("line %d", i) ||
					lines[2] != "and more" || lines[3] != "END RequestId: "+res.RequestID || lines[4] != res.Report() {
					t.Fatalf("%q", lines)
				}
			}
		}},
		{"I", "the log tail is the last 4 KB", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{})
			res := invoke(t, f, `{"log":"`+strings.Repeat("x", 10000)+`"}`)
			if len(res.Log) < 10000 || len(res.LogTail()) != 4096 || !strings.HasSuffix(string(res.LogTail()), res.Report()+"\n") {
				t.Errorf("log of %d bytes, tail of %d", len(res.Log), len(res.LogTail()))
			}
		}},
		{"Q", "a response over 6 MB fails", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{})
			wantError(t, invoke(t, f, `{"bytes":6300000}`), runtimeapi.StatusError, "Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes).")
			if res := invoke(t, f, `{"bytes":6200000}`); res.Status != runtimeapi.StatusSuccess || len(res.Payload) < 6200000 {
				t.Errorf("%s with %d bytes, want success", res.Status, len(res.Payload))
			}
		}},
		{"R", "an io.Reader is sent as it is", func(t *testing.T) {
			f := start(t, "bytes", runtimeapi.Config{})
			if res := invoke(t, f, `{"name":"tea"}`); string(res.Payload) != "raw tea" || res.ContentType != "application/octet-stream" {
				t.Errorf("%q as %s", res.Payload, res.ContentType)
			}
		}},
		{"R", "a streamed response comes in parts", func(t *testing.T) {
			f := start(t, "stream", runtimeapi.Config{})
			var parts recorder
			res, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(`{}`), Stream: &parts})
			if err != nil || res.Status != runtimeapi.StatusSuccess || len(res.Payload) != 0 {
				t.Fatal(res, err)
			}
			if parts.String() != "part 0\npart 1\npart 2\n" || parts.writes < 2 {
				t.Errorf("%q in %d writes", parts.String(), parts.writes)
			}
		}},
		{"R", "a stream that breaks says so in its trailers", func(t *testing.T) {
			f := start(t, "broken", runtimeapi.Config{})
			wantError(t, invoke(t, f, `{}`), runtimeapi.StatusError, "tooLateError", "it broke on the way")
			var parts recorder
			res, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(`{}`), Stream: &parts})
			if err != nil || parts.String() != "half of it" {
				t.Fatal(parts.String(), err)
			}
			wantError(t, res, runtimeapi.StatusError, "tooLateError", "it broke on the way")
		}},
		{"X", "a function with an extension gets SIGTERM at its end", func(t *testing.T) {
			if log := logOfLife(t, "sigterm"); !strings.Contains(log, "got SIGTERM\n") {
				t.Errorf("log %q", log)
			}
		}},
		{"X", "and SIGKILL 500 ms later", func(t *testing.T) {
			begun := time.Now()
			if log := logOfLife(t, "stubborn"); !strings.Contains(log, "got SIGTERM, staying\n") {
				t.Errorf("log %q", log)
			}
			if d := time.Since(begun); d < 500*time.Millisecond {
				t.Errorf("it lived %v, want at least 500 ms after SIGTERM", d)
			}
		}},
		{"X", "a function without one gets none", func(t *testing.T) {
			if log := logOfLife(t, "greet"); strings.Contains(log, "SIGTERM") {
				t.Errorf("log %q", log)
			}
		}},
		{"X", "a function with an extension gets SIGTERM at its timeout too", func(t *testing.T) {
			f := start(t, "sigterm", runtimeapi.Config{})
			if res := invokeFor(t, f, 300*time.Millisecond, `{"sleep":60000}`); !strings.Contains(string(res.Log), "got SIGTERM\n") {
				t.Errorf("log %q", res.Log)
			}
		}},
		{"E", "max concurrency: one environment takes several events at once", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{MaxConcurrency: 8, Concurrency: 1})
			if pids := inParallel(t, f, 8); len(pids) != 1 {
				t.Errorf("%d processes for 8 events at once", len(pids))
			}
		}},
		{"E", "max concurrency: a panic fails its own invocation, and the process is started again", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{MaxConcurrency: 8, Concurrency: 1})
			a := wantGreeting(t, invoke(t, f, `{"name":"a"}`), "a")
			wantError(t, invoke(t, f, `{"panic":true}`), runtimeapi.StatusError, "string", "out of tea")
			for alive(a.PID) {
				time.Sleep(time.Millisecond)
			}
			if b := wantGreeting(t, invoke(t, f, `{"name":"b"}`), "b"); b.PID == a.PID {
				t.Error("the process outlived its panic")
			}
		}},
		{"E", "max concurrency: an invocation that times out leaves the others and the process alone", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{MaxConcurrency: 8, Concurrency: 1})
			pid := wantGreeting(t, invoke(t, f, `{"name":"a"}`), "a").PID
			slow := make(chan *runtimeapi.Result)
			go func() {
				res, _ := f.Invoke(context.Background(), runtimeapi.Invocation{Payload: []byte(`{"sleep":1000}`), Timeout: 500 * time.Millisecond})
				slow <- res
			}()
			for range 20 {
				if b := wantGreeting(t, invoke(t, f, `{"name":"b"}`), "b"); b.PID != pid {
					t.Fatalf("process %d after %d", b.PID, pid)
				}
			}
			wantError(t, <-slow, runtimeapi.StatusTimeout, "Sandbox.Timedout", "Task timed out after 0.50 seconds")
			for range 20 {
				if b := wantGreeting(t, invoke(t, f, `{"name":"b","sleep":30}`), "b"); b.PID != pid {
					t.Fatalf("process %d after %d", b.PID, pid)
				}
			}
		}},
		{"E", "an environment belongs to one tenant", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{Concurrency: 2})
			pid := map[string]int{}
			for _, tenant := range []string{"red", "blue", "red", "blue", "green", "green"} {
				res, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(`{}`), TenantID: tenant})
				if err != nil {
					t.Fatal(err)
				}
				for other, p := range pid {
					if (other == tenant) != (p == res.PID) {
						t.Errorf("tenant %s in process %d, which is %s's", tenant, res.PID, other)
					}
				}
				pid[tenant] = res.PID
			}
		}},
		{"E", "an environment that is not used is shut down", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{IdleTimeout: 50 * time.Millisecond})
			pid := invoke(t, f, `{}`).PID
			for alive(pid) || f.Environments() > 0 {
				time.Sleep(time.Millisecond)
			}
			if res := invoke(t, f, `{}`); res.InitDuration == 0 {
				t.Error("no INIT after it")
			}
		}},
		{"E", "an update of the code replaces environments", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{})
			pid := invoke(t, f, `{}`).PID
			if err := f.Update(command("bytes")); err != nil {
				t.Fatal(err)
			}
			if res := invoke(t, f, `{"name":"new"}`); string(res.Payload) != "raw new" {
				t.Errorf("%s from the old code", res.Payload)
			}
			for alive(pid) {
				time.Sleep(time.Millisecond)
			}
		}},
		{"E", "what the function started does not outlive it", func(t *testing.T) {
			f := start(t, "parent", runtimeapi.Config{})
			child := decode[answer](t, invoke(t, f, `{}`).Payload).PID
			if !alive(child) {
				t.Fatal("the function started nothing")
			}
			f.Close()
			for alive(child) {
				time.Sleep(time.Millisecond)
			}
		}},
		{"E", "memory is reported", func(t *testing.T) {
			f := start(t, "greet", runtimeapi.Config{MemorySize: 256})
			res := invoke(t, f, `{}`)
			if !strings.Contains(res.Report(), "\tMemory Size: 256 MB") {
				t.Error(res.Report())
			}
			if _, err := os.Stat("/proc/self/status"); err == nil && res.MaxMemoryUsed < 1<<20 {
				t.Errorf("%d bytes", res.MaxMemoryUsed)
			}
		}},
	} {
		t.Run(row.behaviour, func(t *testing.T) {
			t.Parallel()
			row.check(t)
		})
	}
}

// TestOwnFunctions is what functions on this library do otherwise than bare
// ones, and the same.
func TestOwnFunctions(t *testing.T) {
	for _, concurrency := range []int{1, 8} {
		t.Run(fmt.Sprintf("max concurrency %d", concurrency), func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			f := start(t, "ours", runtimeapi.Config{MaxConcurrency: concurrency, Concurrency: 1, Observe: func(e runtimeapi.Event) {
				if e.Type == runtimeapi.EventLog {
					log.WriteString(e.Line + "\n")
				}
			}})
			a := wantGreeting(t, invoke(t, f, `{"name":"a"}`), "a")
			if res := invoke(t, f, `{"fail":"no such order"}`); res.FunctionError != "Unhandled" || !strings.Contains(string(res.Payload), "no such order") {
				t.Errorf("%+v %s", res, res.Payload)
			}
			if res := invoke(t, f, `{"panic":true}`); res.FunctionError != "Unhandled" {
				t.Errorf("%+v %s", res, res.Payload)
			}
			if b := wantGreeting(t, invoke(t, f, `{"name":"b"}`), "b"); b.PID != a.PID {
				t.Error("the process did not outlive its panic")
			}
			if concurrency > 1 {
				if pids := inParallel(t, f, concurrency); len(pids) != 1 || !pids[a.PID] {
					t.Errorf("processes %v, want %d", pids, a.PID)
				}
			}
			wantError(t, invoke(t, f, `{"exit":true}`), runtimeapi.StatusError, "Runtime.ExitError", "exit status 7")
			wantGreeting(t, invoke(t, f, `{"name":"c"}`), "c")
			f.Close()
			if !strings.Contains(log.String(), "got SIGTERM\n") {
				t.Errorf("log %s", log.String())
			}
		})
	}
}

// inParallel invokes a function n times at once and returns the processes that
// answered.
func inParallel(t *testing.T, f *runtimeapi.Function, n int) map[int]bool {
	t.Helper()
	pids := make(chan int, n)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			res, err := f.Invoke(context.Background(), runtimeapi.Invocation{Payload: []byte(`{"name":"a","sleep":500}`)})
			if err != nil {
				t.Error(err)
				return
			}
			pids <- decode[answer](t, res.Payload).PID
		})
	}
	wg.Wait()
	close(pids)
	seen := map[int]bool{}
	for p := range pids {
		seen[p] = true
	}
	return seen
}

// logOfLife is what a function writes from its start to its end.
func logOfLife(t *testing.T, name string) string {
	t.Helper()
	var log strings.Builder
	f := start(t, name, runtimeapi.Config{Observe: func(e runtimeapi.Event) {
		if e.Type == runtimeapi.EventLog {
			log.WriteString(e.Line + "\n")
		}
	}})
	wantGreeting(t, invoke(t, f, `{"name":"a"}`), "a")
	f.Close()
	return log.String()
}

type recorder struct {
	strings.Builder
	writes int
}

func (r *recorder) Write(p []byte) (int, error) { r.writes++; return r.Builder.Write(p) }
