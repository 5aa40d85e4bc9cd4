package secrets_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestLinks pins what a function links that imports this package.
func TestLinks(t *testing.T) {
	linked.Want(t, ".",
		"internal/invocation",
		"secrets",
	)
}
