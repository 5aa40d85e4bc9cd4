package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is what a command that runs writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// wait waits until what was written matches.
func (o *output) wait(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m
		}
	}
	t.Fatalf("%s\nhas no %s", o, pattern)
	return nil
}

// served runs the command until the test ends, and returns its address.
func served(t *testing.T, args ...string) (addr string, out *output) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out = &output{}
	ended := make(chan int)
	go func() {
		ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), strings.NewReader(""), out, out)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("exit code %d: %s", code, out)
		}
	})
	return out.wait(t, `http://(127\.0\.0\.1:[0-9]+)/`)[1], out
}

func do(t *testing.T, method, url, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func TestServe(t *testing.T) {
	addr, out := served(t, "-front", "http", "-route", "POST /echo/{id}=echo", "-route", "/other/{rest+}=other", echo, "other="+foreign)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/2015-03-31/functions/echo/invocations", `{"n":1}`, 200, `{"n":1}`},
		{"POST", "/2015-03-31/functions/other/invocations", `{"n":1}`, 200, `{"foreign":{"n":1}}`},
		{"POST", "/2015-03-31/functions/nobody/invocations", `{}`, 404, "Function not found"},
		{"POST", "/echo/7?x=y", "hello", 200, `"pathParameters":{"id":"7"}`},
		{"GET", "/other/a/b", "", 200, `"foreign":{`},
		{"GET", "/echo/7", "", 404, `{"message":"Not Found"}`},
		{"GET", "/nowhere", "", 404, `{"message":"Not Found"}`},
	} {
		status, answer := do(t, c.method, "http://"+addr+c.path, c.body)
		if status != c.status || !strings.Contains(answer, c.want) {
			t.Errorf("%s %s: %d %s, want %d with %s", c.method, c.path, status, answer, c.status, c.want)
		}
	}
	out.wait(t, `echo REPORT RequestId: .*Init Duration: `)
	out.wait(t, `POST /echo/7\?x=y -> 200 \(`)
}

func TestServeWithoutFront(t *testing.T) {
	addr, _ := served(t, binaries.echo)
	if status, answer := do(t, "POST", "http://"+addr+"/2015-03-31/functions/function/invocations", `[1]`); status != 200 || answer != "[1]" {
		t.Errorf("by the name function: %d %s", status, answer)
	}
	if status, answer := do(t, "GET", "http://"+addr+"/", ""); status != 404 || !strings.Contains(answer, "-front") {
		t.Errorf("%d %s", status, answer)
	}
}

// TestRebuild changes a function under way: into a better one, into one that
// does not compile, and back.
func TestRebuild(t *testing.T) {
	dir := t.TempDir()
	source, err := os.ReadFile(filepath.Join(foreign, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/changing\n\ngo 1.26\n")
	write("main.go", string(source))
	addr, out := served(t, "changing="+dir)
	invoke := func() string {
		_, answer := do(t, "POST", "http://"+addr+"/2015-03-31/functions/changing/invocations", `1`)
		return answer
	}
	if got := invoke(); got != `{"foreign":1}` {
		t.Fatal(got)
	}
	// The source is listed by the go command before it is watched.
	version := 0
	change := func(text, shown string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
			version++
			write("main.go", text+"\n// "+strings.Repeat("x", version)+"\n")
			for range 100 {
				if strings.Contains(out.String(), shown) {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
		t.Fatalf("%s\nhas no %s", out, shown)
	}
	change(string(source)+"var _ = `", "the old build goes on")
	if got := invoke(); got != `{"foreign":1}` {
		t.Errorf("%s with a broken source", got)
	}
	change(strings.ReplaceAll(string(source), `{"foreign":`, `{"better":`), "changing: rebuilt in ")
	for end := time.Now().Add(10 * time.Second); invoke() != `{"better":1}`; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the new build is not served\n%s", out)
		}
	}
}

// TestListen starts the function by hand, as a debugger would.
func TestListen(t *testing.T) {
	addr, out := served(t, "-listen", "127.0.0.1:0", foreign)
	api := out.wait(t, `export AWS_LAMBDA_RUNTIME_API='(127\.0\.0\.1:[0-9]+)'`)[1]
	out.wait(t, `export AWS_LAMBDA_FUNCTION_NAME='foreign'`)
	answer := make(chan string)
	go func() {
		_, a := do(t, "POST", "http://"+addr+"/2015-03-31/functions/foreign/invocations", `{"n":1}`)
		answer <- a
	}()
	next, err := http.Get("http://" + api + "/2018-06-01/runtime/invocation/next")
	if err != nil {
		t.Fatal(err)
	}
	next.Body.Close()
	id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
	if status, text := do(t, "POST", "http://"+api+"/2018-06-01/runtime/invocation/"+id+"/response", `"by hand"`); status != 202 {
		t.Fatal(status, text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+api+"/2018-06-01/runtime/invocation/next", nil)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	if got := <-answer; got != `"by hand"` {
		t.Error(got)
	}
}

func TestSample(t *testing.T) {
	code, out, errs := local(t, "", "-sample", "sqs")
	if code != 0 || !strings.Contains(out, `"eventSource": "aws:sqs"`) {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	// A sample can be played as it is.
	if code, out, errs = local(t, out, "-event", "-", binaries.echo); code != 0 {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
}
