package main

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/examples/orders-postgres/localpg"
)

func TestNothingFails(t *testing.T) {
	out, err := run(t.Context(), 3, 4, 100*time.Millisecond)
	if errors.Is(err, localpg.ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out)
	if out.failed > 0 || out.placed == 0 {
		t.Errorf("%v", out)
	}
}
