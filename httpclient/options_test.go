package httpclient_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/httpclient"
)

func TestValidate(t *testing.T) {
	table := func(key string, d time.Duration) map[string]time.Duration { return map[string]time.Duration{key: d} }
	tests := []struct {
		name   string
		opts   httpclient.Options
		option string // that is wrong, empty for none
	}{
		{"zero", httpclient.Options{}, ""},
		{"all at their limits", httpclient.Options{
			IdleTimeout: time.Hour, FanOut: 1024, ConnectTimeout: time.Millisecond, TLSHandshakeTimeout: time.Hour,
			ResponseHeaderTimeout: time.Hour, TCPUserTimeout: -1, MaxResponseBytes: 1,
			HostIdleTimeouts: map[string]time.Duration{"a": time.Millisecond, "a:80": time.Hour, "*.a": time.Second, "[::1]:80": time.Second},
		}, ""},
		{"negative idle timeout", httpclient.Options{IdleTimeout: -1}, "IdleTimeout"},
		{"long idle timeout", httpclient.Options{IdleTimeout: time.Hour + 1}, "IdleTimeout"},
		{"idle timeout in the wrong unit", httpclient.Options{IdleTimeout: 4}, "IdleTimeout"},
		{"host without a limit", httpclient.Options{HostIdleTimeouts: table("a", 0)}, `HostIdleTimeouts["a"]`},
		{"URL for a host", httpclient.Options{HostIdleTimeouts: table("https://a", time.Second)}, "HostIdleTimeouts, key"},
		{"star inside", httpclient.Options{HostIdleTimeouts: table("a.*.b", time.Second)}, "HostIdleTimeouts, key"},
		{"empty host", httpclient.Options{HostIdleTimeouts: table("", time.Second)}, "HostIdleTimeouts, key"},
		{"negative fan-out", httpclient.Options{FanOut: -1}, "FanOut"},
		{"large fan-out", httpclient.Options{FanOut: 1025}, "FanOut"},
		{"negative connect timeout", httpclient.Options{ConnectTimeout: -1}, "ConnectTimeout"},
		{"negative handshake timeout", httpclient.Options{TLSHandshakeTimeout: -1}, "TLSHandshakeTimeout"},
		{"negative header timeout", httpclient.Options{ResponseHeaderTimeout: -1}, "ResponseHeaderTimeout"},
		{"short user timeout", httpclient.Options{TCPUserTimeout: 1}, "TCPUserTimeout"},
		{"negative response limit", httpclient.Options{MaxResponseBytes: -1}, "MaxResponseBytes"},
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.opts.Validate()
			if tt.option == "" {
				if err != nil {
					t.Fatalf("Validate: %v", err)
				}
				return
			}
			var oe *httpclient.OptionError
			if !errors.As(err, &oe) || oe.Option != tt.option {
				t.Fatalf("Validate = %v, want an OptionError for %s", err, tt.option)
			}
			if !strings.Contains(err.Error(), tt.option) || !strings.Contains(err.Error(), "allowed is "+oe.Allowed) {
				t.Errorf("the error does not say what and what is allowed: %v", err)
			}
			for name, client := range map[string]*http.Client{
				"New":          httpclient.New(tt.opts),
				"NewTransport": {Transport: httpclient.NewTransport(tt.opts)},
				"a clone":      {Transport: httpclient.NewTransport(tt.opts).Clone()},
				"NewDialer":    {Transport: &http.Transport{DialContext: httpclient.NewDialer(tt.opts).DialContext}},
			} {
				resp, err := client.Get(srv.URL)
				if err == nil {
					resp.Body.Close()
				}
				if !errors.As(err, &oe) {
					t.Errorf("a request of %s with that option: %v, want an OptionError", name, err)
				}
			}
		})
	}
}

func TestTransportRefusesClientOptions(t *testing.T) {
	for option, opts := range map[string]httpclient.Options{
		"MaxResponseBytes": {MaxResponseBytes: 1},
		"Observe":          {Observe: nilObserver},
	} {
		client := &http.Client{Transport: httpclient.NewTransport(opts)}
		resp, err := client.Get("http://127.0.0.1:1")
		if err == nil {
			resp.Body.Close()
		}
		var oe *httpclient.OptionError
		if !errors.As(err, &oe) || oe.Option != option {
			t.Errorf("%s: %v, want an OptionError", option, err)
		}
	}
}
