package concurrency_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

func TestLinks(t *testing.T) {
	linked.Want(t, ".",
		"internal/jsonscan",
		"metrics/concurrency",
	)
}
