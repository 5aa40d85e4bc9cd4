package replier_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lambdatune/lambdatune/handler/websocket/replier"
)

// credentials is a provider of static ones, whose fields anybody could print.
type credentials struct{ aws.Credentials }

func (c credentials) Retrieve(context.Context) (aws.Credentials, error) { return c.Credentials, nil }

var static = credentials{aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: token}}

// start returns a service on a socket and a Replier for it.
func start(t *testing.T, o replier.Options) (*service, *replier.Replier) {
	t.Helper()
	s := &service{t: t, connections: map[string][]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	o.Endpoint, o.Region, o.Credentials, o.Client = server.URL+"/prod", region, static, server.Client()
	r, err := replier.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func TestPost(t *testing.T) {
	s, r := start(t, replier.Options{})
	for _, id := range []string{"VNRUSeldSwMCIRQ=", "abc", "a/b+c d%3D?x=#é~", "..%2F.."} {
		s.connections[id] = nil
		for _, message := range []string{`{"say":"hé"}`, "", strings.Repeat("x", replier.MaxMessage)} {
			if err := r.Post(t.Context(), id, []byte(message)); err != nil {
				t.Fatalf("%q: %v", id, err)
			}
		}
		if got := s.connections[id]; len(got) != 3 || got[0] != `{"say":"hé"}` || got[1] != "" || len(got[2]) != replier.MaxMessage {
			t.Errorf("%q got %.40q", id, got)
		}
	}
}

// The path is escaped on the wire as the SDK's own client does it.
func TestWirePath(t *testing.T) {
	s, r := start(t, replier.Options{})
	s.connections["abc="] = nil
	if err := r.Post(t.Context(), "abc=", nil); err != nil || s.uri != "/prod/@connections/abc%3D" {
		t.Errorf("%s, %v", s.uri, err)
	}
}

// Whatever the ID, the service sees that one, under a signature that it accepts.
func FuzzConnectionID(f *testing.F) {
	for _, id := range []string{"VNRUSeldSwMCIRQ=", "a/../b", "%2e", "a?b#c", "\xff\x00"} {
		f.Add(id)
	}
	s := &service{t: &testing.T{}, connections: map[string][]string{}}
	r, err := replier.New(replier.Options{Endpoint: "https://a1.execute-api." + region + ".amazonaws.com/prod", Credentials: static, Client: &http.Client{Transport: direct{s}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id string) {
		s.connections = map[string][]string{id: nil}
		err := r.Post(t.Context(), id, []byte("x"))
		if refused := id == "" || id == "." || id == ".."; refused != (err != nil) || !refused && len(s.connections[id]) != 1 {
			t.Errorf("%q: %v", id, err)
		}
	})
}

func TestGetAndClose(t *testing.T) {
	s, r := start(t, replier.Options{})
	s.connections["abc="] = nil
	want := replier.Connection{ConnectedAt: time.Date(2026, 9, 18, 9, 24, 51, 123e6, time.UTC), LastActiveAt: time.Date(2026, 9, 18, 9, 25, 0, 0, time.UTC), SourceIP: "203.0.113.24", UserAgent: "wscat"}
	if c, err := r.Get(t.Context(), "abc="); err != nil || c != want {
		t.Errorf("Get = %+v, %v", c, err)
	}
	if err := r.Close(t.Context(), "abc="); err != nil {
		t.Error(err)
	}
	if err := r.Close(t.Context(), "abc="); !errors.Is(err, replier.ErrGone) {
		t.Errorf("Close again = %v", err)
	}
	if _, err := r.Get(t.Context(), "abc="); !errors.Is(err, replier.ErrGone) {
		t.Errorf("Get of a closed one = %v", err)
	}
}

func TestErrors(t *testing.T) {
	s, r := start(t, replier.Options{MaxAttempts: 1})
	s.connections["abc="] = nil
	for _, c := range []struct {
		name  string
		id    string
		fault fault
		want  error
		text  string
	}{
		{"gone", "closed=", fault{}, replier.ErrGone, `replier: post to connection "closed=": status 410 GoneException: the connection is gone, request r-1`},
		{"forbidden", "abc=", fault{status: 403, code: "ForbiddenException"}, replier.ErrForbidden, "status 403 ForbiddenException"},
		{"too large", "abc=", fault{status: 413, code: "PayloadTooLargeException"}, replier.ErrTooLarge, "status 413"},
		{"limit", "abc=", fault{status: 429, code: "LimitExceededException"}, replier.ErrLimitExceeded, "status 429 LimitExceededException"},
		{"other", "abc=", fault{status: 400, code: "BadRequestException"}, nil, "status 400 BadRequestException"},
		{"redirect", "abc=", fault{status: 307}, nil, "status 307"},
		{"hang up", "abc=", fault{hangUp: true}, io.EOF, "EOF"},
	} {
		before := s.served()
		if c.fault != (fault{}) {
			s.answerWith(c.fault)
		}
		err := r.Post(t.Context(), c.id, []byte("secret message"))
		e, ok := errors.AsType[*replier.Error](err)
		if !ok || e.ConnectionID != c.id || e.Op != "post" || e.Attempts != 1 || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.name, err)
		}
		if n := s.served() - before; n != 1 {
			t.Errorf("%s: %d requests", c.name, n)
		}
		for _, secret := range []string{"secret message", secretKey, token} {
			if strings.Contains(fmt.Sprintf("%+v %#v", err, e), secret) {
				t.Errorf("%s: the error has %q", c.name, secret)
			}
		}
	}
	before := s.served()
	if err := r.Post(t.Context(), "abc=", make([]byte, replier.MaxMessage+1)); !errors.Is(err, replier.ErrTooLarge) || !strings.Contains(err.Error(), "131073 bytes, 131072 are allowed") {
		t.Errorf("a message too large: %v", err)
	}
	for _, id := range []string{"", ".", ".."} {
		if err := r.Post(t.Context(), id, nil); err == nil {
			t.Errorf("ID %q is accepted", id)
		}
	}
	if s.served() != before {
		t.Error("requests were sent for nothing")
	}
}

// The service does verify.
func TestWrongKey(t *testing.T) {
	s := &service{t: t, connections: map[string][]string{"abc=": nil}}
	server := httptest.NewServer(s)
	defer server.Close()
	wrong := static
	wrong.SecretAccessKey += "x"
	r, err := replier.New(replier.Options{Endpoint: server.URL + "/prod", Region: region, Credentials: wrong})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Post(t.Context(), "abc=", []byte("x"))
	if e, ok := errors.AsType[*replier.Error](err); !ok || e.Code != "InvalidSignatureException" || !errors.Is(err, replier.ErrForbidden) || e.ErrorType() != "InvalidSignatureException" {
		t.Errorf("%v", err)
	}
}

// direct serves requests without a socket, so that time can be virtual.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (_ *http.Response, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = io.ErrUnexpectedEOF
		}
	}()
	in := r.Clone(r.Context())
	in.Host, in.RequestURI = r.URL.Host, r.URL.RequestURI()
	if in.URL, err = url.ParseRequestURI(in.RequestURI); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, in)
	return w.Result(), nil
}

