package httpclient

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// dialFunc is the type of [http.Transport.DialContext].
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// countingDial returns dial with its connections counted.
func (c *counters) countingDial(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		start := time.Now()
		nc, err := dial(ctx, network, address)
		warm := prewarmFrom(ctx)
		if err != nil {
			c.dialErrors.Add(1)
			return nil, err
		}
		c.dials.Add(1)
		if warm != nil {
			warm.connected()
		} else {
			c.waits.Add(1)
			c.waitNanos.Add(max(0, int64(time.Since(start))))
		}
		return &conn{Conn: nc, counters: c}, nil
	}
}

// smallWrite is more than a TLS close_notify or an HTTP/2 ping or window update
// takes, and less than any request.
const smallWrite = 64

// A conn counts what passes over a connection, and how it ends.
type conn struct {
	net.Conn
	counters *counters

	// asked is set while a request was written and no answer has been read.
	asked   atomic.Bool
	reading atomic.Bool
	ended   atomic.Bool
}

func (c *conn) Read(p []byte) (int, error) {
	c.reading.Store(true)
	n, err := c.Conn.Read(p)
	c.reading.Store(false)
	if n > 0 {
		c.counters.bytesReceived.Add(uint64(n))
		if c.asked.Load() {
			c.asked.Store(false)
		}
	}
	if err != nil && !c.asked.Load() && c.ended.CompareAndSwap(false, true) {
		c.counters.staleCloses.Add(1)
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	if len(p) > smallWrite && !c.asked.Load() {
		c.asked.Store(true)
	}
	n, err := c.Conn.Write(p)
	c.counters.bytesSent.Add(uint64(n))
	return n, err
}

// ReadFrom lets a file be sent by the kernel, as on the bare connection.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	c.asked.Store(true)
	rf, ok := c.Conn.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{c}, r)
	}
	n, err := rf.ReadFrom(r)
	c.counters.bytesSent.Add(uint64(n))
	return n, err
}

// Close closes the connection. One that waits to be read from while no request
// is unanswered is idle.
func (c *conn) Close() error {
	if c.ended.CompareAndSwap(false, true) && c.reading.Load() && !c.asked.Load() {
		c.counters.staleCloses.Add(1)
	}
	return c.Conn.Close()
}

// NetConn returns the connection beneath, as [tls.Conn.NetConn] does.
func (c *conn) NetConn() net.Conn { return c.Conn }
