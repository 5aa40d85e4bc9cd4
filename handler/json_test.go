package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

type event struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

type answer struct {
	Text string `json:"text"`
}

func greet(_ context.Context, e event) (answer, error) {
	return answer{Text: "hello " + e.Name}, nil
}

func TestJSON(t *testing.T) {
	got, err := JSON(greet).Invoke(t.Context(), []byte(`{"name":"<b>&"}`))
	if err != nil || string(got) != `{"text":"hello <b>&"}` {
		t.Errorf("Invoke = %s, %v", got, err)
	}
	called := false
	f := func(context.Context, event) (any, error) { called = true; return nil, nil }
	for _, text := range []string{"", "null", "[]", `{"n":"1"}`, `{"n":1} x`, `{"n":1`} {
		out, err := JSON(f).Invoke(t.Context(), []byte(text))
		var e *DecodeError
		if out != nil || !errors.As(err, &e) {
			t.Errorf("%q: %s, %v, want a DecodeError", text, out, err)
		}
	}
	if _, err := JSON(f, DisallowUnknownFields()).Invoke(t.Context(), []byte(`{"m":1}`)); err == nil || !strings.Contains(err.Error(), `"m" at offset 5`) {
		t.Errorf("an unknown member: %v", err)
	}
	if called {
		t.Error("logic ran on a bad event")
	}
}

type closer struct {
	io.Reader
	closed *bool
}

func (c closer) Close() error { *c.closed = true; return nil }

type listReader struct {
	List []int `json:"list"`
}

func (listReader) Read([]byte) (int, error) { return 0, errors.New("not to be read") }

// What can be returned, each as lambda.NewHandler answers it.
func TestJSONOutLikeAWS(t *testing.T) {
	closed := false
	for _, out := range []any{
		nil, "text", 1.5, true, []byte("bytes"), json.RawMessage(`{"raw": [1, 2]}`), map[string]any{"b": 1, "a": "<>"}, []int(nil), struct{}{}, &answer{"a"}, (*answer)(nil),
		bytes.NewBufferString("from a buffer"), strings.NewReader("from a reader"), closer{strings.NewReader("closed"), &closed}, listReader{[]int{1}},
		make(chan int), json.RawMessage(`{`), strings.Repeat("long", 50000),
	} {
		f := func(context.Context, event) (any, error) { return out, nil }
		if c, ok := out.(io.Seeker); ok {
			c.Seek(0, io.SeekStart) //nolint:errcheck // a strings.Reader
		}
		got, gotErr := JSON(f).Invoke(t.Context(), []byte(`{}`))
		switch r := out.(type) {
		case *bytes.Buffer:
			r.WriteString("from a buffer")
		case io.Seeker:
			r.Seek(0, io.SeekStart) //nolint:errcheck // a strings.Reader
		case closer:
			r.Reader.(io.Seeker).Seek(0, io.SeekStart) //nolint:errcheck // a strings.Reader
			if !closed {
				t.Error("a reader was not closed")
			}
		}
		want, wantErr := lambda.NewHandler(f).Invoke(t.Context(), []byte(`{}`))
		if string(got) != string(want) || (gotErr == nil) != (wantErr == nil) {
			t.Errorf("%T: %.100s, %v; aws-lambda-go: %.100s, %v", out, got, gotErr, want, wantErr)
		}
	}
	typed := func(context.Context, event) (io.Reader, error) { return strings.NewReader("typed"), nil }
	if got, err := JSON(typed).Invoke(t.Context(), []byte(`{}`)); string(got) != "typed" || err != nil {
		t.Errorf("an Out of io.Reader: %s, %v", got, err)
	}
}

// A response is the caller's: the next one must not change it.
func TestJSONResponsesAreSeparate(t *testing.T) {
	inv := JSON(greet)
	first, _ := inv.Invoke(t.Context(), []byte(`{"name":"first"}`))
	second, _ := inv.Invoke(t.Context(), []byte(`{"name":"other"}`))
	if string(first) != `{"text":"hello first"}` || string(second) != `{"text":"hello other"}` {
		t.Errorf("%s, %s", first, second)
	}
	_ = append(first, "more"...)
}

