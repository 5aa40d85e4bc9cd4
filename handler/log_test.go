package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// A syncBuffer can be logged to from goroutines.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *syncBuffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Reset()
}

// captureLog sends what this package logs to a buffer for the rest of the test,
// as in a program that does not call LogHandler.
func captureLog(t *testing.T) *syncBuffer {
	b, before := new(syncBuffer), log.Writer()
	log.SetOutput(b)
	w := logLineWriter.Swap(nil)
	t.Cleanup(func() {
		log.SetOutput(before)
		logLineWriter.Store(w)
	})
	return b
}

func TestLogHandlerConforms(t *testing.T) {
	var buf bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		buf.Reset()
		return LogHandler(slog.NewJSONHandler(&buf, nil))
	}, func(t *testing.T) map[string]any {
		return parseLine(t, buf.Bytes())
	})
}

func parseLine(t *testing.T, line []byte) map[string]any {
	var m map[string]any
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return m
}

func TestLogHandlerTopLevel(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
	var buf bytes.Buffer
	logger := slog.New(LogHandler(slog.NewJSONHandler(&buf, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})))
	ctx := invocation.NewContext(t.Context(), invocation.Value{RequestID: "r-1", ColdStart: true})
	tenant := invocation.NewContext(t.Context(), invocation.Value{RequestID: "r-2", TenantID: "blue"})
	aws := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-3"})
	for _, c := range []struct {
		log  func()
		want string
	}{
		{func() { logger.InfoContext(ctx, "m", "a", 1) }, `{"level":"INFO","msg":"m","requestId":"r-1","functionName":"orders","coldStart":true,"a":1}`},
		{func() { logger.InfoContext(tenant, "m") }, `{"level":"INFO","msg":"m","requestId":"r-2","functionName":"orders","coldStart":false,"tenantId":"blue"}`},
		{func() { logger.InfoContext(aws, "m") }, `{"level":"INFO","msg":"m","requestId":"r-3","functionName":"orders"}`},
		{func() { logger.Info("m") }, `{"level":"INFO","msg":"m","functionName":"orders"}`},
		{func() { logger.WithGroup("g").InfoContext(ctx, "m", "a", 1) }, `{"level":"INFO","msg":"m","requestId":"r-1","functionName":"orders","coldStart":true,"g":{"a":1}}`},
		{func() {
			logger.With("top", 0).WithGroup("g").With("a", 1).WithGroup("h").With("b", 2).InfoContext(ctx, "m", "c", 3)
		}, `{"level":"INFO","msg":"m","top":0,"requestId":"r-1","functionName":"orders","coldStart":true,"g":{"a":1,"h":{"b":2,"c":3}}}`},
		{func() { logger.WithGroup("g").With("a", 1).WithGroup("h").InfoContext(ctx, "m") }, `{"level":"INFO","msg":"m","requestId":"r-1","functionName":"orders","coldStart":true,"g":{"a":1}}`},
		{func() { logger.WithGroup("g").InfoContext(ctx, "m") }, `{"level":"INFO","msg":"m","requestId":"r-1","functionName":"orders","coldStart":true}`},
	} {
		buf.Reset()
		c.log()
		if got := strings.TrimSpace(buf.String()); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// Loggers derived from one must not share what they add.
func TestLogHandlerDerivedAreSeparate(t *testing.T) {
	var buf bytes.Buffer
	base := slog.New(LogHandler(slog.NewJSONHandler(&buf, nil))).WithGroup("g").With("a", 1)
	one, two := base.With("one", 1), base.With("two", 2)
	inner1, inner2 := base.WithGroup("h1"), base.WithGroup("h2")
	for logger, want := range map[*slog.Logger]map[string]any{
		one: {"a": 1.0, "one": 1.0}, two: {"a": 1.0, "two": 2.0}, base: {"a": 1.0},
		inner1: {"a": 1.0, "h1": map[string]any{"x": true}}, inner2: {"a": 1.0, "h2": map[string]any{"x": true}},
	} {
		buf.Reset()
		if logger == inner1 || logger == inner2 {
			logger.Info("m", "x", true)
		} else {
			logger.Info("m")
		}
		if got := parseLine(t, buf.Bytes())["g"]; !reflect.DeepEqual(got, want) {
			t.Errorf("group = %v, want %v", got, want)
		}
	}
}

func TestLambdaHandler(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	logged := func(format, level string, log func(*slog.Logger)) string {
		if err := file.Truncate(0); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		log(slog.New(LogHandler(lambdaHandler(file, format, level))))
		b, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	line := parseLine(t, []byte(logged("JSON", "", func(l *slog.Logger) { l.Info("hello", "time", "kept", slog.Group("g", "msg", "kept")) })))
	if line["message"] != "hello" || line["timestamp"] == nil || line["level"] != "INFO" || !reflect.DeepEqual(line["g"], map[string]any{"msg": "kept"}) {
		t.Errorf("JSON: %v", line)
	}
	if s := logged("Text", "", func(l *slog.Logger) { l.Info("hello") }); !strings.Contains(s, "level=INFO message=hello") {
		t.Errorf("text: %s", s)
	}
	for level, want := range map[string]string{
		"TRACE": "TRACE DEBUG INFO WARN ERROR FATAL", "DEBUG": "DEBUG INFO WARN ERROR FATAL", "INFO": "INFO WARN ERROR FATAL", "": "INFO WARN ERROR FATAL",
		"WARN": "WARN ERROR FATAL", "ERROR": "ERROR FATAL", "FATAL": "FATAL",
	} {
		var got []string
		for text := range strings.Lines(logged("JSON", level, func(l *slog.Logger) {
			for _, at := range []slog.Level{levelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, levelFatal} {
				l.Log(context.Background(), at, "m")
			}
		})) {
			got = append(got, parseLine(t, []byte(text))["level"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("AWS_LAMBDA_LOG_LEVEL=%s logs %v, want %s", level, got, want)
		}
	}
}

func TestOwnLines(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
	logs := captureLog(t)
	ctx := invocation.NewContext(t.Context(), invocation.Value{RequestID: "r-9", TenantID: "blue"})
	panicking := JSON(func(context.Context, event) (answer, error) { panic("x") })
	report := &initReport{took: 1500 * time.Microsecond, tasks: []time.Duration{time.Millisecond, -1}, failure: initFailure{"", errors.New("late")}}
	write := func() (panicked, init map[string]any) {
		logs.Reset()
		panicking.Invoke(ctx, []byte(`{}`)) //nolint:errcheck // the log is what counts
		report.log([]Task{{Name: "a"}, {Name: "b"}})
		lines := strings.Split(logs.String(), "\n")
		if len(lines) != 3 {
			t.Fatalf("the log has %q", lines)
		}
		return parseLine(t, []byte(lines[0])), parseLine(t, []byte(lines[1]))
	}
	check := func(how string) {
		p, i := write()
		stack, _ := p["stack"].(string)
		for key, want := range map[string]any{"level": "ERROR", "message": "panic contained", "requestId": "r-9", "functionName": "orders", "coldStart": false, "tenantId": "blue", "error": "panic: x"} {
			if p[key] != want {
				t.Errorf("%s: a panic's %s = %v, want %v", how, key, p[key], want)
			}
		}
		if !strings.Contains(stack, "log_test.go") || p["timestamp"] == nil {
			t.Errorf("%s: a panic's line is %v", how, p)
		}
		delete(i, "timestamp")
		if want := map[string]any{"level": "ERROR", "message": "init", "functionName": "orders", "durationMs": 1.5, "tasksMs": map[string]any{"a": 1.0}, "error": "late", "unfinished": []any{"b"}}; !reflect.DeepEqual(i, want) {
			t.Errorf("%s: INIT's line is %v, want %v", how, i, want)
		}
	}
	check("package log")
	before := slog.Default()
	defer slog.SetDefault(before)
	options := &slog.HandlerOptions{ReplaceAttr: lambdaAttr}
	slog.SetDefault(slog.New(LogHandler(slog.NewJSONHandler(logs, options))))
	check("LogHandler as slog's default")
	slog.SetDefault(slog.New(slog.NewJSONHandler(logs, options)))
	check("LogHandler beside slog's default")
	// Without LogHandler the line still goes where package log goes, which is
	// slog's default once that is set.
	logLineWriter.Store(nil)
	if p, _ := write(); !strings.Contains(p["message"].(string), `"panic contained"`) {
		t.Errorf("through slog's default: %v", p)
	}
}
