package world

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/order"
	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// paymentAPI is somebody else's API over TLS. It takes its time, charges once
// per Idempotency-Key, and drops connections that are idle.
type paymentAPI struct {
	server   *httptest.Server
	listener *droppingListener
	latency  time.Duration

	mu      sync.Mutex
	key     string // of its client
	charged map[string]bool
	tallied result.Payments
}

func startPayments(latency, idle time.Duration, key string) *paymentAPI {
	p := &paymentAPI{latency: latency, key: key, charged: map[string]bool{}}
	p.server = httptest.NewUnstartedServer(p)
	p.listener = &droppingListener{Listener: p.server.Listener, idle: idle}
	p.server.Listener = p.listener
	p.server.Config.ErrorLog = log.New(io.Discard, "", 0) // prewarmed connections, and those that it drops
	p.server.StartTLS()
	return p
}

func (p *paymentAPI) close() {
	p.server.CloseClientConnections()
	p.server.Close()
}

// certificate is what to trust, in PEM.
func (p *paymentAPI) certificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw})
}

// setKey changes the key that clients must have, at once.
func (p *paymentAPI) setKey(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key = key
}

// tally returns what happened since the last time.
func (p *paymentAPI) tally() result.Payments {
	opened, dropped := p.listener.tally()
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tallied
	t.Connections, t.Dropped = opened, dropped
	p.tallied, p.charged = result.Payments{}, map[string]bool{}
	return t
}

// ServeHTTP takes a charge.
func (p *paymentAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var c order.Charge
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&c); err != nil || c.Key == "" || c.Key != r.Header.Get("Idempotency-Key") {
		http.Error(w, "a charge in JSON with its key is needed, and an Idempotency-Key", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.tallied.Requests++
	known := r.Header.Get("Authorization") == "Bearer "+p.key
	p.mu.Unlock()
	if !known {
		http.Error(w, "unknown key", http.StatusUnauthorized)
		return
	}
	if !wait(r, p.latency) {
		return
	}
	p.mu.Lock()
	if p.charged[c.Key] {
		p.tallied.Duplicates++
	}
	p.charged[c.Key] = true
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"authorization":"a-%s"}`, c.Key)
}

// droppingListener drops connections that were idle for some time, in the ways
// in which servers, load balancers and NAT gateways do.
type droppingListener struct {
	net.Listener
	idle time.Duration

	mu              sync.Mutex
	opened, dropped int
	drops           int // chooses the way of the next drop
}

// tally returns how many were opened and dropped since the last time.
func (l *droppingListener) tally() (opened, dropped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	opened, dropped = l.opened, l.dropped
	l.opened, l.dropped = 0, 0
	return opened, dropped
}

// Accept waits for the next connection.
func (l *droppingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.opened++
	l.mu.Unlock()
	d := &droppedConn{TCPConn: c.(*net.TCPConn), listener: l}
	d.timer = time.AfterFunc(l.idle, d.drop)
	return d, nil
}

// droppedConn is a connection that will be dropped.
type droppedConn struct {
	*net.TCPConn
	listener *droppingListener
	timer    *time.Timer

	mu        sync.Mutex
	forgotten bool
	closed    bool
}

// drop ends the connection by a FIN, by a RST, or by forgetting it: the next
// packet is answered with a RST, as a NAT gateway does after 350 s,
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html.
func (c *droppedConn) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	l := c.listener
	l.mu.Lock()
	l.dropped++
	way := l.drops % 3
	l.drops++
	l.mu.Unlock()
	switch way {
	case 0:
		c.TCPConn.Close()
	case 1:
		c.TCPConn.SetLinger(0)
		c.TCPConn.Close()
	case 2:
		c.forgotten = true
	}
}

// Read reads, unless the connection was forgotten meanwhile.
func (c *droppedConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgotten {
		c.TCPConn.SetLinger(0)
		c.TCPConn.Close()
		return 0, net.ErrClosed
	}
	if n > 0 && !c.closed {
		c.timer.Reset(c.listener.idle)
	}
	return n, err
}

// Write writes.
func (c *droppedConn) Write(b []byte) (int, error) {
	n, err := c.TCPConn.Write(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed && !c.forgotten {
		c.timer.Reset(c.listener.idle)
	}
	return n, err
}

// Close closes the connection. It was not dropped then.
func (c *droppedConn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.timer.Stop()
	return c.TCPConn.Close()
}
