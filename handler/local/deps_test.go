package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencies pins what the package links beside the standard library, on
// Linux.
func TestDependencies(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	cmd.Env = append(cmd.Environ(), "GOOS=linux")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/lambdatune/lambdatune/"
	want := strings.Join([]string{
		module + "handler/local/gobuild",
		module + "handler/local/internal/allocs",
		"github.com/aws/aws-lambda-go/lambdacontext",
		module + "internal/invocation",
		module + "handler/local/internal/loop",
		module + "handler/local/runtimeapi",
		module + "handler/local/internal/console",
		module + "handler/local/internal/events",
		module + "internal/jsonscan",
		module + "internal/gateway",
		module + "internal/gateway/edge",
		module + "handler/local/internal/front",
		"github.com/aws/smithy-go/logging",
		"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream",
		module + "handler/local/internal/invokeapi",
		module + "handler/local/internal/samples",
		module + "handler/local/internal/watch",
		module + "handler/local/queue",
		module + "handler/local/internal/cli",
		module + "handler/local",
	}, "\n")
	if got := strings.TrimSpace(string(out)); got != want {
		t.Errorf("it links\n%s\nwant\n%s", got, want)
	}
}
