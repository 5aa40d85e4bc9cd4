package awsclient_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/lambdatune/lambdatune/httpclient"
	"github.com/lambdatune/lambdatune/httpclient/awsclient"
)

// empty answers as DynamoDB answers GetItem for an item that is not there.
func empty(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", "2745614147")
	io.WriteString(w, "{}")
}

// What New sets is still there in the copies that the SDK makes per service.
func TestSurvivesCopying(t *testing.T) {
	for _, mode := range []aws.DefaultsMode{aws.DefaultsModeLegacy, aws.DefaultsModeStandard, aws.DefaultsModeInRegion} {
		t.Run(string(mode), func(t *testing.T) {
			shared := awsclient.New(awsclient.Options{FanOut: 20})
			db := newDynamoDB("http://127.0.0.1:1", shared, mode)
			client, ok := db.Options().HTTPClient.(*awshttp.BuildableClient)
			if !ok {
				t.Fatalf("the service's client is a %T", db.Options().HTTPClient)
			}
			tr := client.GetTransport()
			if tr.IdleConnTimeout != 4*time.Second || tr.MaxIdleConnsPerHost != 20 || tr.ResponseHeaderTimeout != 0 {
				t.Errorf("idle limit %v, idle pool %d, header timeout %v", tr.IdleConnTimeout, tr.MaxIdleConnsPerHost, tr.ResponseHeaderTimeout)
			}
			if c := tr.TLSClientConfig; c.ClientSessionCache == nil || c.ClientSessionCache != shared.GetTransport().TLSClientConfig.ClientSessionCache {
				t.Error("the TLS session cache is not shared")
			}
			if client.GetDialer().ControlContext == nil {
				t.Error("TCP_USER_TIMEOUT is lost")
			}
			if tr.Proxy == nil || tr.DialContext == nil || tr.HTTP2 == nil || tr.MaxConnsPerHost != awshttp.DefaultHTTPTransportMaxConnsPerHost {
				t.Error("the SDK's own configuration is lost")
			}
		})
	}
}

// The dialer's control is called by the copies.
func TestControlIsCalled(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(empty))
	defer srv.Close()
	for _, mode := range []aws.DefaultsMode{aws.DefaultsModeLegacy, aws.DefaultsModeInRegion} {
		var called atomic.Int32
		client := awsclient.New(awsclient.Options{}).WithDialerOptions(func(d *net.Dialer) {
			ours := d.ControlContext
			d.ControlContext = func(ctx context.Context, network, address string, c syscall.RawConn) error {
				called.Add(1)
				return ours(ctx, network, address, c)
			}
		})
		if err := getItem(newDynamoDB(srv.URL, client, mode))(t.Context()); err != nil {
			t.Fatal(err)
		}
		if called.Load() != 1 {
			t.Errorf("%s: called %d times, want once", mode, called.Load())
		}
	}
}

func TestOptionErrors(t *testing.T) {
	for option, opts := range map[string]awsclient.Options{
		"FanOut":           {FanOut: -1},
		"MaxResponseBytes": {MaxResponseBytes: 1},
		"Observe":          {Observe: func(context.Context, httpclient.Stats) {}},
	} {
		for _, mode := range []aws.DefaultsMode{aws.DefaultsModeLegacy, aws.DefaultsModeInRegion} {
			err := getItem(newDynamoDB("http://127.0.0.1:1", awsclient.New(opts), mode))(t.Context())
			var oe *httpclient.OptionError
			if !errors.As(err, &oe) || oe.Option != option {
				t.Errorf("%s, %s: %v, want an OptionError", option, mode, err)
			}
			if err != nil && strings.Contains(err.Error(), "attempts") {
				t.Errorf("%s, %s: retried: %v", option, mode, err)
			}
		}
	}
	var oe *httpclient.OptionError
	if _, err := awsclient.NewReplaying(awsclient.Options{FanOut: -1}); !errors.As(err, &oe) {
		t.Errorf("NewReplaying: %v, want an OptionError", err)
	}
}

