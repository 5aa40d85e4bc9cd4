package idempotent_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDeps pins what a function links with this package, standard library
// apart.
func TestDeps(t *testing.T) {
	linked.Want(t, ".",
		"handler/idempotent",
		"internal/invocation",
	)
}
