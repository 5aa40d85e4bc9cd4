package runtimeapi

import (
	"context"
	"net"
)

// A program that is about to end, say after a panic, first gives up its
// requests for an invocation. net/http notices that in its own time; an event
// that is handed over before would be lost.

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// hungUp tells whether the other side has closed the request's connection.
func hungUp(ctx context.Context) bool {
	c, ok := ctx.Value(connKey{}).(*net.TCPConn)
	return ok && closedByPeer(c)
}
