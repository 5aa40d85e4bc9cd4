package front_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdaurl"

	"github.com/lambdatune/lambdatune/handler/local/internal/front"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// TestMain is also a function, on bare aws-lambda-go, that streams: this
// binary, started with FUNCTION set.
func TestMain(m *testing.M) {
	if os.Getenv("FUNCTION") != "" {
		lambdaurl.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/empty" {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			w.Header().Set("Content-Type", "text/plain")
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
			w.WriteHeader(http.StatusAccepted)
			for i := range 3 {
				fmt.Fprintf(w, "part %d of %s\n", i, r.URL.Path)
				time.Sleep(20 * time.Millisecond)
			}
		}))
		return
	}
	os.Exit(m.Run())
}

// function answers with what the path of the event asks for.
func function(ctx context.Context, payload []byte) ([]byte, error) {
	var e struct {
		Path, RawPath, Body string
		Resource, RouteKey  string
		PathParameters      map[string]string
		Headers             map[string]string
		IsBase64Encoded     bool
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	answer := func(status int, kind, body string, isBase64 bool) ([]byte, error) {
		return json.Marshal(map[string]any{"statusCode": status, "headers": map[string]string{"content-type": kind}, "body": body, "isBase64Encoded": isBase64})
	}
	switch path := e.Path + e.RawPath; path {
	case "/fail":
		return nil, fmt.Errorf("no tea")
	case "/malformed":
		return []byte(`{"statusCode":"many"}`), nil
	case "/slow":
		select {
		case <-ctx.Done():
		case <-time.After(600 * time.Millisecond):
		}
		return answer(200, "text/plain", "late", false)
	case "/big":
		return answer(200, "text/plain", strings.Repeat("x", 1<<20), false)
	case "/png":
		return answer(200, "image/png", base64.StdEncoding.EncodeToString([]byte("\x89PNG")), true)
	default:
		seen, _ := json.Marshal(e)
		return answer(201, "application/json", string(seen), false)
	}
}

type problems struct {
	mu   sync.Mutex
	list []string
}

func (p *problems) add(s string) { p.mu.Lock(); defer p.mu.Unlock(); p.list = append(p.list, s) }
func (p *problems) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) == 0 {
		return ""
	}
	return p.list[len(p.list)-1]
}

func serve(t *testing.T, f *front.Front, program runtimeapi.Program, c runtimeapi.Config) (url string, p *problems) {
	t.Helper()
	fn, err := runtimeapi.Start(program, c)
	if err != nil {
		t.Fatal(err)
	}
	p = &problems{}
	f.Function = func(name string) (*runtimeapi.Function, bool) { return fn, name == "" || name == "orders" }
	f.Problem = p.add
	srv := httptest.NewServer(f)
	t.Cleanup(func() { srv.Close(); fn.Close() })
	return srv.URL, p
}

func request(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// TestFronts: each front's answers, and its refusals.
func TestFronts(t *testing.T) {
	config := runtimeapi.Config{Timeout: time.Minute}
	for _, c := range []struct {
		front, method, path, body string
		header                    []string
		status                    int
		want, problem             string
	}{
		{"rest", "POST", "/orders", `{"a":1}`, nil, 201, `"Body":"{\"a\":1}"`, ""},
		{"http", "POST", "/orders", `{"a":1}`, []string{"Content-Type", "application/json"}, 201, `"RawPath":"/orders"`, ""},
		{"http1", "GET", "/orders", ``, nil, 201, `"Path":"/orders"`, ""},
		{"url", "GET", "/orders", ``, nil, 201, `"RouteKey":"$default"`, ""},
		{"alb", "GET", "/orders", ``, nil, 201, `"Path":"/orders"`, ""},
		{"rest", "GET", "/orders", ``, nil, 201, `"X-Amzn-Trace-Id":"Root=1-`, ""},

		{"rest", "GET", "/fail", "", nil, 502, "Internal server error", ""},
		{"http", "GET", "/fail", "", nil, 500, "Internal Server Error", ""},
		{"url", "GET", "/fail", "", nil, 502, "Internal Server Error", ""},
		{"alb", "GET", "/fail", "", nil, 502, "502 Bad Gateway", ""},
		{"rest", "GET", "/malformed", "", nil, 502, "Internal server error", "not of the form"},
		{"alb", "GET", "/big", "", nil, 502, "502 Bad Gateway", "over its limit of 1048576 bytes"},
		{"rest", "GET", "/slow", "", nil, 504, "Endpoint request timed out", "waits no longer than 200ms; the function goes on"},
		{"http", "GET", "/slow", "", nil, 503, "Service Unavailable", "waits no longer"},

		{"rest", "POST", "/", strings.Repeat("x", 10<<20+1), nil, 413, "Request Too Long", "10485761 bytes"},
		{"rest", "POST", "/", strings.Repeat("x", 7<<20), nil, 413, "Request Too Long", "Lambda takes 6291556"},
		{"url", "POST", "/", strings.Repeat("x", 7<<20), nil, 413, "Request Too Long", "takes 6291556"},
		{"alb", "POST", "/", strings.Repeat("x", 1<<20+1), nil, 413, "413 Request Entity Too Large", "takes 1048576"},

		{"http", "GET", "/png", "", nil, 200, "\x89PNG", ""},
		{"rest", "GET", "/png", "", []string{"Accept", "image/png"}, 200, "\x89PNG", ""},
		{"rest", "GET", "/png", "", []string{"Accept", "text/html"}, 200, "iVBORw==", ""},

		{"http", "GET", "/orders", "", []string{"Host", "orders.localhost:9000"}, 201, "/orders", ""},
		{"http", "GET", "/orders", "", []string{"Host", "nobody.localhost:9000"}, 404, "Not Found", ""},
	} {
		t.Run(fmt.Sprintf("%s %s %s", c.front, c.method, c.path), func(t *testing.T) {
			f := &front.Front{Kind: front.Fronts[c.front], BinaryMediaTypes: []string{"image/png"}}
			if c.path == "/slow" {
				f.Timeout = 200 * time.Millisecond
			}
			url, problems := serve(t, f, runtimeapi.InProcess(function), config)
			resp, body := request(t, c.method, url+c.path, c.body, c.header...)
			if resp.StatusCode != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%d %.300s, want %d with %s", resp.StatusCode, body, c.status, c.want)
			}
			if got := problems.last(); !strings.Contains(got, c.problem) || (c.problem == "") != (got == "") {
				t.Errorf("problem %q, want %q", got, c.problem)
			}
		})
	}
}

