package httpclient_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/httpclient"
)

func nilObserver(context.Context, httpclient.Stats) {}

func TestNewTransportDefaults(t *testing.T) {
	tr := httpclient.NewTransport(httpclient.Options{})
	if tr.IdleConnTimeout != 4*time.Second {
		t.Errorf("IdleConnTimeout = %v, want 4s", tr.IdleConnTimeout)
	}
	if tr.MaxIdleConnsPerHost != 8 {
		t.Errorf("MaxIdleConnsPerHost = %d, want 8", tr.MaxIdleConnsPerHost)
	}
	if tr.ResponseHeaderTimeout != 0 {
		t.Errorf("ResponseHeaderTimeout = %v: a long poll would break", tr.ResponseHeaderTimeout)
	}
	if tr.TLSClientConfig.ClientSessionCache == nil {
		t.Error("no TLS session cache")
	}
	if tr.TLSHandshakeTimeout <= 0 || tr.Proxy == nil || !tr.ForceAttemptHTTP2 || tr.MaxConnsPerHost != 0 || tr.DisableKeepAlives {
		t.Errorf("what net/http has by default is lost: %+v", tr)
	}
	if tr.HTTP2 == nil || tr.HTTP2.SendPingTimeout <= 0 || tr.HTTP2.PingTimeout <= 0 {
		t.Error("no HTTP/2 pings")
	}
}

func TestIdlePool(t *testing.T) {
	tests := []struct {
		name, env string
		fanOut    int
		want      int
	}{
		{"default", "", 0, 8},
		{"fan-out", "", 100, 100},
		{"small", "2", 3, 8},
		{"concurrent invocations", "16", 0, 16},
		{"both", "16", 4, 64},
		{"not a number", "many", 0, 8},
		{"negative", "-5", 20, 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AWS_LAMBDA_MAX_CONCURRENCY", tt.env)
			tr := httpclient.NewTransport(httpclient.Options{FanOut: tt.fanOut})
			if tr.MaxIdleConnsPerHost != tt.want {
				t.Errorf("idle pool %d, want %d", tr.MaxIdleConnsPerHost, tt.want)
			}
			if tr.MaxIdleConns < tt.want {
				t.Errorf("MaxIdleConns = %d is less than one host's pool", tr.MaxIdleConns)
			}
		})
	}
}

// A Transport has one idle limit: it must suit every host of the table.
func TestNewTransportShortestLimit(t *testing.T) {
	opts := httpclient.Options{HostIdleTimeouts: map[string]time.Duration{"a": time.Minute, "b": time.Second}}
	if got := httpclient.NewTransport(opts).IdleConnTimeout; got != time.Second {
		t.Errorf("IdleConnTimeout = %v, want the shortest, 1s", got)
	}
	opts.HostIdleTimeouts = map[string]time.Duration{"a": time.Minute}
	if got := httpclient.NewTransport(opts).IdleConnTimeout; got != 4*time.Second {
		t.Errorf("IdleConnTimeout = %v, want the default, 4s", got)
	}
}

// newTLSServer speaks HTTP/2 and HTTP/1.1.
func newTLSServer(t testing.TB, h http.Handler) (srv *httptest.Server, roots *x509.CertPool) {
	t.Helper()
	srv = httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots = x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return srv, roots
}

// withCA trusts roots, in the way that a user with a CA of their own would.
func withCA(roots *x509.CertPool) func(*http.Transport) {
	return func(tr *http.Transport) { tr.TLSClientConfig = &tls.Config{RootCAs: roots} }
}

func onlyHTTP1(tr *http.Transport) {
	tr.Protocols = new(http.Protocols)
	tr.Protocols.SetHTTP1(true)
}

func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Proto", r.Proto)
	io.Copy(w, r.Body)
}

func TestProtocolsAndCA(t *testing.T) {
	srv, roots := newTLSServer(t, http.HandlerFunc(echo))
	for _, tt := range []struct {
		name, proto string
		configure   func(*http.Transport)
	}{
		{"HTTP/2", "HTTP/2.0", withCA(roots)},
		{"HTTP/2 off", "HTTP/1.1", func(tr *http.Transport) { withCA(roots)(tr); onlyHTTP1(tr) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := httpclient.Options{Configure: tt.configure}
			for name, client := range map[string]*http.Client{
				"New":          httpclient.New(opts),
				"NewTransport": {Transport: httpclient.NewTransport(opts)},
			} {
				for range 3 {
					resp, err := client.Post(srv.URL, "text/plain", bytes.NewReader([]byte("ping")))
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err != nil || string(got) != "ping" || resp.Header.Get("X-Proto") != tt.proto {
						t.Errorf("%s: %q over %s, %v; want ping over %s", name, got, resp.Header.Get("X-Proto"), err, tt.proto)
					}
				}
				client.CloseIdleConnections()
			}
		})
	}
	if _, err := httpclient.New(httpclient.Options{}).Get(srv.URL); err == nil {
		t.Error("a server of an unknown CA is trusted")
	}
}

// Sessions are resumed even where TLSClientConfig was replaced for its CA, and by
// connections with another idle limit.
func TestSessionResumption(t *testing.T) {
	srv, roots := newTLSServer(t, http.HandlerFunc(echo))
	tr := httpclient.NewTransport(httpclient.Options{Configure: func(tr *http.Transport) { withCA(roots)(tr); onlyHTTP1(tr) }})
	client := &http.Client{Transport: tr}
	for i := range 3 {
		resp, err := client.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.TLS.DidResume != (i > 0) {
			t.Errorf("connection %d: resumed %v", i, resp.TLS.DidResume)
		}
		tr.CloseIdleConnections()
	}
}

func TestProxy(t *testing.T) {
	var proxied atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied.Add(1)
		io.WriteString(w, r.URL.String())
	}))
	defer proxy.Close()
	u, _ := url.Parse(proxy.URL)
	client := httpclient.New(httpclient.Options{Configure: func(tr *http.Transport) { tr.Proxy = http.ProxyURL(u) }})
	resp, err := client.Get("http://example.invalid/path")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, _ := io.ReadAll(resp.Body); string(got) != "http://example.invalid/path" || proxied.Load() != 1 {
		t.Errorf("the proxy answered %q, %d requests", got, proxied.Load())
	}
}

// TestFIPS makes a TLS request in a process that allows only FIPS 140-3
// algorithms.
func TestFIPS(t *testing.T) {
	if os.Getenv("LAMBDATUNE_TEST_FIPS") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFIPS$", "-test.v")
		cmd.Env = append(os.Environ(), "LAMBDATUNE_TEST_FIPS=1", "GODEBUG=fips140=only")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	srv, roots := newTLSServer(t, http.HandlerFunc(echo))
	client := httpclient.New(httpclient.Options{Configure: withCA(roots)})
	resp, err := client.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}
