package runtimeapi_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
	"github.com/lambdatune/lambdatune/internal/invocation"
)

type stockError struct{}

func (stockError) Error() string     { return "sold out" }
func (stockError) ErrorType() string { return "SoldOut" }

func TestInProcess(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	f, err := runtimeapi.Start(runtimeapi.InProcess(func(ctx context.Context, payload []byte) ([]byte, error) {
		switch string(payload) {
		case "fail":
			return nil, stockError{}
		case "panic":
			panic(errors.New("out of tea"))
		case "hang":
			<-over // whatever the context says
			return nil, nil
		}
		lc, _ := lambdacontext.FromContext(ctx)
		v := invocation.From(ctx)
		if v.RequestID != lc.AwsRequestID || v.FunctionARN != lc.InvokedFunctionArn || time.Until(v.Deadline) < 0 {
			t.Errorf("%+v beside %+v", v, lc)
		}
		if v.ColdStart {
			return []byte("cold " + string(payload)), nil
		}
		return []byte("warm " + string(payload)), nil
	}), runtimeapi.Config{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		payload, want, errorType string
	}{
		{"a", "cold a", ""},
		{"b", "warm b", ""},
		{"fail", "sold out", "SoldOut"},
		{"c", "warm c", ""},
		{"panic", "out of tea", "errorString"},
		{"d", "cold d", ""},
		{"hang", "Task timed out after 0.30 seconds", "Sandbox.Timedout"},
		{"e", "cold e", ""},
	} {
		timeout := time.Minute
		if c.payload == "hang" {
			timeout = 300 * time.Millisecond
		}
		res := invokeFor(t, f, timeout, c.payload)
		if !strings.Contains(string(res.Payload), c.want) || res.ErrorType != c.errorType {
			t.Errorf("%s: %s %s, want %s %s", c.payload, res.ErrorType, res.Payload, c.errorType, c.want)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct {
		config runtimeapi.Config
		want   string
	}{
		{runtimeapi.Config{Name: "a b"}, "1 to 64 letters"},
		{runtimeapi.Config{MemorySize: 64}, "128 to 10240"},
		{runtimeapi.Config{Timeout: time.Hour}, "at most 15m0s"},
		{runtimeapi.Config{Timeout: -1}, "more than 0"},
		{runtimeapi.Config{InitTimeout: -1}, "more than 0"},
		{runtimeapi.Config{Concurrency: -1}, "1 to 1000"},
		{runtimeapi.Config{MaxConcurrency: 2000}, "1 to 1600"},
		{runtimeapi.Config{IdleTimeout: -1}, "0 (never) or more"},
	} {
		if _, err := runtimeapi.Start(command("greet"), c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.config, err, c.want)
		}
	}
	if _, err := runtimeapi.Start(nil, runtimeapi.Config{}); err == nil {
		t.Error("no error without a program")
	}
}
