package runtimeapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// rawRuntime is a runtime made by hand: what it may and may not do.
type rawRuntime struct{ base, extensions string }

func newRawRuntime() rawRuntime {
	host := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API")
	return rawRuntime{host + "/2018-06-01/runtime/", host + "/2020-01-01/extension/"}
}

// call returns the status and the error type or the body.
func call(method, url, body string, header ...string) (string, http.Header) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Timeout: 20 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return err.Error(), nil
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	var e struct{ ErrorType string }
	if json.Unmarshal(b, &e) == nil && e.ErrorType != "" {
		return fmt.Sprint(resp.StatusCode, " ", e.ErrorType), resp.Header
	}
	return fmt.Sprint(resp.StatusCode, " ", string(bytes.TrimSpace(b))), resp.Header
}

// misbehave does what the API refuses, and answers with how.
func misbehave() {
	r := newRawRuntime()
	seen := map[string]string{}
	try := func(name, method, url, body string, header ...string) http.Header {
		var h http.Header
		seen[name], h = call(method, url, body, header...)
		return h
	}
	try("an extension without a name", "POST", r.extensions+"register", `{}`)
	try("an extension for SHUTDOWN", "POST", r.extensions+"register", `{"events":["SHUTDOWN"]}`, "Lambda-Extension-Name", "mine")
	try("an extension for nonsense", "POST", r.extensions+"register", `{"events":["NAP"]}`, "Lambda-Extension-Name", "mine")
	h := try("an extension", "POST", r.extensions+"register", `{"events":["INVOKE"]}`, "Lambda-Extension-Name", "mine")
	id := h.Get("Lambda-Extension-Identifier")
	try("its name again", "POST", r.extensions+"register", `{}`, "Lambda-Extension-Name", "mine")
	try("an unknown extension", "GET", r.extensions+"event/next", "", "Lambda-Extension-Identifier", "nobody")
	event := make(chan string, 1)
	go func() {
		e, _ := call("GET", r.extensions+"event/next", "", "Lambda-Extension-Identifier", id)
		event <- e
	}()
	h = try("next", "GET", r.base+"invocation/next", "")
	invocation := r.base + "invocation/" + h.Get("Lambda-Runtime-Aws-Request-Id")
	seen["the extension's event"] = <-event
	try("next before an answer", "GET", r.base+"invocation/next", "")
	try("an unknown invocation", "POST", r.base+"invocation/nobody/response", "1")
	try("an extension after INIT", "POST", r.extensions+"register", `{}`, "Lambda-Extension-Name", "late")
	try("init error after INIT", "POST", r.base+"init/error", `{"errorType":"Late"}`)
	try("a wrong method", "GET", invocation+"/response", "")
	try("no such path", "GET", r.base+"nothing", "")
	answer, _ := json.Marshal(seen)
	call("POST", invocation+"/response", string(answer))
	again, _ := call("POST", invocation+"/response", "2")
	fmt.Println("a second answer:", again)
	_, h = call("GET", r.base+"invocation/next", "")
	// An error without a body: the header tells its type.
	call("POST", r.base+"invocation/"+h.Get("Lambda-Runtime-Aws-Request-Id")+"/error", "", "Lambda-Runtime-Function-Error-Type", "Order.Unknown")
	call("GET", r.base+"invocation/next", "")
}

