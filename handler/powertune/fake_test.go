package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// fakeLambda is the part of the Lambda API that a run uses, with one function:
// updates take some polls, versions are only published where something changed,
// and calls can be made to fail or to be throttled.
type fakeLambda struct {
	*httptest.Server
	t *testing.T

	duration func(mb int) time.Duration // of the function at a size
	fail     func(operation string, n int) (status int, code string)
	onCall   func(operation string, n int)

	mu       sync.Mutex
	memory   int // of $LATEST
	updating int // polls until the last update is done
	versions map[string]int
	notes    map[string]string // of versions
	created  int
	aliases  map[string]fakeAlias
	calls    map[string]int
	invoked  map[string]int // by payload
	sizes    []int          // that $LATEST had, in order
}

type fakeAlias struct{ Name, FunctionVersion, Description string }

func newFake(t *testing.T, memory int) *fakeLambda {
	f := &fakeLambda{
		t: t, memory: memory, created: 1, versions: map[string]int{"1": memory}, // published by somebody
		notes: map[string]string{}, aliases: map[string]fakeAlias{"live": {"live", "1", "production"}}, calls: map[string]int{}, invoked: map[string]int{},
		duration: func(int) time.Duration { return time.Millisecond },
	}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeLambda) world(out, errs io.Writer) world {
	return world{
		out: out, err: errs,
		pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		load: func(context.Context) (aws.Config, error) {
			return aws.Config{
				Region: "eu-west-1", BaseEndpoint: &f.URL,
				Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "example"}, nil
				}),
				Retryer: func() aws.Retryer {
					return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond; o.MaxAttempts = 5 })
				},
			}, nil
		},
	}
}

// untouched checks that the function is as it was before the run.
func (f *fakeLambda) untouched(memory int) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.memory != memory {
		f.t.Errorf("memory of $LATEST is %d MB, was %d MB", f.memory, memory)
	}
	if want := map[string]int{"1": memory}; !maps.Equal(f.versions, want) {
		f.t.Errorf("versions are %v, were %v", f.versions, want)
	}
	if len(f.aliases) != 1 || f.aliases["live"].FunctionVersion != "1" {
		f.t.Errorf("aliases are %v, was live alone", f.aliases)
	}
}

const functionPath = "/2015-03-31/functions/orders"

func (f *fakeLambda) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	rest, ok := strings.CutPrefix(r.URL.Path, functionPath)
	if !ok {
		f.refuse(w, 404, "ResourceNotFoundException", r.URL.Path)
		return
	}
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	operation := r.Method + " " + parts[0]
	f.mu.Lock()
	f.calls[operation]++
	n := f.calls[operation]
	f.mu.Unlock()
	if f.onCall != nil {
		f.onCall(operation, n)
	}
	if f.fail != nil {
		if status, code := f.fail(operation, n); status != 0 {
			f.refuse(w, status, code, "injected")
			return
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	qualifier := r.URL.Query().Get("Qualifier")
	switch operation {
	case "GET configuration":
		f.configuration(w, qualifier)
	case "PUT configuration":
		if f.updating > 0 {
			f.updating--
			f.refuse(w, 409, "ResourceConflictException", "an update is in progress")
			return
		}
		var in struct{ MemorySize int }
		f.decode(body, &in)
		f.memory, f.updating = in.MemorySize, 2
		f.sizes = append(f.sizes, in.MemorySize)
		f.describe(w, "$LATEST", f.memory)
	case "POST versions":
		var in struct{ Description string }
		f.decode(body, &in)
		f.publish(w, in.Description)
	case "GET versions":
		var list []map[string]any
		for _, v := range slices.Sorted(maps.Keys(f.versions)) {
			list = append(list, map[string]any{"Version": v, "MemorySize": f.versions[v], "Description": f.notes[v]})
		}
		f.json(w, 200, map[string]any{"Versions": list})
	case "POST aliases":
		var in fakeAlias
		f.decode(body, &in)
		if _, exists := f.aliases[in.Name]; exists {
			f.refuse(w, 409, "ResourceConflictException", "Alias already exists")
			return
		}
		f.aliases[in.Name] = in
		f.json(w, 201, in)
	case "GET aliases":
		if len(parts) == 1 {
			f.json(w, 200, map[string]any{"Aliases": slices.Collect(maps.Values(f.aliases))})
			return
		}
		a, ok := f.aliases[parts[1]]
		if !ok {
			f.refuse(w, 404, "ResourceNotFoundException", "Cannot find alias")
			return
		}
		f.json(w, 200, a)
	case "DELETE aliases":
		delete(f.aliases, parts[1])
		w.WriteHeader(204)
	case "DELETE ":
		if qualifier == "" {
			f.t.Error("the function itself is deleted")
		}
		for _, a := range f.aliases {
			if a.FunctionVersion == qualifier {
				f.refuse(w, 409, "ResourceConflictException", "an alias points at the version")
				return
			}
		}
		delete(f.versions, qualifier)
		w.WriteHeader(204)
	case "POST invocations":
		f.invoke(w, r, qualifier, body)
	default:
		f.t.Errorf("unexpected call %s", operation)
		f.refuse(w, 400, "UnknownOperation", operation)
	}
}

func (f *fakeLambda) decode(body []byte, into any) {
	if err := json.Unmarshal(body, into); err != nil {
		f.t.Error(err)
	}
}

func (f *fakeLambda) json(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Error(err)
	}
}

