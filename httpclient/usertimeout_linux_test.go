package httpclient_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lambdatune/lambdatune/httpclient"
)

func TestTCPUserTimeout(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	for opt, want := range map[time.Duration]int{0: 5000, -1: 0, 1500 * time.Millisecond: 1500} {
		got := -1
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			raw, err := info.Conn.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			raw.Control(func(fd uintptr) {
				got, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
			})
		}}
		req, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, srv.URL, nil)
		resp, err := httpclient.NewTransport(httpclient.Options{TCPUserTimeout: opt}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got != want {
			t.Errorf("option %v: TCP_USER_TIMEOUT %d ms, want %d", opt, got, want)
		}
	}
}
