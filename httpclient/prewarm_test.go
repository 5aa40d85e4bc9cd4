package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/httpclient"
)

// counted is a server that counts what reaches it.
type counted struct {
	*httptest.Server
	dials, requests atomic.Int64
}

func newCounted(t *testing.T, useTLS, h2 bool) *counted {
	t.Helper()
	c := &counted{}
	c.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.requests.Add(1) }))
	c.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			c.dials.Add(1)
		}
	}
	c.EnableHTTP2 = h2
	if useTLS {
		c.StartTLS()
	} else {
		c.Start()
	}
	t.Cleanup(c.Close)
	return c
}

func (c *counted) options() httpclient.Options {
	return httpclient.Options{IdleTimeout: time.Hour, Configure: func(tr *http.Transport) {
		if c.TLS != nil {
			withCA(c.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs)(tr)
		}
	}}
}

func TestPrewarm(t *testing.T) {
	for _, proto := range []struct {
		name    string
		tls, h2 bool
		conns   int64 // that n = 4 means
	}{
		{"HTTP/1.1", false, false, 4},
		{"HTTP/1.1 over TLS", true, false, 4},
		{"HTTP/2", true, true, 1},
	} {
		for _, who := range []string{"New", "NewTransport", "net/http"} {
			t.Run(proto.name+" "+who, func(t *testing.T) {
				// net/http does not tell when a connection has reached its pool:
				// on a machine that is busy elsewhere, Prewarm may be early.
				var err error
				for range 5 {
					if err = prewarmOnce(t, who, proto.tls, proto.h2, proto.conns); err == nil {
						return
					}
				}
				t.Error(err)
			})
		}
	}
}

func prewarmOnce(t *testing.T, who string, useTLS, h2 bool, conns int64) error {
	srv := newCounted(t, useTLS, h2)
	var client *http.Client
	switch who {
	case "New":
		client = httpclient.New(srv.options())
	case "NewTransport":
		client = &http.Client{Transport: httpclient.NewTransport(srv.options())}
	default:
		tr := http.DefaultTransport.(*http.Transport).Clone()
		tr.MaxIdleConnsPerHost = 4
		srv.options().Configure(tr)
		client = &http.Client{Transport: tr}
	}
	defer client.CloseIdleConnections()
	if err := httpclient.Prewarm(t.Context(), client, []string{srv.URL + "/some/path"}, 4); err != nil {
		t.Fatal(err)
	}
	if d, r := srv.dials.Load(), srv.requests.Load(); d > conns || r != 0 {
		t.Fatalf("%d dials and %d requests, want %d and none", d, r, conns)
	}
	// All of them serve, and no more are needed.
	var wg sync.WaitGroup
	for range conns {
		wg.Go(func() {
			if err := call(t.Context(), client, http.MethodPost, srv.URL); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if d := srv.dials.Load(); d != conns {
		return fmt.Errorf("%d dials after %d requests, want %d still", d, conns, conns)
	}
	if s, ok := httpclient.ReadStats(client); ok {
		n := uint64(conns)
		if s.Dials != n || s.Waits != 0 || s.Requests != n || s.Reuses != n || s.Replays != 0 {
			t.Errorf("%+v", s)
		}
	}
	// Once more: nothing is sent over what is there.
	if err := httpclient.Prewarm(t.Context(), client, []string{srv.URL}, 1); err != nil {
		t.Fatal(err)
	}
	if r := srv.requests.Load(); r != conns {
		t.Errorf("%d requests after a second Prewarm, want %d still", r, conns)
	}
	return call(t.Context(), client, http.MethodPost, srv.URL)
}

func TestPrewarmErrors(t *testing.T) {
	srv := newCounted(t, false, false)
	tlsSrv := newCounted(t, true, true)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	client := httpclient.New(httpclient.Options{})
	for _, tt := range []struct {
		name   string
		client *http.Client
		urls   []string
		n      int
		want   string
	}{
		{"refused", client, []string{gone.URL}, 1, "refused"},
		{"refused beside one that works", client, []string{srv.URL, gone.URL}, 1, "refused"},
		{"unknown CA", client, []string{tlsSrv.URL}, 2, "certificate"},
		{"TLS with a plain server", client, []string{strings.Replace(srv.URL, "http:", "https:", 1)}, 1, "tls:"},
		{"no scheme", client, []string{"example.com"}, 1, "allowed is http or https"},
		{"other scheme", client, []string{"ftp://example.com"}, 1, "allowed is http or https"},
		{"not a URL", client, []string{"http://user:hunter2@[::1"}, 1, "cannot be parsed"},
		{"n of 0", client, []string{srv.URL}, 0, "allowed is 1 to"},
		{"n over the pool", client, []string{srv.URL}, 9, "pool per host, 8"},
		{"wrapped", &http.Client{Transport: wrapped{client.Transport}}, []string{srv.URL}, 1, "before that is wrapped"},
		{"bad option", httpclient.New(httpclient.Options{FanOut: -1}), []string{srv.URL}, 1, "FanOut"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := httpclient.Prewarm(t.Context(), tt.client, tt.urls, tt.n)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a password in the error: %v", err)
			}
		})
	}
	if srv.requests.Load()+tlsSrv.requests.Load() != 0 {
		t.Error("a request was sent")
	}
	if err := httpclient.Prewarm(t.Context(), client, nil, 1); err != nil {
		t.Errorf("no URLs: %v", err)
	}
}

type wrapped struct{ http.RoundTripper }

func TestPrewarmDeadline(t *testing.T) {
	// It accepts connections in the kernel and never shakes hands.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = httpclient.Prewarm(ctx, httpclient.New(httpclient.Options{}), []string{"https://" + l.Addr().String()}, 2)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline's", err)
	}
}