func (f *fakeLambda) refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amzn-Errortype", code)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Type": "User", "Message": message})
}

func (f *fakeLambda) configuration(w http.ResponseWriter, qualifier string) {
	if qualifier == "" || qualifier == "$LATEST" {
		f.describe(w, "$LATEST", f.memory)
		f.updating = max(f.updating-1, 0)
		return
	}
	mb, ok := f.versions[qualifier]
	if !ok {
		f.refuse(w, 404, "ResourceNotFoundException", "no such version")
		return
	}
	f.describe(w, qualifier, mb)
}

func (f *fakeLambda) describe(w http.ResponseWriter, version string, mb int) {
	status := "Successful"
	if version == "$LATEST" && f.updating > 0 {
		status = "InProgress"
	}
	f.json(w, 200, map[string]any{
		"FunctionName": "orders", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders", "Version": version,
		"MemorySize": mb, "State": "Active", "LastUpdateStatus": status, "Architectures": []string{"arm64"},
	})
}

func (f *fakeLambda) publish(w http.ResponseWriter, note string) {
	if f.updating > 0 {
		f.refuse(w, 409, "ResourceConflictException", "an update is in progress")
		return
	}
	last := fmt.Sprint(f.created)
	if f.versions[last] != f.memory {
		f.created++
		last = fmt.Sprint(f.created)
		f.versions[last], f.notes[last] = f.memory, note
	}
	f.describe(w, last, f.memory)
}

func (f *fakeLambda) invoke(w http.ResponseWriter, r *http.Request, qualifier string, body []byte) {
	a, ok := f.aliases[qualifier]
	if !ok {
		f.refuse(w, 404, "ResourceNotFoundException", "no such alias")
		return
	}
	if r.Header.Get("X-Amz-Log-Type") != "Tail" {
		f.t.Error("an invocation without its log tail")
	}
	mb := f.versions[a.FunctionVersion]
	f.invoked[string(body)]++
	d := f.duration(mb)
	report := fmt.Sprintf("START RequestId: x Version: 1\nEND RequestId: x\nREPORT RequestId: x\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: %d MB\tMax Memory Used: 45 MB\t", float64(d)/1e6, math.Ceil(float64(d)/1e6), mb)
	if f.invoked[qualifier]++; f.invoked[qualifier] == 1 { // the version's first
		report += "Init Duration: 80.50 ms\t"
	}
	w.Header().Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString([]byte(report+"\n")))
	w.Header().Set("X-Amz-Executed-Version", a.FunctionVersion)
	if string(body) == `"fail"` {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		_, _ = w.Write([]byte(`{"errorMessage":"a secret","errorType":"*errors.errorString"}`))
		return
	}
	_, _ = w.Write([]byte("{}"))
}
