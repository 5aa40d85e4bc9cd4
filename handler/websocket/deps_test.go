package websocket_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDeps pins what a function links with this package, standard library
// apart: no more than package handler.
func TestDeps(t *testing.T) {
	linked.Want(t, ".", append(linked.Packages(t, linked.Module+"handler"), "handler/websocket")...)
}
