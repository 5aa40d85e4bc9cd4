package httpclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/httpclient"
)

// dials counts a server's connections.
type dials struct {
	*httptest.Server
	n atomic.Int64
}

func newServer(t testing.TB, h http.HandlerFunc) *dials {
	t.Helper()
	d := &dials{Server: httptest.NewUnstartedServer(h)}
	d.Config.ConnState = d.connState
	d.Start()
	t.Cleanup(d.Close)
	return d
}

func (d *dials) connState(_ net.Conn, s http.ConnState) {
	if s == http.StateNew {
		d.n.Add(1)
	}
}

func stats(t testing.TB, c *http.Client) httpclient.Stats {
	t.Helper()
	s, ok := httpclient.ReadStats(c)
	if !ok {
		t.Fatal("no Stats of a client of New")
	}
	return s
}

// Bodies that are closed before their end do not cost their connection.
func TestDrain(t *testing.T) {
	const requests = 200
	bodies := map[string]func(w http.ResponseWriter){
		"2 bytes":           func(w http.ResponseWriter) { io.WriteString(w, "{}") },
		"64 KB":             func(w http.ResponseWriter) { w.Write(make([]byte, 64<<10)) },
		"256 KB":            func(w http.ResponseWriter) { w.Write(make([]byte, 256<<10)) },
		"chunked":           func(w http.ResponseWriter) { io.WriteString(w, "{}\n"); w.(http.Flusher).Flush() },
		"chunked and later": func(w http.ResponseWriter) { w.(http.Flusher).Flush(); io.WriteString(w, "{}") },
	}
	reads := map[string]func(io.Reader){
		"unread":  func(io.Reader) {},
		"decoded": func(r io.Reader) { var v any; json.NewDecoder(r).Decode(&v) },
	}
	for size, write := range bodies {
		for how, read := range reads {
			t.Run(size+" "+how, func(t *testing.T) {
				srv := newServer(t, func(w http.ResponseWriter, r *http.Request) { write(w) })
				var n int64
				for range 3 { // draining is bounded in time, which a busy machine may exceed
					client := httpclient.New(httpclient.Options{})
					before := srv.n.Load()
					for range requests {
						resp, err := client.Get(srv.URL)
						if err != nil {
							t.Fatal(err)
						}
						read(resp.Body)
						if err := resp.Body.Close(); err != nil {
							t.Fatal(err)
						}
					}
					if n = srv.n.Load() - before; n <= 1 {
						return
					}
				}
				t.Errorf("%d dials for %d requests, want 1", n, requests)
			})
		}
	}
}

// What is not worth draining is cut off at once.
func TestNotDrained(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	sent := make(chan int64, 1)
	endless := func(w http.ResponseWriter, r *http.Request) {
		var n int64
		buf := make([]byte, 32<<10)
		for {
			m, err := w.Write(buf)
			if n += int64(m); err != nil {
				sent <- n
				return
			}
		}
	}
	events := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		w.(http.Flusher).Flush()
		select {
		case <-block:
		case <-r.Context().Done():
		}
	}
	large := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(1<<30))
		w.(http.Flusher).Flush()
		select {
		case <-block:
		case <-r.Context().Done():
		}
	}
	t.Run("endless", func(t *testing.T) {
		srv := newServer(t, endless)
		resp, err := httpclient.New(httpclient.Options{}).Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if n := <-sent; n > 32<<20 {
			t.Errorf("%d bytes sent before the connection was closed", n)
		}
	})
	for name, h := range map[string]http.HandlerFunc{"silent": large, "events": events} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, h)
			client := httpclient.New(httpclient.Options{})
			resp, err := client.Get(srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			closed := make(chan struct{})
			go func() { resp.Body.Close(); close(closed) }()
			select {
			case <-closed:
			case <-time.After(20 * time.Second):
				t.Fatal("Close waits for the server")
			}
		})
	}
}

// Close interrupts a Read in another goroutine, as on net/http's own body.
func TestCloseInterruptsRead(t *testing.T) {
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	resp, err := httpclient.New(httpclient.Options{}).Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	done := make(chan error)
	go func() {
		close(started)
		_, err := resp.Body.Read(make([]byte, 1))
		done <- err
	}()
	<-started
	resp.Body.Close()
	if err := <-done; err == nil {
		t.Error("Read returned no error after Close")
	}
}

// A body that is closed twice must not close another's.
func TestCloseTwice(t *testing.T) {
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "whole") })
	client := httpclient.New(httpclient.Options{})
	var closed []io.Closer
	for range 300 {
		resp, err := client.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range closed {
			c.Close()
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != "whole" {
			t.Fatalf("%q, %v", got, err)
		}
		resp.Body.Close()
		closed = append(closed, resp.Body)
	}
}

