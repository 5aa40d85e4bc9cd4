package queue_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDependencies pins what the package links beside the standard library, on
// Linux.
func TestDependencies(t *testing.T) {
	linked.Want(t, ".",
		"github.com/aws/aws-lambda-go/lambdacontext",
		"handler/local/internal/loop",
		"handler/local/queue",
		"handler/local/runtimeapi",
		"internal/invocation",
	)
}