// An answer that is too large is not asked for again.
func TestTooLarge(t *testing.T) {
	var calls atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		w.Write(make([]byte, 1000))
	}))
	defer srv.Close()
	client, err := awsclient.NewReplaying(awsclient.Options{MaxResponseBytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	err = getItem(newDynamoDB(srv.URL, client, aws.DefaultsModeLegacy))(t.Context())
	var tooLarge *httpclient.ResponseTooLargeError
	if !errors.As(err, &tooLarge) || calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// bundle writes the CA of a TLS server where AWS_CA_BUNDLE points.
func bundle(t *testing.T) (url string) {
	t.Helper()
	srv := httptest.NewTLSServer(http.HandlerFunc(empty))
	t.Cleanup(srv.Close)
	path := filepath.Join(t.TempDir(), "ca.pem")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(path, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", path)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	return srv.URL
}

func TestCABundle(t *testing.T) {
	url := bundle(t)
	base := func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(url) }

	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithHTTPClient(awsclient.New(awsclient.Options{})))
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	if err := getItem(dynamodb.NewFromConfig(cfg, base))(t.Context()); err != nil {
		t.Errorf("New: %v", err)
	}

	if cfg, err = config.LoadDefaultConfig(t.Context()); err != nil {
		t.Fatal(err)
	}
	if cfg.HTTPClient, err = awsclient.NewReplaying(awsclient.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := getItem(dynamodb.NewFromConfig(cfg, base))(t.Context()); err != nil {
		t.Errorf("NewReplaying: %v", err)
	}

	t.Setenv("AWS_CA_BUNDLE", filepath.Join(t.TempDir(), "missing.pem"))
	if _, err := awsclient.NewReplaying(awsclient.Options{}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "AWS_CA_BUNDLE") {
		t.Errorf("a missing bundle: %v", err)
	}
	noPEM := filepath.Join(t.TempDir(), "no.pem")
	os.WriteFile(noPEM, []byte("hello"), 0o600)
	t.Setenv("AWS_CA_BUNDLE", noPEM)
	if _, err := awsclient.NewReplaying(awsclient.Options{}); err == nil {
		t.Error("a bundle without a certificate: no error")
	}
}

// breaking is a connection that the far side has closed by the time of the
// second request: nothing of it can be written any more.
type breaking struct {
	net.Conn
	writes int
}

func (c *breaking) Write(p []byte) (int, error) {
	if c.writes++; c.writes == 2 {
		return 0, syscall.EPIPE
	}
	return c.Conn.Write(p)
}

// breakFirst makes a client's first connection a breaking one.
func breakFirst(first *atomic.Bool) func(*http.Transport) {
	return func(tr *http.Transport) {
		dial := tr.DialContext
		tr.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err == nil && first.CompareAndSwap(false, true) {
				c = &breaking{Conn: c}
			}
			return c, err
		}
	}
}

// A call of which nothing was sent is replayed below the SDK's retryer, which
// sees one attempt.
func TestReplaysUnsent(t *testing.T) {
	var bodies []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(b))
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amz-Crc32", "2745614147")
		io.WriteString(w, "{}")
	}))
	defer srv.Close()
	client, err := awsclient.NewReplaying(awsclient.Options{Configure: breakFirst(new(atomic.Bool))})
	if err != nil {
		t.Fatal(err)
	}
	db := newDynamoDB(srv.URL, client, aws.DefaultsModeLegacy)
	once := dynamodb.New(db.Options(), func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	for i := range 3 {
		if err := getItem(once)(t.Context()); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	s, ok := httpclient.ReadStats(client.HTTPClient())
	if !ok || s.Replays != 1 || s.Requests != 3 || s.Dials != 2 {
		t.Errorf("%+v, want one replay on a second connection", s)
	}
	if len(bodies) != 3 || bodies[1] != bodies[0] || bodies[0] == "" {
		t.Errorf("bodies %q", bodies)
	}
}

func TestBodies(t *testing.T) {
	var got []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
	}))
	defer srv.Close()
	client, err := awsclient.NewReplaying(awsclient.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := func(n int) string { return strings.Repeat("x", n) }
	broken := errors.New("disk gone")
	for _, tt := range []struct {
		name      string
		body      io.Reader
		announced int64
		rewinds   bool
		fails     bool
	}{
		{"small", strings.NewReader(text(1000)), 1000, true, false},
		{"at the limit", strings.NewReader(text(64 << 10)), 64 << 10, true, false},
		{"over the limit", strings.NewReader(text(64<<10 + 1)), 64<<10 + 1, false, false},
		{"length not known", strings.NewReader(text(10)), -1, false, false},
		{"shorter than announced", strings.NewReader(text(10)), 20, false, true},
		{"longer than announced", strings.NewReader(text(30)), 20, false, true},
		{"read fails", io.MultiReader(strings.NewReader(text(5)), errReader{broken}), 10, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := &recordingBody{Reader: tt.body}
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, srv.URL, nil)
			req.Body, req.ContentLength = body, tt.announced
			resp, err := client.Do(req)
			if err == nil {
				resp.Body.Close()
			}
			if (err != nil) != tt.fails {
				t.Fatalf("error %v", err)
			}
			if tt.name == "read fails" && !errors.Is(err, broken) {
				t.Errorf("error %v, want the body's", err)
			}
			if (req.GetBody != nil) != tt.rewinds {
				t.Errorf("can be rewound: %v", req.GetBody != nil)
			}
			if !body.closed.Load() {
				t.Error("the body is not closed")
			}
			if !tt.fails && tt.announced > 0 && int64(len(got)) != tt.announced {
				t.Errorf("%d bytes arrived", len(got))
			}
		})
	}
}

type recordingBody struct {
	io.Reader
	closed atomic.Bool
}

func (b *recordingBody) Close() error { b.closed.Store(true); return nil }

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// Redirects are followed as by the SDK's own client.
func TestRedirects(t *testing.T) {
	var token string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token = r.Header.Get("X-Amz-Security-Token")
		io.Copy(w, r.Body)
	}))
	defer elsewhere.Close()
	status := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if status != http.StatusMovedPermanently { // as S3, which names no place then
			w.Header().Set("Location", elsewhere.URL)
		}
		w.WriteHeader(status)
	}))
	defer srv.Close()
	client, err := awsclient.NewReplaying(awsclient.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []interface {
		Do(*http.Request) (*http.Response, error)
	}{client, awshttp.NewBuildableClient()} {
		for _, status = range []int{301, 302, 303, 307, 308} {
			token = ""
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, srv.URL, strings.NewReader("body"))
			req.Header.Set("X-Amz-Security-Token", "secret")
			resp, err := c.Do(req)
			if err != nil {
				t.Fatalf("%T, %d: %v", c, status, err)
			}
			b, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			want := status
			if status >= 307 {
				want = 200
			}
			if resp.StatusCode != want || (want == 200 && string(b) != "body") || token != "" {
				t.Errorf("%T, %d: status %d, body %q, token sent elsewhere %v", c, status, resp.StatusCode, b, token != "")
			}
		}
	}
}
