package httpclient_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDeps pins what a user of the package links: what is on no line here would
// cost every function size and INIT time.
func TestDeps(t *testing.T) {
	linked.Want(t, ".",
		"golang.org/x/sys/unix",
		"httpclient",
		"internal/invocation",
	)
}