// TestAPI is what the Runtime and Extensions APIs refuse.
func TestAPI(t *testing.T) {
	f := start(t, "misbehave", runtimeapi.Config{Timeout: 20 * time.Second})
	res := invoke(t, f, `{"n":1}`)
	seen := decode[map[string]string](t, res.Payload)
	for name, want := range map[string]string{
		"an extension without a name": "400 Extension.InvalidExtensionName",
		"an extension for SHUTDOWN":   "403 ShutdownEventNotSupportedForInternalExtension",
		"an extension for nonsense":   "400 Extension.InvalidEventType",
		"an extension":                `200 {"functionName":"function","functionVersion":"$LATEST","handler":"bootstrap"}`,
		"its name again":              "403 Extension.RegistrationError",
		"an unknown extension":        "403 Extension.UnknownExtensionIdentifier",
		"next":                        `200 {"n":1}`,
		"next before an answer":       "403 InvalidStateTransition",
		"an unknown invocation":       "400 InvalidRequestID",
		"an extension after INIT":     "403 Extension.RegistrationError",
		"init error after INIT":       "403 InvalidStateTransition",
		"a wrong method":              "405 Method Not Allowed",
		"no such path":                "404 404 page not found",
	} {
		if seen[name] != want {
			t.Errorf("%s: %s, want %s", name, seen[name], want)
		}
	}
	for _, want := range []string{`"eventType":"INVOKE"`, `"requestId":"` + res.RequestID, `"invokedFunctionArn":"arn:aws:lambda:`, `"deadlineMs":`} {
		if !strings.Contains(seen["the extension's event"], want) {
			t.Errorf("event %s lacks %s", seen["the extension's event"], want)
		}
	}
	if !strings.Contains(string(res.Log), "a second answer: 400 InvalidRequestID") {
		t.Errorf("log %s", res.Log)
	}
	res = invoke(t, f, `{}`)
	if res.ErrorType != "Order.Unknown" || !strings.Contains(string(res.Payload), `"errorType":"Order.Unknown"`) {
		t.Errorf("%s: %s", res.ErrorType, res.Payload)
	}
}

// TestAttach is a function that somebody else starts, and starts again while it
// has an invocation.
func TestAttach(t *testing.T) {
	f, err := runtimeapi.Start(runtimeapi.Attach("127.0.0.1:0"), runtimeapi.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	base := ""
	for _, v := range f.Environ() {
		if api, ok := strings.CutPrefix(v, "AWS_LAMBDA_RUNTIME_API="); ok {
			base = "http://" + api + "/2018-06-01/runtime/invocation/"
		}
	}
	results := make(chan *runtimeapi.Result, 2)
	for _, payload := range []string{`"first"`, `"second"`} {
		go func() {
			for {
				res, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(payload)})
				if err == runtimeapi.ErrThrottled {
					time.Sleep(time.Millisecond)
					continue
				}
				results <- res
				return
			}
		}()
	}
	lost, _ := call("GET", base+"next", "") // and then this program is started again
	event, h := call("GET", base+"next", "")
	id := h.Get("Lambda-Runtime-Aws-Request-Id")
	call("POST", base+id+"/response", event[4:])
	go call("GET", base+"next", "")
	var failed, answered *runtimeapi.Result
	for range 2 {
		if res := <-results; res.FunctionError != "" {
			failed = res
		} else {
			answered = res
		}
	}
	if lost == event || failed == nil || answered == nil || failed.ErrorType != "Runtime.ExitError" || string(answered.Payload) != event[4:] {
		t.Errorf("%s then %s: failed %+v, answered %+v", lost, event, failed, answered)
	}
	for _, addr := range []string{"127.0.0.1", "0.0.0.0:9001", "example.com:80"} {
		if _, err := runtimeapi.Start(runtimeapi.Attach(addr), runtimeapi.Config{}); err == nil {
			t.Errorf("%s is taken", addr)
		}
	}
}

// A caller that goes away does not end its invocation.
func TestCallerGoesAway(t *testing.T) {
	ended := make(chan *runtimeapi.Result, 1)
	begun := make(chan struct{}, 1)
	f := start(t, "greet", runtimeapi.Config{Observe: func(e runtimeapi.Event) {
		switch e.Type {
		case runtimeapi.EventStart:
			begun <- struct{}{}
		case runtimeapi.EventEnd:
			ended <- e.Result
		}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if _, err := f.Invoke(ctx, runtimeapi.Invocation{Payload: []byte(`{"name":"a","sleep":200}`)}); err != ctx.Err() || err == nil {
		t.Errorf("%v, want the context's error", err)
	}
	wantGreeting(t, <-ended, "a")
}
