package runtimeapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// The functions under test are on bare aws-lambda-go. They are this very test
// binary, started with FUNCTION set.
func TestMain(m *testing.M) {
	if name := os.Getenv("FUNCTION"); name != "" {
		f, ok := functions[name]
		if !ok {
			fmt.Println("no such function:", name)
			os.Exit(3)
		}
		f()
		return
	}
	os.Exit(m.Run())
}

type event struct {
	Name  string
	Sleep int // ms
	Exit  bool
	Panic bool
	Fail  string
	Bytes int
	Log   string
}

type answer struct {
	Greeting string
	PID      int
	Count    int
}

var count int

func greet(ctx context.Context, e event) (answer, error) {
	count++
	if e.Log != "" {
		fmt.Println(e.Log)
	}
	time.Sleep(time.Duration(e.Sleep) * time.Millisecond)
	switch {
	case e.Exit:
		os.Exit(7)
	case e.Panic:
		panic("out of tea")
	case e.Fail != "":
		return answer{}, errors.New(e.Fail)
	case e.Bytes > 0:
		return answer{Greeting: strings.Repeat("x", e.Bytes)}, nil
	}
	return answer{Greeting: "hello " + e.Name, PID: os.Getpid(), Count: count}, nil
}

type brokenReader struct{ r io.Reader }

type tooLateError struct{}

func (*tooLateError) Error() string { return "it broke on the way" }

func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.EOF {
		err = &tooLateError{}
	}
	return n, err
}

var functions = map[string]func(){
	"greet": func() { lambda.Start(greet) },
	"typed": func() {
		lambda.StartHandlerFunc(func(ctx context.Context, e event) (answer, error) { return greet(ctx, e) })
	},
	"context": func() {
		lambda.Start(func(ctx context.Context) (any, error) {
			lc, _ := lambdacontext.FromContext(ctx)
			deadline, _ := ctx.Deadline()
			wd, _ := os.Getwd()
			return map[string]any{
				"lc": lc, "left": time.Until(deadline).Milliseconds(), "trace": ctx.Value("x-amzn-trace-id"),
				"env": os.Environ(), "dir": wd,
			}, nil
		})
	},
	"bytes": func() {
		lambda.Start(func(_ context.Context, e event) (io.Reader, error) {
			return strings.NewReader("raw " + e.Name), nil
		})
	},
	"stream": func() {
		lambda.Start(func(ctx context.Context, e event) (io.Reader, error) {
			r, w := io.Pipe()
			go func() {
				for i := range 3 {
					fmt.Fprintf(w, "part %d\n", i)
					time.Sleep(20 * time.Millisecond)
				}
				w.Close()
			}()
			return r, nil
		})
	},
	"broken": func() {
		lambda.Start(func(ctx context.Context) (io.Reader, error) {
			return brokenReader{strings.NewReader("half of it")}, nil
		})
	},
	"sigterm": func() {
		lambda.StartWithOptions(greet, lambda.WithEnableSIGTERM(func() {
			fmt.Println("got SIGTERM")
			os.Exit(0)
		}))
	},
	"stubborn": func() {
		lambda.StartWithOptions(greet, lambda.WithEnableSIGTERM(func() { fmt.Println("got SIGTERM, staying") }))
	},
	"ours": func() {
		handler.Start(handler.JSON(greet), handler.OnShutdown(func(context.Context) { fmt.Println("got SIGTERM") }))
	},
	"quits": func() { // after an invocation, while it waits for the next
		lambda.Start(func(ctx context.Context, e event) (answer, error) {
			time.AfterFunc(20*time.Millisecond, func() { os.Exit(0) })
			return greet(ctx, e)
		})
	},
	"misbehave": misbehave,
	"noop":      func() { lambda.Start(func() {}) },
	"never":     func() { time.Sleep(time.Hour) },
	"exits":     func() { fmt.Println("no configuration"); os.Exit(4) },
	"slowinit": func() {
		time.Sleep(400 * time.Millisecond)
		lambda.Start(greet)
	},
	"initerror": func() {
		http.Post("http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/init/error", "application/json",
			strings.NewReader(`{"errorType":"Config.Missing","errorMessage":"TABLE is not set"}`))
		os.Exit(1)
	},
	"parent": func() { // starts a child that outlives it, if it may
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "FUNCTION=never")
		c.Stdout = os.Stdout
		if err := c.Start(); err != nil {
			panic(err)
		}
		child := c.Process.Pid
		lambda.Start(func() (answer, error) { return answer{PID: child}, nil })
	},
}

// command is one of the functions above as a program.
func command(name string) runtimeapi.Command {
	return runtimeapi.Command{Path: os.Args[0], Env: append(os.Environ(), "FUNCTION="+name)}
}

// start starts one of the functions above and closes it after the test.
func start(t testing.TB, name string, c runtimeapi.Config) *runtimeapi.Function {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = time.Minute // the machine may be busy
	}
	f, err := runtimeapi.Start(command(name), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func invoke(t testing.TB, f *runtimeapi.Function, payload string) *runtimeapi.Result {
	t.Helper()
	res, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(payload)})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// invokeFor is invoke with a timeout of its own.
func invokeFor(t testing.TB, f *runtimeapi.Function, timeout time.Duration, payload string) *runtimeapi.Result {
	t.Helper()
	res, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(payload), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// alive tells whether a process exists.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}