type refusal struct{ code int }

func (r *refusal) Error() string     { return fmt.Sprint("refused ", r.code) }
func (r *refusal) ErrorType() string { return "Refused" }

func TestJSONErrors(t *testing.T) {
	f := func(_ context.Context, e event) (answer, error) {
		return answer{"half"}, fmt.Errorf("wrapped: %w", &refusal{e.N})
	}
	out, err := JSON(f).Invoke(t.Context(), []byte(`{"n":7}`))
	var r *refusal
	if out != nil || !errors.As(err, &r) || r.code != 7 {
		t.Errorf("Invoke = %s, %v", out, err)
	}
}

type panicOnMarshal struct{}

func (panicOnMarshal) MarshalJSON() ([]byte, error) { panic("marshal") }

type panicOnUnmarshal struct{}

func (*panicOnUnmarshal) UnmarshalJSON([]byte) error { panic("unmarshal") }

func TestJSONPanics(t *testing.T) {
	logs := captureLog(t)
	cause := errors.New("cause")
	for name, inv := range map[string]Invoker{
		"value":     JSON(func(context.Context, event) (answer, error) { panic("value") }),
		"error":     JSON(func(context.Context, event) (answer, error) { panic(cause) }),
		"runtime":   JSON(func(_ context.Context, e event) (int, error) { return 1 / e.N, nil }),
		"marshal":   JSON(func(context.Context, event) (panicOnMarshal, error) { return panicOnMarshal{}, nil }),
		"unmarshal": JSON(func(context.Context, panicOnUnmarshal) (answer, error) { return answer{}, nil }),
	} {
		logs.Reset()
		out, err := inv.Invoke(t.Context(), []byte(`{}`))
		var p *PanicError
		if out != nil || !errors.As(err, &p) || p.ErrorType() != "Runtime.Panic" {
			t.Errorf("%s: %s, %v", name, out, err)
			continue
		}
		if !strings.Contains(string(p.Stack), "json_test.go") || len(p.frames()) == 0 {
			t.Errorf("%s: no stack: %s", name, p.Stack)
		}
		if strings.Count(logs.String(), "panic contained") != 1 || !strings.Contains(logs.String(), "json_test.go") {
			t.Errorf("%s: the log has %q", name, logs)
		}
		if name == "error" && !errors.Is(err, cause) {
			t.Errorf("%s: %v does not unwrap", name, err)
		}
		// The first frame is where it happened.
		if f := p.frames()[0]; name == "value" && !strings.Contains(f.Label, "TestJSONPanics") {
			t.Errorf("%s: the first frame is %+v", name, f)
		}
		// And the Invoker goes on working.
		if out, err := JSON(greet).Invoke(t.Context(), []byte(`{"name":"again"}`)); err != nil || string(out) != `{"text":"hello again"}` {
			t.Errorf("%s: afterwards %s, %v", name, out, err)
		}
	}
}

func TestJSONDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := time.Now().Add(20 * time.Second)
		parent, cancel := context.WithDeadline(t.Context(), platform)
		defer cancel()
		var seen, afterwards time.Duration
		var kept context.Context
		logic := func(ctx context.Context, _ event) (answer, error) {
			d, _ := ctx.Deadline()
			seen, kept = platform.Sub(d), ctx
			if v := invocation.From(ctx); v == nil || v.RequestID != "r" {
				t.Errorf("logic's invocation = %+v", v)
			}
			return answer{}, nil
		}
		mw := func(next InvokeFunc) InvokeFunc {
			return func(ctx context.Context, b []byte) ([]byte, error) {
				d, _ := ctx.Deadline()
				afterwards = platform.Sub(d)
				return next(ctx, b)
			}
		}
		ctx := invocation.NewContext(parent, invocation.Value{RequestID: "r", Deadline: platform, Start: time.Now()})
		for _, c := range []struct {
			opts []Option
			want time.Duration
		}{
			{nil, time.Second},
			{[]Option{DeadlineReserve(3 * time.Second)}, 3 * time.Second},
			{[]Option{DeadlineReserve(0)}, 0},
		} {
			if _, err := Use(JSON(logic, c.opts...), mw).Invoke(ctx, []byte(`{}`)); err != nil {
				t.Fatal(err)
			}
			if seen != c.want || afterwards != 0 {
				t.Errorf("logic ends %v early, want %v; middleware %v early", seen, c.want, afterwards)
			}
			if c.want > 0 && kept.Err() != context.Canceled {
				t.Errorf("logic's context after it returned: %v", kept.Err())
			}
		}
	})
}

func TestConfigErrors(t *testing.T) {
	for name, c := range map[string]struct {
		inv  Invoker
		want string
	}{
		"nil function":     {JSON[event, answer](nil), "JSON needs a function"},
		"negative reserve": {JSON(greet, DeadlineReserve(-1)), "option DeadlineReserve of JSON: -1ns is out of range"},
		"wrong place":      {JSON(greet, ExitOnPanic(), GatewayTimeout(1)), "ExitOnPanic is not an option of JSON"},
		"through Use":      {Use(JSON(greet, OnShutdown(nil))), "OnShutdown is not an option of JSON"},
		"nil Invoker":      {Use(nil), "Use needs an Invoker"},
		"nil middleware":   {Use(JSON(greet), nil), "Use needs middleware"},
		"another package":  {Use(foreignInvoker{}), "foreign and wrong"},
	} {
		if err := configErrorOf(c.inv); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: config error %v, want %q", name, err, c.want)
		}
		if out, err := c.inv.Invoke(t.Context(), []byte(`{}`)); out != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Invoke = %s, %v, want %q", name, out, err, c.want)
		}
	}
	if err := configErrorOf(Use(JSON(greet, Option{}))); err != nil {
		t.Errorf("a good Invoker has the config error %v", err)
	}
	if _, err := newOptions(onStart, []Option{OnShutdown(nil)}); err == nil {
		t.Error("a nil hook is accepted")
	}
}

func TestJSONAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under -race")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	inv, payload := JSON(greet), []byte(`{"name":"world","n":42}`)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := inv.Invoke(ctx, payload); err != nil {
			t.Error(err)
		}
	}); n > 6 {
		t.Errorf("%v allocations per invocation, want 6 at most", n)
	}
}

func TestUse(t *testing.T) {
	var order []string
	mw := func(name string) func(InvokeFunc) InvokeFunc {
		return func(next InvokeFunc) InvokeFunc {
			return func(ctx context.Context, b []byte) ([]byte, error) {
				order = append(order, name)
				out, err := next(ctx, b)
				order = append(order, "/"+name)
				return append(out, name...), err
			}
		}
	}
	out, err := Use(JSON(greet), mw("a"), mw("b")).Invoke(t.Context(), []byte(`{"name":"x"}`))
	if err != nil || string(out) != `{"text":"hello x"}ba` || strings.Join(order, " ") != "a b /b /a" {
		t.Errorf("Invoke = %s, %v; order %v", out, err, order)
	}
	if out, err := Use(JSON(greet)).Invoke(t.Context(), []byte(`{"name":"x"}`)); err != nil || string(out) != `{"text":"hello x"}` {
		t.Errorf("without middleware: %s, %v", out, err)
	}
}

// A foreignInvoker is one of another package, wrongly configured.
type foreignInvoker struct{}

func (foreignInvoker) ConfigError() error { return errors.New("foreign and wrong") }

func (f foreignInvoker) Invoke(context.Context, []byte) ([]byte, error) { return nil, f.ConfigError() }
