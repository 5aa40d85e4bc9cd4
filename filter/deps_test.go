package filter_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDependencies pins what a user of the package links beyond the standard
// library.
func TestDependencies(t *testing.T) {
	linked.Want(t, ".",
		"filter",
		"filter/internal/engine",
		"filter/internal/pattern",
		"internal/jsonscan",
	)
}
