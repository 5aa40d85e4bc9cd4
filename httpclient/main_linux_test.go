package httpclient_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/httpclient"
	"github.com/lambdatune/lambdatune/httpclient/internal/freeze"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(firstCallEnv); mode != "" {
		firstCall(mode, os.Getenv("LAMBDATUNE_URL"))
	}
	freeze.Main(m, kinds())
}

// kinds are the clients that are frozen: each with GET and POST.
func kinds() map[string]freeze.Kind {
	clients := map[string]func() *http.Client{
		"net/http default": func() *http.Client {
			return &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
		},
		"New": func() *http.Client { return httpclient.New(httpclient.Options{}) },
		"NewTransport": func() *http.Client {
			return &http.Client{Transport: httpclient.NewTransport(httpclient.Options{})}
		},
		"New, host limit 1s": func() *http.Client {
			return httpclient.New(httpclient.Options{HostIdleTimeouts: map[string]time.Duration{
				"127.0.0.1": time.Second, "198.18.0.2": time.Second,
			}})
		},
		"net/http default, HTTP/2": func() *http.Client {
			tr := http.DefaultTransport.(*http.Transport).Clone()
			trustAnyone(tr)
			return &http.Client{Transport: tr}
		},
		"New, HTTP/2, limit 1s": func() *http.Client {
			return httpclient.New(httpclient.Options{IdleTimeout: time.Second, Configure: trustAnyone})
		},
		"New, HTTP/2": func() *http.Client { return httpclient.New(httpclient.Options{Configure: trustAnyone}) },
		"NewTransport, limit 1s": func() *http.Client {
			return &http.Client{Transport: httpclient.NewTransport(httpclient.Options{IdleTimeout: time.Second})}
		},
	}
	kinds := make(map[string]freeze.Kind)
	for name, client := range clients {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			kinds[name+" "+method] = func(url string) func(context.Context) error {
				c := client()
				return func(ctx context.Context) error { return call(ctx, c, method, url) }
			}
		}
	}
	kinds["clocks"] = suspendedClock
	return kinds
}

// trustAnyone is for a far side in another process.
func trustAnyone(tr *http.Transport) {
	if tr.TLSClientConfig == nil {
		tr.TLSClientConfig = new(tls.Config)
	}
	tr.TLSClientConfig.InsecureSkipVerify = true
}

// suspendedClock is no client: it fails unless the monotonic clock has stood
// still while the wall clock passed the freeze.
func suspendedClock(string) func(context.Context) error {
	var last time.Time
	return func(context.Context) error {
		now := time.Now()
		wall, mono := now.Round(0).Sub(last.Round(0)), now.Sub(last)
		if first := last.IsZero(); first {
			last = now
			return nil
		}
		if wall < 2*time.Second || mono > time.Second {
			return fmt.Errorf("%v by the wall clock, %v by the monotonic one", wall, mono)
		}
		return nil
	}
}