func TestRetries(t *testing.T) {
	throttled, broken, hangUp := fault{status: 429, code: "LimitExceededException"}, fault{status: 503}, fault{hangUp: true}
	post := func(ctx context.Context, r *replier.Replier) error { return r.Post(ctx, "abc=", []byte("hi")) }
	get := func(ctx context.Context, r *replier.Replier) error { _, err := r.Get(ctx, "abc="); return err }
	for _, c := range []struct {
		name        string
		call        func(context.Context, *replier.Replier) error
		faults      []fault
		timeout     time.Duration
		attempts    int // 0 is the default
		want        error
		requests    int
		least, most time.Duration
	}{
		{"post throttled", post, []fault{throttled, throttled, throttled}, time.Minute, 0, nil, 4, 175 * time.Millisecond, 350 * time.Millisecond},
		{"post throttled for good", post, []fault{throttled, throttled, throttled, throttled, throttled}, time.Minute, 0, replier.ErrLimitExceeded, 4, 175 * time.Millisecond, 350 * time.Millisecond},
		{"Retry-After", post, []fault{{status: 429, retryAfter: "3"}}, time.Minute, 0, nil, 2, 3 * time.Second, 3 * time.Second},
		{"Retry-After beyond reason", post, []fault{{status: 429, retryAfter: "999999999999"}}, time.Minute, 0, nil, 2, 30 * time.Second, 30 * time.Second},
		{"no time left", post, []fault{{status: 429, retryAfter: "3"}}, 2 * time.Second, 0, replier.ErrLimitExceeded, 1, 0, 0},
		{"post, 503: it may have arrived", post, []fault{broken}, time.Minute, 0, errAny, 1, 0, 0},
		{"post, hang-up: it may have arrived", post, []fault{hangUp}, time.Minute, 0, io.ErrUnexpectedEOF, 1, 0, 0},
		{"get, 503 and hang-up", get, []fault{broken, hangUp}, time.Minute, 0, nil, 3, 75 * time.Millisecond, 150 * time.Millisecond},
		{"many attempts", post, faults(throttled, 19), time.Hour, 20, nil, 20, 30 * time.Second, 65 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{t: t, connections: map[string][]string{"abc=": nil}, faults: c.faults}
				r, err := replier.New(replier.Options{Endpoint: "https://a1.execute-api." + region + ".amazonaws.com/prod/", Credentials: static, Client: &http.Client{Transport: direct{s}}, MaxAttempts: c.attempts})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
				defer cancel()
				began := time.Now()
				err = c.call(ctx, r)
				if (err == nil) != (c.want == nil) || c.want != nil && c.want != errAny && !errors.Is(err, c.want) {
					t.Errorf("error = %v, want %v", err, c.want)
				}
				if e, ok := errors.AsType[*replier.Error](err); ok && e.Attempts != c.requests {
					t.Errorf("%d attempts, %d requests", e.Attempts, c.requests)
				}
				if took, n := time.Since(began), s.served(); n != c.requests || took < c.least || took > c.most {
					t.Errorf("%d requests in %v, want %d in %v to %v", n, took, c.requests, c.least, c.most)
				}
			})
		})
	}
}

