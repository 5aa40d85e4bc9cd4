package main

import (
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDependencies pins what the package links beside the standard library, on
// Linux.
func TestDependencies(t *testing.T) {
	linked.Want(t, ".", strings.Fields(links)...)
}

const links = `
github.com/aws/aws-lambda-go/lambdacontext
github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream
github.com/aws/smithy-go/logging
handler/local
handler/local/gobuild
handler/local/internal/allocs
handler/local/internal/cli
handler/local/internal/console
handler/local/internal/events
handler/local/internal/front
handler/local/internal/invokeapi
handler/local/internal/loop
handler/local/internal/samples
handler/local/internal/watch
handler/local/queue
handler/local/runtimeapi
internal/gateway
internal/gateway/edge
internal/invocation
internal/jsonscan
`
