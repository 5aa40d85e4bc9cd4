package handler

import (
	"slices"
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDeps pins what a function links with this package, standard library
// apart.
func TestDeps(t *testing.T) {
	linked.Want(t, ".",
		"github.com/aws/aws-lambda-go/lambda",
		"github.com/aws/aws-lambda-go/lambda/handlertrace",
		"github.com/aws/aws-lambda-go/lambda/messages",
		"github.com/aws/aws-lambda-go/lambdacontext",
		"handler",
		"handler/internal/attribute",
		"handler/internal/batch",
		"handler/internal/envelope",
		"internal/deadline",
		"internal/gateway",
		"internal/invocation",
		"internal/jsonscan",
	)
	// Each of these costs every function its size or its INIT.
	all := linked.Standard(t, ".")
	for _, std := range []string{"net/rpc", "text/template", "html/template", "encoding/gob", "testing", "flag", "regexp"} {
		if slices.Contains(all, std) {
			t.Errorf("%s is linked", std)
		}
	}
}
