package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/examples/orders/orders"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// TestEvents plays the recorded events of all four fronts, through the Runtime
// API.
func TestEvents(t *testing.T) {
	f, err := runtimeapi.Start(runtimeapi.InProcess(handler.HTTP(orders.Place).Invoke), runtimeapi.Config{Name: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		front  string
		status int
	}{
		{"rest-api", 201},
		{"http-api", 201},
		{"function-url", 200}, // a dry run
		{"alb", 201},
	} {
		t.Run(c.front, func(t *testing.T) {
			event, err := os.ReadFile(filepath.Join("events", c.front+".json"))
			if err != nil {
				t.Fatal(err)
			}
			res, err := f.Invoke(t.Context(), runtimeapi.Invocation{Payload: event})
			if err != nil || res.FunctionError != "" {
				t.Fatalf("%v, %s", err, res.Payload)
			}
			var answer struct {
				StatusCode int
				Body       string
			}
			if err := json.Unmarshal(res.Payload, &answer); err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != c.status || !strings.Contains(answer.Body, `"totalCents":4800`) {
				t.Errorf("%d %s, want %d with the total", answer.StatusCode, answer.Body, c.status)
			}
		})
	}
}
