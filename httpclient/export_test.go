package httpclient

import "net"

// CountingConn returns a connection of a client, around c.
func CountingConn(c net.Conn) net.Conn { return &conn{Conn: c, counters: new(counters)} }
