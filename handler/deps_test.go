package handler

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDeps pins what a function links with this package, standard library
// apart.
func TestDeps(t *testing.T) {
	const module = "github.com/lambdatune/lambdatune/"
	want := []string{
		"github.com/aws/aws-lambda-go/lambda",
		"github.com/aws/aws-lambda-go/lambda/handlertrace",
		"github.com/aws/aws-lambda-go/lambda/messages",
		"github.com/aws/aws-lambda-go/lambdacontext",
		module + "handler",
		module + "handler/internal/attribute",
		module + "handler/internal/batch",
		module + "handler/internal/envelope",
		module + "internal/deadline",
		module + "internal/gateway",
		module + "internal/invocation",
		module + "internal/jsonscan",
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not linked any more: %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("linked, but not on the list: %s", g)
		}
	}
	// Each of these costs every function its size or its INIT.
	out, err = exec.CommandContext(t.Context(), "go", "list", "-tags", "lambda.norpc", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(string(out))
	for _, std := range []string{"net/rpc", "text/template", "html/template", "encoding/gob", "testing", "flag", "regexp"} {
		if slices.Contains(all, std) {
			t.Errorf("%s is linked", std)
		}
	}
}
