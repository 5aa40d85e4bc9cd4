//go:build linux

package freeze

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync"
	"time"
)

type serverConfig struct {
	Forget  time.Duration // idle limit of a connection
	Reset   bool          // forget with RST, else with FIN
	TLS     bool
	Listen  string // address to listen on; without one a listener is inherited
	Address string // in a network of its own, else empty
}

// runServer is the far side.
func runServer() {
	conf := config[serverConfig]()
	orders := bufio.NewReader(os.Stdin)
	if conf.Address != "" {
		configureLink(orders, conf.Address)
	}
	l, err := listen(conf.Listen)
	if err != nil {
		die(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(answer))
	srv.Listener.Close()
	srv.Listener = l
	srv.Config.ConnState = (&forgetful{after: conf.Forget, reset: conf.Reset}).connState
	if conf.TLS {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	} else {
		srv.Start()
	}
	fmt.Println(srv.URL)
	for {
		order, err := orders.ReadString('\n')
		if err != nil {
			os.Exit(0)
		}
		switch order {
		case "cut\n":
			cutLink()
		case "heal\n":
			healLink()
		}
		fmt.Println("done")
	}
}

func listen(address string) (net.Listener, error) {
	if address == "" {
		return net.FileListener(os.NewFile(3, "listener"))
	}
	return net.Listen("tcp", address)
}

// answer serves every kind of client: the JSON is an empty DynamoDB answer too.
func answer(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", "2745614147")
	w.Header().Set("Content-Length", "2")
	io.WriteString(w, "{}")
}

// forgetful closes connections that have been idle for a while.
type forgetful struct {
	after  time.Duration
	reset  bool
	timers sync.Map // net.Conn to *time.Timer
}

func (f *forgetful) connState(c net.Conn, s http.ConnState) {
	if t, ok := f.timers.LoadAndDelete(c); ok {
		t.(*time.Timer).Stop()
	}
	if s != http.StateIdle {
		return
	}
	f.timers.Store(c, time.AfterFunc(f.after, func() {
		if nc, ok := c.(interface{ NetConn() net.Conn }); ok {
			c = nc.NetConn() // no close_notify: the far side that forgets says nothing
		}
		if tc, ok := c.(*net.TCPConn); ok && f.reset {
			tc.SetLinger(0)
		}
		c.Close()
	}))
}

func lockThread() { runtime.LockOSThread() }
