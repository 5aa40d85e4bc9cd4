package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/lambdatune/lambdatune/examples/orders/orders"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/metrics"
	"github.com/lambdatune/lambdatune/metrics/emftest"
)

// TestMetrics reads the lines of an order and of a refused one as CloudWatch
// would.
func TestMetrics(t *testing.T) {
	var out emftest.Capture
	m, err := metrics.New("Orders", metrics.WithDimensions("service", "orders"), metrics.WithWriter(&out))
	if err != nil {
		t.Fatal(err)
	}
	if err := measure(m); err != nil {
		t.Fatal(err)
	}
	defer orders.Measure(orders.Counters{})
	f := handler.Use(handler.HTTP(orders.Place), m.Middleware)
	event, err := os.ReadFile("events/alb.json")
	if err != nil {
		t.Fatal(err)
	}
	// The shop is that of the process: another customer's order is a new one.
	event = bytes.ReplaceAll(event, []byte("c-4711"), []byte("c-4712"))
	if _, err := f.Invoke(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	out.AssertValid(t)
	out.AssertValues(t, "OrdersPlaced", []float64{1}, "service", "orders")
	out.AssertValues(t, "RevenueCents", []float64{4800}, "service", "orders")
	out.AssertValues(t, "OrdersRefused", nil, "service", "orders")
}
