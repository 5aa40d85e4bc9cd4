package httpclient_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/lambdatune/lambdatune/httpclient"
)

// BenchmarkKeepAlive is what keeping connections is worth, plain and over TLS:
// ours, ours without keep-alive, and net/http's without session cache.
func BenchmarkKeepAlive(b *testing.B) {
	for _, useTLS := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") }))
		name := "plain"
		if useTLS {
			name = "TLS"
			srv.StartTLS()
		} else {
			srv.Start()
		}
		trust := func(tr *http.Transport) {
			if useTLS {
				tr.TLSClientConfig.RootCAs = srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			}
		}
		none := func(tr *http.Transport) { trust(tr); tr.DisableKeepAlives = true }
		plain := bare()
		plain.TLSClientConfig = &tls.Config{}
		none(plain)
		for _, bm := range []struct {
			name   string
			client *http.Client
		}{
			{"kept", httpclient.New(httpclient.Options{Configure: trust})},
			{"none", httpclient.New(httpclient.Options{Configure: none})},
			{"none, no session cache", &http.Client{Transport: plain}},
		} {
			b.Run(name+"/"+bm.name, func(b *testing.B) {
				for b.Loop() {
					if err := call(b.Context(), bm.client, http.MethodGet, srv.URL); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		srv.Close()
	}
}

// BenchmarkBurst is 100 requests at the same time over TLS, again and again.
func BenchmarkBurst(b *testing.B) {
	const width = 100
	srv := &dials{Server: httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") }))}
	srv.Config.ConnState = srv.connState
	srv.StartTLS()
	defer srv.Close()
	roots := srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	plain := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	for _, bm := range []struct {
		name   string
		client *http.Client
	}{
		{"New", httpclient.New(httpclient.Options{FanOut: width, Configure: func(tr *http.Transport) { tr.TLSClientConfig.RootCAs = roots }})},
		{"net/http default", &http.Client{Transport: plain}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			before, n := srv.n.Load(), 0
			for b.Loop() {
				var wg sync.WaitGroup
				for range width {
					wg.Go(func() {
						if err := call(b.Context(), bm.client, http.MethodGet, srv.URL); err != nil {
							b.Error(err)
						}
					})
				}
				wg.Wait()
				n += width
			}
			b.ReportMetric(float64(srv.n.Load()-before)/float64(n)*1000, "dials/1000")
			bm.client.CloseIdleConnections()
		})
	}
}

// BenchmarkDrain is 200 answers whose bodies are closed unread: what matters is how
// many connections they need.
func BenchmarkDrain(b *testing.B) {
	const requests = 200
	srv := newServer(b, func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 64<<10)) })
	for _, bm := range []struct {
		name   string
		client func() *http.Client
	}{
		{"New", func() *http.Client { return httpclient.New(httpclient.Options{}) }},
		{"net/http default", func() *http.Client { return &http.Client{Transport: new(http.Transport)} }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			before, n := srv.n.Load(), 0
			for ; b.Loop(); n++ {
				client := bm.client()
				for range requests {
					resp, err := client.Get(srv.URL)
					if err != nil {
						b.Fatal(err)
					}
					if err := resp.Body.Close(); err != nil {
						b.Fatal(err)
					}
				}
				client.CloseIdleConnections()
			}
			b.ReportMetric(float64(srv.n.Load()-before)/float64(n), "dials/200")
		})
	}
}
