package handler

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func runAll(budget time.Duration, tasks ...Task) initReport {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	r := runTasks(ctx, tasks)
	r.log(tasks)
	return r
}

func sleeping(name string, d time.Duration, err error) Task {
	return Task{name, func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

func TestInitTasksRunInParallel(t *testing.T) {
	logs := captureLog(t)
	synctest.Test(t, func(t *testing.T) {
		r := runAll(initBudget, sleeping("a", 2*time.Second, nil), sleeping("b", 3*time.Second, nil), sleeping("c", 1500*time.Millisecond, nil))
		if r.failure.err != nil || r.took != 3*time.Second {
			t.Errorf("%+v", r)
		}
	})
	line := logs.String()
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, `"level":"INFO","message":"init","durationMs":3000,"tasksMs":{"a":2000,"b":3000,"c":1500}}`) {
		t.Errorf("the log has %q", line)
	}
}

func TestInitTasksFail(t *testing.T) {
	logs := captureLog(t)
	failure := errors.New("no route")
	goexit := Task{"goexit", func(context.Context) error { runtime.Goexit(); return nil }}
	panics := Task{"panics", func(context.Context) error { panic("boom") }}
	stubborn := Task{"stubborn", func(context.Context) error { time.Sleep(time.Minute); return nil }}
	for _, c := range []struct {
		name  string
		tasks []Task
		kind  string
		text  string
		took  time.Duration
	}{
		{"error", []Task{sleeping("ok", 8*time.Second, nil), sleeping("bad", time.Second, failure)}, "Runtime.InitError", `init task "bad" failed after 1s: no route`, time.Second},
		{"panic", []Task{panics}, "Runtime.Panic", `init task "panics" failed after 0s: panic: boom`, 0},
		{"goexit", []Task{goexit}, "Runtime.InitError", `init task "goexit" failed after 0s: the task ended its goroutine`, 0},
		{"deadline", []Task{sleeping("slow", time.Minute, nil)}, "Runtime.InitTimeout", `init task "slow" failed after 9s: context deadline exceeded`, 9 * time.Second},
		{"stubborn", []Task{stubborn, sleeping("ok", time.Second, nil)}, "Runtime.InitTimeout", `init task "stubborn" has not returned after 9.5s`, 9500 * time.Millisecond},
		{"error and stubborn", []Task{sleeping("bad", time.Second, failure), stubborn}, "Runtime.InitError", `init task "bad" failed`, 1500 * time.Millisecond},
	} {
		logs.Reset()
		synctest.Test(t, func(t *testing.T) {
			r := runAll(initBudget, c.tasks...)
			if r.failure.err == nil || !strings.Contains(r.failure.err.Error(), c.text) || r.took != c.took {
				t.Errorf("%s: %v after %v, want %q after %v", c.name, r.failure.err, r.took, c.text, c.took)
			}
			if kind := kindOf(r.failure); kind != c.kind {
				t.Errorf("%s: type %s, want %s", c.name, kind, c.kind)
			}
			time.Sleep(time.Minute) // until the stubborn one is done
		})
		if !strings.Contains(logs.String(), `"level":"ERROR","message":"init",`) || !strings.Contains(logs.String(), `"error":"init task`) {
			t.Errorf("%s: the log has %q", c.name, logs)
		}
	}
}

func TestCheckTasks(t *testing.T) {
	run := func(context.Context) error { return nil }
	if err := checkTasks([]Task{{"a", run}, {"b", run}}); err != nil {
		t.Error(err)
	}
	err := checkTasks([]Task{{"", run}, {"a", nil}, {"b", run}, {"b", run}})
	for _, want := range []string{"task 1 of 4 has no name", `"a" has no Run`, `two tasks have the name "b"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestPostInitError(t *testing.T) {
	var path, kind string
	var body map[string]any
	status := http.StatusAccepted
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, kind = r.Method+" "+r.URL.Path, r.Header.Get("Lambda-Runtime-Function-Error-Type")
		b, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(b, &body); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		w.WriteHeader(status)
	}))
	defer api.Close()
	addr := strings.TrimPrefix(api.URL, "http://")

	captureLog(t)
	var err error
	func() {
		defer contain(t.Context(), &err)
		panic("boom")
	}()
	for _, c := range []struct {
		err   error
		kind  string
		stack bool
	}{
		{errors.New("plain"), "Runtime.InitError", false},
		{errors.Join(errors.New("typed"), &refusal{1}), "Refused", false},
		{err, "Runtime.Panic", true},
	} {
		if err := postInitError(addr, initFailure{"Runtime.InitError", c.err}); err != nil {
			t.Fatal(err)
		}
		stack, ok := body["stackTrace"].([]any)
		if path != "POST /2018-06-01/runtime/init/error" || kind != c.kind || body["errorType"] != c.kind || body["errorMessage"] != c.err.Error() || !ok || len(stack) > 0 != c.stack {
			t.Errorf("%s, %s, %v", path, kind, body)
		}
	}
	status = http.StatusForbidden
	if err := postInitError(addr, initFailure{"Runtime.InitError", errors.New("x")}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a refused post: %v", err)
	}
}