var errAny = errors.New("any")

func faults(f fault, n int) (all []fault) {
	for range n {
		all = append(all, f)
	}
	return all
}

// A context that ends during a pause ends the call.
func TestCanceledPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{t: t, connections: map[string][]string{"abc=": nil}, faults: []fault{{status: 429, retryAfter: "20"}}}
		r, err := replier.New(replier.Options{Endpoint: "https://a1.execute-api." + region + ".amazonaws.com/prod", Credentials: static, Client: &http.Client{Transport: direct{s}}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		err = r.Post(ctx, "abc=", nil)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, replier.ErrLimitExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

type noCredentials struct{ calls int }

func (n *noCredentials) Retrieve(context.Context) (aws.Credentials, error) {
	n.calls++
	return aws.Credentials{}, errors.New("no role")
}

func TestNoCredentials(t *testing.T) {
	n := new(noCredentials)
	r, err := replier.New(replier.Options{Endpoint: "https://a1.execute-api.eu-central-1.amazonaws.com/prod", Credentials: n})
	if err != nil || n.calls != 0 {
		t.Fatal(err, n.calls)
	}
	if _, err := r.Get(t.Context(), "abc="); err == nil || !strings.Contains(err.Error(), "no credentials: no role") || n.calls != 1 {
		t.Errorf("%v after %d calls", err, n.calls)
	}
}

func TestOptions(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	for _, c := range []struct {
		name, endpoint, region string
		credentials            aws.CredentialsProvider
		attempts               int
		want                   string // empty: no error
	}{
		{"standard", "https://a1.execute-api.eu-west-1.amazonaws.com/prod", "", static, 0, ""},
		{"China", "https://a1.execute-api.cn-north-1.amazonaws.com.cn/prod", "", static, 0, ""},
		{"dual stack", "https://a1.execute-api.eu-west-1.api.aws/prod", "", static, 0, ""},
		{"custom domain", "https://ws.example.com/chat", "eu-west-1", static, 0, ""},
		{"local", "http://127.0.0.1:3001/prod", "eu-west-1", static, 0, ""},
		{"local by IPv6", "http://[::1]:3001", "eu-west-1", static, 0, ""},
		{"empty", "", "eu-west-1", static, 0, "Endpoint is empty"},
		{"no region", "https://ws.example.com/chat", "", static, 0, "no Region"},
		{"no TLS", "http://ws.example.com/chat", "eu-west-1", static, 0, "https is needed"},
		{"WebSocket URL", "wss://a1.execute-api.eu-west-1.amazonaws.com/prod", "", static, 0, "https is needed"},
		{"host alone", "a1.execute-api.eu-west-1.amazonaws.com", "eu-west-1", static, 0, "form https://host/stage"},
		{"user", "https://u:p@ws.example.com/chat", "eu-west-1", static, 0, "more than scheme, host and path"},
		{"broken", "https://%zz", "eu-west-1", static, 0, "form https://host/stage"},
		{"no credentials", "https://ws.example.com/chat", "eu-west-1", nil, 0, "Credentials are needed"},
		{"attempts", "https://ws.example.com/chat", "eu-west-1", static, -1, "-1 is out of range"},
	} {
		o := replier.Options{Endpoint: c.endpoint, Region: c.region, Credentials: c.credentials, MaxAttempts: c.attempts}
		r, err := replier.New(o)
		if (c.want == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), c.want) || r != nil) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if text := fmt.Sprintf("%v %+v %#v %+v %#v", o, o, o, r, r); strings.Contains(text, secretKey) || strings.Contains(text, token) {
			t.Errorf("%s: prints its credentials: %s", c.name, text)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	s, r := start(t, replier.Options{})
	var wg sync.WaitGroup
	for i := range 8 {
		id := fmt.Sprintf("c%d=", i)
		s.mu.Lock()
		s.connections[id] = nil
		s.mu.Unlock()
		wg.Go(func() {
			for range 10 {
				if err := r.Post(t.Context(), id, []byte(id)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for id, messages := range s.connections {
		if len(messages) != 10 || messages[9] != id {
			t.Errorf("%s got %q", id, messages)
		}
	}
}

// BenchmarkPost is signing and everything else but the network.
func BenchmarkPost(b *testing.B) {
	ok := func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	r, err := replier.New(replier.Options{Endpoint: "https://a1.execute-api.eu-west-1.amazonaws.com/prod", Credentials: static, Client: &http.Client{Transport: transport(ok)}})
	if err != nil {
		b.Fatal(err)
	}
	message := bytes.Repeat([]byte("x"), 1000)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Post(b.Context(), "VNRUSeldSwMCIRQ=", message); err != nil {
			b.Fatal(err)
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
