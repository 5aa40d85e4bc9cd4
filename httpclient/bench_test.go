package httpclient_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/httpclient"
)

// deadline is a context with one, as every invocation's.
func deadline(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	tb.Cleanup(cancel)
	return ctx
}

// traced is what counting costs with httptrace.
type traced struct {
	base           http.RoundTripper
	reused, dialed atomic.Uint64
}

func (t *traced) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if i.Reused {
			t.reused.Add(1)
		} else {
			t.dialed.Add(1)
		}
	}})
	return t.base.RoundTrip(req.WithContext(ctx))
}

func bare() *http.Transport { return http.DefaultTransport.(*http.Transport).Clone() }

func counting(configure func(*http.Transport)) http.RoundTripper {
	return httpclient.New(httpclient.Options{
		Observe:          func(context.Context, httpclient.Stats) {},
		HostIdleTimeouts: map[string]time.Duration{"*.example.com": time.Minute},
		Configure:        configure,
	}).Transport
}

// BenchmarkRequest is one request over loopback: bare, with our counters, with
// httptrace's, and, as the floor, the same bytes over the bare connection.
func BenchmarkRequest(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") }))
	defer srv.Close()
	req, err := http.NewRequestWithContext(deadline(b), http.MethodGet, srv.URL, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, bm := range []struct {
		name string
		rt   http.RoundTripper
	}{
		{"bare", bare()}, {"New", counting(nil)}, {"httptrace", &traced{base: bare()}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				roundTrip(b, bm.rt, req)
			}
		})
	}
	b.Run("floor", func(b *testing.B) {
		c, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		r := bufio.NewReader(c)
		b.ReportAllocs()
		for b.Loop() {
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n")
			for {
				line, err := r.ReadSlice('\n')
				if err != nil {
					b.Fatal(err)
				}
				if len(line) == 2 {
					r.Discard(2)
					break
				}
			}
		}
	})
}

func roundTrip(tb testing.TB, rt http.RoundTripper, req *http.Request) {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		tb.Fatal(err)
	}
	var buf [64]byte
	for {
		if _, err := resp.Body.Read(buf[:]); err == io.EOF {
			break
		} else if err != nil {
			tb.Fatal(err)
		}
	}
	resp.Body.Close()
}

// BenchmarkOverhead is what New adds to a request, without the noise of a
// network: a Transport's round trip that ends before it dials, bare and within
// New, and one connection's traffic for a request, bare and counted.
func BenchmarkOverhead(b *testing.B) {
	ctx := deadline(b)
	register := func(tr *http.Transport) { tr.RegisterProtocol("http", canned{}) }
	base := bare()
	register(base)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://api.example.com/", nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, bm := range []struct {
		name string
		rt   http.RoundTripper
	}{{"bare", base}, {"New", counting(register)}, {"httptrace", &traced{base: base}}} {
		b.Run("round trip/"+bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				roundTrip(b, bm.rt, req)
			}
		})
	}
	for _, bm := range []struct {
		name string
		c    net.Conn
	}{{"bare", silent{}}, {"New", httpclient.CountingConn(silent{})}} {
		b.Run("connection/"+bm.name, func(b *testing.B) {
			b.ReportAllocs()
			var buf [512]byte
			for b.Loop() { // what net/http does per request
				bm.c.Write(buf[:])
				bm.c.Read(buf[:])
			}
		})
	}
}

// BenchmarkExtra is what New adds to a request in all, round trip and
// connection: medians of short turns, bare and New in alternation, so that both
// see the same noise.
func BenchmarkExtra(b *testing.B) {
	const turn = 100
	register := func(tr *http.Transport) { tr.RegisterProtocol("http", canned{}) }
	base := bare()
	register(base)
	req, err := http.NewRequestWithContext(deadline(b), http.MethodGet, "http://api.example.com/", nil)
	if err != nil {
		b.Fatal(err)
	}
	ours := counting(register)
	conns := [2]net.Conn{silent{}, httpclient.CountingConn(silent{})}
	var took [2][]time.Duration
	var buf [512]byte
	for b.Loop() {
		for i, rt := range []http.RoundTripper{base, ours} {
			start := time.Now()
			for range turn {
				roundTrip(b, rt, req)
				conns[i].Write(buf[:])
				conns[i].Read(buf[:])
			}
			took[i] = append(took[i], time.Since(start))
		}
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2]) / turn
	}
	plain, with := median(took[0]), median(took[1])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(plain, "bare-ns")
	b.ReportMetric(with, "New-ns")
	b.ReportMetric(with-plain, "extra-ns")
}

// canned answers every request.
type canned struct{}

func (canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader("{}")), ContentLength: 2, Request: req,
	}, nil
}

type silent struct{ net.Conn }

func (silent) Read(p []byte) (int, error)  { return len(p), nil }
func (silent) Write(p []byte) (int, error) { return len(p), nil }

// Counting allocates nothing per request: what New hands out per response comes
// from slabs, one allocation in 64 requests.
func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") }))
	defer srv.Close()
	req, err := http.NewRequestWithContext(deadline(t), http.MethodGet, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	measure := func(rt http.RoundTripper) float64 {
		return testing.AllocsPerRun(1000, func() { roundTrip(t, rt, req) })
	}
	plain, ours := measure(bare()), measure(counting(nil))
	t.Logf("bare %.0f, New %.0f allocations per request, server included", plain, ours)
	if ours > plain {
		t.Errorf("New allocates %.0f per request, a bare Transport %.0f", ours, plain)
	}
}
