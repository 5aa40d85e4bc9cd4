package gateway_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDependencies pins what every function behind an HTTP front links.
func TestDependencies(t *testing.T) {
	linked.Want(t, ".", "internal/gateway", "internal/jsonscan")
	linked.Want(t, "./edge", "internal/gateway", "internal/gateway/edge", "internal/jsonscan")
}