func TestMaxResponseBytes(t *testing.T) {
	const limit = 1000
	for _, announced := range []bool{true, false} {
		for _, size := range []int{0, 1, limit - 1, limit, limit + 1, limit * 100} {
			t.Run(fmt.Sprintf("%d bytes, announced %v", size, announced), func(t *testing.T) {
				srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
					if announced {
						w.Header().Set("Content-Length", fmt.Sprint(size))
					} else {
						w.(http.Flusher).Flush()
					}
					w.Write(make([]byte, size))
				})
				client := httpclient.New(httpclient.Options{MaxResponseBytes: limit})
				head, err := client.Head(srv.URL)
				if err != nil {
					t.Fatalf("HEAD, which has no body: %v", err)
				}
				head.Body.Close()
				resp, err := client.Get(srv.URL)
				n := 0
				if err == nil {
					var got []byte
					got, err = io.ReadAll(resp.Body)
					n = len(got)
					resp.Body.Close()
				}
				var tooLarge *httpclient.ResponseTooLargeError
				if size <= limit {
					if err != nil || n != size {
						t.Errorf("%d bytes, %v", n, err)
					}
				} else if !errors.As(err, &tooLarge) || tooLarge.Limit != limit || n > limit {
					t.Errorf("%d bytes, %v; want a ResponseTooLargeError", n, err)
				}
			})
		}
	}
}

// An upgraded connection's body is also written to.
func TestSwitchingProtocols(t *testing.T) {
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := rw.ReadString('\n')
		io.WriteString(c, line)
	})
	req, _ := http.NewRequest(http.MethodGet, srv.URL, nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := httpclient.New(httpclient.Options{MaxResponseBytes: 1}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	rw, ok := resp.Body.(io.ReadWriter)
	if !ok {
		t.Fatalf("the body is a %T and cannot be written to", resp.Body)
	}
	io.WriteString(rw, "hello\n")
	if got, _ := io.ReadAll(rw); string(got) != "hello\n" {
		t.Errorf("echo %q", got)
	}
}

// A burst's connections are kept for the next one.
func TestBurst(t *testing.T) {
	const width = 100
	rounds := 10
	if raceEnabled {
		rounds = 3
	}
	var atOnce sync.WaitGroup
	srv := &dials{Server: httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		atOnce.Done()
		atOnce.Wait() // all of a burst are under way together
		io.WriteString(w, "{}")
	}))}
	srv.Config.ConnState = srv.connState
	srv.StartTLS()
	defer srv.Close()
	opts := httpclient.Options{FanOut: width, Configure: func(tr *http.Transport) {
		tr.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig
	}}
	plain := &http.Transport{TLSClientConfig: srv.Client().Transport.(*http.Transport).TLSClientConfig}
	defer plain.CloseIdleConnections()
	for _, tt := range []struct {
		name   string
		client *http.Client
		rounds int // fewer where each dials anew
		most   int64
	}{
		{"net/http default", &http.Client{Transport: plain}, 1, width},
		{"New", httpclient.New(opts), rounds, width},
		{"NewTransport", &http.Client{Transport: httpclient.NewTransport(opts)}, rounds, width},
	} {
		before := srv.n.Load()
		for range tt.rounds {
			atOnce.Add(width)
			var wg sync.WaitGroup
			for range width {
				wg.Go(func() {
					if err := call(context.Background(), tt.client, http.MethodGet, srv.URL); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		n := srv.n.Load() - before
		t.Logf("%-16s %4d dials for %d requests", tt.name, n, width*tt.rounds)
		if n > tt.most {
			t.Errorf("%s: %d dials for %d requests, want at most %d", tt.name, n, width*tt.rounds, tt.most)
		}
		tt.client.CloseIdleConnections()
	}
}

func TestStats(t *testing.T) {
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Write(b)
	})
	client := httpclient.New(httpclient.Options{})
	if s := stats(t, client); s != (httpclient.Stats{}) {
		t.Errorf("a new client has counted %+v", s)
	}
	const requests, size = 10, 1000
	for range requests {
		resp, err := client.Post(srv.URL, "text/plain", strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	s := stats(t, client)
	if s.Requests != requests || s.Dials != 1 || s.Reuses != requests-1 || s.Waits != 1 || s.Replays != 0 || s.StaleCloses != 0 || s.DialErrors != 0 {
		t.Errorf("%+v", s)
	}
	if s.WaitTime <= 0 {
		t.Errorf("waited %v", s.WaitTime)
	}
	if least, most := uint64(requests*size), uint64(requests*(size+500)); s.BytesSent < least || s.BytesSent > most || s.BytesReceived < least || s.BytesReceived > most {
		t.Errorf("%d bytes sent, %d received, want %d to %d", s.BytesSent, s.BytesReceived, least, most)
	}
	// The far side closes the idle connection.
	srv.CloseClientConnections()
	waitFor(t, func() bool { return stats(t, client).StaleCloses == 1 })
	// This side closes one.
	if err := call(t.Context(), client, http.MethodGet, srv.URL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		client.CloseIdleConnections()
		return stats(t, client).StaleCloses == 2
	})
	srv.Close()
	if err := call(t.Context(), client, http.MethodGet, srv.URL); err == nil {
		t.Fatal("no error from a server that is gone")
	}
	if s := stats(t, client); s.DialErrors != 1 || s.Dials != 2 || s.Requests != requests+2 || s.Reuses != requests-1 {
		t.Errorf("at the end %+v", s)
	}
	if _, ok := httpclient.ReadStats(&http.Client{}); ok {
		t.Error("Stats of a client that is not ours")
	}
}

// waitFor waits for what happens in a connection's own goroutine.
func waitFor(t *testing.T, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// once answers one request per connection and closes without a word when the
// next has been read: a POST may or may not have been executed then.
func once(t *testing.T) (url string, posts *atomic.Int64) {
	t.Helper()
	posts = new(atomic.Int64)
	var seen sync.Map
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		posts.Add(1)
		if _, again := seen.LoadOrStore(r.RemoteAddr, true); again {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "{}")
	})
	return srv.URL, posts
}

func TestReplay(t *testing.T) {
	post := func(url string, mark func(*http.Request)) *http.Request {
		req, _ := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte("{}")))
		mark(req)
		return req
	}
	get := func(url string, _ func(*http.Request)) *http.Request {
		req, _ := http.NewRequest(http.MethodGet, url, nil)
		return req
	}
	own := func(r *http.Request) { r.Header.Set("Idempotency-Key", "k-1"); httpclient.MarkIdempotent(r) }
	for _, tt := range []struct {
		name    string
		request func(string, func(*http.Request)) *http.Request
		mark    func(*http.Request)
		replays uint64
	}{
		{"GET", get, nil, 1},
		{"POST that may have been executed", post, func(*http.Request) {}, 0},
		{"POST marked idempotent", post, httpclient.MarkIdempotent, 1},
		{"POST with a key of its own", post, own, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, requests := once(t)
			client := httpclient.New(httpclient.Options{})
			var errs []error
			for range 2 {
				resp, err := client.Do(tt.request(url, tt.mark))
				if err == nil {
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				errs = append(errs, err)
			}
			if errs[0] != nil {
				t.Fatal(errs[0])
			}
			if replayed := errs[1] == nil; replayed != (tt.replays > 0) {
				t.Errorf("the second request: %v", errs[1])
			}
			s := stats(t, client)
			if s.Replays != tt.replays || s.Requests != 2 || requests.Load() != int64(2+tt.replays) {
				t.Errorf("%d replays, %d requests, %d arrived; want %d replays", s.Replays, s.Requests, requests.Load(), tt.replays)
			}
		})
	}
}

