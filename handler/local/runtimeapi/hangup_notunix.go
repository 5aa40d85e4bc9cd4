//go:build !unix

package runtimeapi

import "net"

// closedByPeer leaves it to net/http.
func closedByPeer(*net.TCPConn) bool { return false }