func TestThrottled(t *testing.T) {
	for name, want := range map[string]int{"rest": 502, "http": 500, "url": 429, "alb": 502} {
		f := &front.Front{Kind: front.Fronts[name]}
		begun := make(chan struct{}, 10)
		url, _ := serve(t, f, runtimeapi.InProcess(function), runtimeapi.Config{Concurrency: 1, Observe: func(e runtimeapi.Event) {
			if e.Type == runtimeapi.EventStart {
				begun <- struct{}{}
			}
		}})
		done := make(chan struct{})
		go func() {
			defer close(done)
			if resp, err := http.Get(url + "/slow"); err == nil {
				resp.Body.Close()
			}
		}()
		<-begun
		if resp, body := request(t, "GET", url+"/", ""); resp.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", name, resp.StatusCode, body, want)
		}
		<-done
	}
}

func TestRoutes(t *testing.T) {
	var routes front.Routes
	for _, s := range []string{"GET /orders/{id}", "/orders/{id}", "GET /orders/new", "/files/{path+}=orders", "any /a/{b}/c"} {
		r, err := front.ParseRoute(s)
		if err != nil {
			t.Fatal(err)
		}
		routes = append(routes, r)
	}
	url, _ := serve(t, &front.Front{Kind: front.Fronts["rest"], Routes: routes}, runtimeapi.InProcess(function), runtimeapi.Config{})
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/orders/7", 201, `"Resource":"/orders/{id}","RouteKey":"","PathParameters":{"id":"7"}`},
		{"POST", "/orders/new", 201, `"PathParameters":{"id":"new"}`},
		{"GET", "/orders/new", 201, `"Resource":"/orders/new","RouteKey":"","PathParameters":null`},
		{"PUT", "/files/a/b", 201, `"PathParameters":{"path":"a/b"}`},
		{"PUT", "/a/b/c", 201, `"PathParameters":{"b":"b"}`},
		{"GET", "/orders", 403, "Missing Authentication Token"},
		{"GET", "/orders/7/x", 403, "Missing Authentication Token"},
		{"GET", "/files/", 403, "Missing Authentication Token"},
	} {
		resp, body := request(t, c.method, url+c.path, "")
		if resp.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s, want %d with %s", c.method, c.path, resp.StatusCode, body, c.status, c.want)
		}
	}
	for _, s := range []string{"orders", "GET orders", "/a/{b", "/a/{}", "/{a+}/b", ""} {
		if r, err := front.ParseRoute(s); err == nil {
			t.Errorf("%q is taken as %+v", s, r)
		}
	}
}

// TestStreaming is a function URL whose function streams.
func TestStreaming(t *testing.T) {
	var seen int
	f := &front.Front{Kind: front.Fronts["url"], Streaming: true, Seen: func(_, _ string, status int, _ time.Duration) { seen = status }}
	program := runtimeapi.Command{Path: os.Args[0], Env: append(os.Environ(), "FUNCTION=1")}
	url, _ := serve(t, f, program, runtimeapi.Config{})
	resp, body := request(t, "GET", url+"/tea", "")
	if resp.StatusCode != 202 || body != "part 0 of /tea\npart 1 of /tea\npart 2 of /tea\n" || resp.Header.Get("Content-Type") != "text/plain" ||
		resp.Header.Get("Set-Cookie") != "seen=1" || seen != 202 {
		t.Errorf("%d (seen %d) %v %q", resp.StatusCode, seen, resp.Header, body)
	}
	if resp, body = request(t, "GET", url+"/empty", ""); resp.StatusCode != 204 || body != "" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	// The first part is there before the last is written.
	slow, err := http.Get(url + "/tea")
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Body.Close()
	first := make([]byte, len("part 0"))
	if _, err := io.ReadFull(slow.Body, first); err != nil || string(first) != "part 0" {
		t.Errorf("%q, %v", first, err)
	}
	// A function that does not stream is passed on as it is.
	url, _ = serve(t, f, runtimeapi.InProcess(func(context.Context, []byte) ([]byte, error) { return []byte("plain"), nil }), runtimeapi.Config{})
	if resp, body = request(t, "GET", url+"/", ""); resp.StatusCode != 200 || body != "plain" || resp.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%d %v %q", resp.StatusCode, resp.Header, body)
	}
}
