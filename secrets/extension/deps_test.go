package extension_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestLinks pins the modules' packages that a function links with this one.
func TestLinks(t *testing.T) {
	linked.Want(t, ".",
		"internal/invocation",
		"secrets",
		"secrets/extension",
	)
}
