// Package loop is a small runtime: it asks the Runtime API for invocations and
// calls a Go function with each, as aws-lambda-go does, but in a process that
// has others and that goes on when the loop ends.
package loop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// Loop is a loop that runs.
type Loop struct {
	h      func(context.Context, []byte) ([]byte, error)
	ctx    context.Context
	cancel context.CancelCauseFunc
	client *http.Client
	base   string
	warm   sync.Once
}

var errStopped = errors.New("stopped")

// Start starts a loop that takes up to concurrency invocations at a time from
// the API at a host and port.
func Start(api string, concurrency int, h func(context.Context, []byte) ([]byte, error)) *Loop {
	ctx, cancel := context.WithCancelCause(context.Background())
	l := &Loop{
		h: h, ctx: ctx, cancel: cancel, base: "http://" + api + "/2018-06-01/runtime/",
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}},
	}
	for range concurrency {
		go l.poll()
	}
	return l
}

// Wait returns when the loop has ended, with what ended it: nil for Stop. A
// call that ignores its context may still be under way; its answer counts for
// nothing.
func (l *Loop) Wait() error {
	<-l.ctx.Done()
	l.client.CloseIdleConnections()
	if err := context.Cause(l.ctx); err != errStopped {
		return err
	}
	return nil
}

// Stop ends the loop and cancels the context of the calls under way.
func (l *Loop) Stop() { l.cancel(errStopped) }

func (l *Loop) poll() {
	for l.ctx.Err() == nil {
		if err := l.one(); err != nil {
			l.cancel(err)
		}
	}
}

// one takes one invocation. An error ends the loop.
func (l *Loop) one() error {
	req, err := http.NewRequestWithContext(l.ctx, http.MethodGet, l.base+"invocation/next", nil)
	if err != nil {
		return err
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return err
	}
	payload, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("next: status %d", resp.StatusCode)
	}
	out, failed, panicked := l.call(resp.Header, payload)
	kind, contentType := "/response", "application/octet-stream"
	if failed != nil {
		kind, contentType, out = "/error", "application/json", failed
	}
	if err := l.post("invocation/"+resp.Header.Get("Lambda-Runtime-Aws-Request-Id")+kind, contentType, out); err != nil {
		return err
	}
	return panicked
}

func (l *Loop) post(path, contentType string, body []byte) error {
	req, err := http.NewRequestWithContext(l.ctx, http.MethodPost, l.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := l.client.Do(req)
	if err != nil {
		return err
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("%s: status %d", path, resp.StatusCode)
	}
	return nil
}

// call calls the function with the context that it would have on the service.
func (l *Loop) call(h http.Header, payload []byte) (out, failed []byte, panicked error) {
	now := time.Now()
	ms, _ := strconv.ParseInt(h.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
	deadline := time.UnixMilli(ms)
	ctx, cancel := context.WithDeadline(l.ctx, deadline)
	defer cancel()
	lc := lambdacontext.LambdaContext{
		AwsRequestID:       h.Get("Lambda-Runtime-Aws-Request-Id"),
		InvokedFunctionArn: h.Get("Lambda-Runtime-Invoked-Function-Arn"),
		TenantID:           h.Get("Lambda-Runtime-Aws-Tenant-Id"),
	}
	// Both are for the caller of Invoke to get right; a wrong one is empty here.
	json.Unmarshal([]byte(h.Get("Lambda-Runtime-Client-Context")), &lc.ClientContext)
	json.Unmarshal([]byte(h.Get("Lambda-Runtime-Cognito-Identity")), &lc.Identity)
	ctx = lambdacontext.NewContext(ctx, &lc)
	first := false
	l.warm.Do(func() { first = true })
	ctx = invocation.NewContext(ctx, invocation.Value{
		RequestID: lc.AwsRequestID, FunctionARN: lc.InvokedFunctionArn, TraceID: h.Get("Lambda-Runtime-Trace-Id"), TenantID: lc.TenantID,
		Deadline: deadline, Start: now.Round(0), ColdStart: first,
	})
	defer func() {
		if v := recover(); v != nil {
			panicked = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			failed = errorJSON(typeName(v), fmt.Sprint(v))
		}
	}()
	out, err := l.h(ctx, payload)
	if err != nil {
		name := typeName(err)
		var typed interface{ ErrorType() string }
		if errors.As(err, &typed) {
			name = typed.ErrorType()
		}
		return nil, errorJSON(name, err.Error()), nil
	}
	return out, nil, nil
}

func errorJSON(errorType, message string) []byte {
	b, _ := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{errorType, message})
	return b
}

// typeName is what aws-lambda-go reports: the name of the concrete type.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