func TestMarkIdempotentSendsNothing(t *testing.T) {
	var got http.Header
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) { got = r.Header.Clone() })
	req := &http.Request{Method: http.MethodPost, URL: mustURL(srv.URL)}
	httpclient.MarkIdempotent(req)
	resp, err := httpclient.New(httpclient.Options{}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if _, ok := got["Idempotency-Key"]; ok {
		t.Errorf("a header was sent: %q", got)
	}
}

// A request fails, and does not panic, where net/http's would.
func TestBadRequests(t *testing.T) {
	client := httpclient.New(httpclient.Options{})
	canceled, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("not wanted any more")
	cancel(cause)
	closed := &closeRecorder{}
	late, _ := http.NewRequestWithContext(canceled, http.MethodPost, "http://127.0.0.1:1", closed)
	for name, req := range map[string]*http.Request{
		"no URL":    {},
		"no host":   {URL: mustURL("http:///x"), Header: http.Header{}},
		"scheme":    {URL: mustURL("gopher://h/"), Header: http.Header{}},
		"no header": {URL: mustURL("http://127.0.0.1:1")},
		"canceled":  late,
	} {
		resp, err := client.Transport.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
			t.Errorf("%s: no error", name)
		}
		if name == "canceled" && !errors.Is(err, cause) {
			t.Errorf("canceled: %v, want the cause", err)
		}
	}
	if !closed.closed.Load() {
		t.Error("the request's body is not closed")
	}
}

type closeRecorder struct{ closed atomic.Bool }

func (*closeRecorder) Read([]byte) (int, error) { return 0, io.EOF }
func (c *closeRecorder) Close() error           { c.closed.Store(true); return nil }
