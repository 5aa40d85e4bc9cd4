package metrics_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDependencies pins what a user of the package links besides the standard
// library.
func TestDependencies(t *testing.T) {
	linked.Want(t, ".",
		"github.com/prozz/aws-embedded-metrics-golang/emf",
		"internal/invocation",
		"internal/jsonscan",
		"metrics",
		"metrics/internal/guard",
		"metrics/internal/limits",
		"metrics/internal/line",
	)
}