// Through a proxy the tunnel and the TLS within are up.
func TestPrewarmThroughProxy(t *testing.T) {
	for _, proxyTLS := range []bool{false, true} {
		srv := newCounted(t, true, false)
		var tunnels atomic.Int64
		proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tunnel(t, w, r, &tunnels)
		}))
		if proxyTLS {
			proxy.StartTLS()
		} else {
			proxy.Start()
		}
		defer proxy.Close()
		proxyURL := mustURL(proxy.URL)
		client := httpclient.New(httpclient.Options{Configure: func(tr *http.Transport) {
			srv.options().Configure(tr)
			if proxyTLS {
				tr.TLSClientConfig.RootCAs.AddCert(proxy.Certificate())
			}
			tr.Proxy = func(*http.Request) (*url.URL, error) { return proxyURL, nil }
		}})
		if err := httpclient.Prewarm(t.Context(), client, []string{srv.URL}, 2); err != nil {
			t.Fatal(err)
		}
		if err := call(t.Context(), client, http.MethodGet, srv.URL); err != nil {
			t.Fatal(err)
		}
		if d, r, n := srv.dials.Load(), srv.requests.Load(), tunnels.Load(); d != 2 || r != 1 || n != 2 {
			t.Errorf("proxy with TLS %v: %d dials, %d requests, %d tunnels; want 2, 1, 2", proxyTLS, d, r, n)
		}
		client.CloseIdleConnections()
	}
}

// tunnel serves CONNECT.
func tunnel(t *testing.T, w http.ResponseWriter, r *http.Request, n *atomic.Int64) {
	if r.Method != http.MethodConnect {
		t.Errorf("the proxy was asked to %s %s", r.Method, r.URL)
		return
	}
	n.Add(1)
	up, err := net.Dial("tcp", r.Host)
	if err != nil {
		t.Error(err)
		return
	}
	down, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	down.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
	go func() { rw.WriteTo(up); up.Close() }()
	go func() { copyTo(down, up); down.Close() }()
}

func copyTo(dst net.Conn, src net.Conn) {
	buf := make([]byte, 4096)
	for {
		n, err := src.Read(buf)
		if _, werr := dst.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}
