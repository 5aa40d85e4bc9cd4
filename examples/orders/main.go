// Command orders is a Lambda function that places orders over HTTP, behind any
// of API Gateway (REST or HTTP API), a function URL or a load balancer.
package main

import (
	"log"

	"github.com/prozz/aws-embedded-metrics-golang/emf"

	"github.com/lambdatune/lambdatune/examples/orders/orders"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/metrics"
)

func main() {
	m, err := metrics.New("Orders", metrics.WithDimensions("service", "orders"))
	if err != nil {
		log.Fatal(err)
	}
	if err := measure(m); err != nil {
		log.Fatal(err)
	}
	handler.Start(handler.Use(handler.HTTP(orders.Place), m.Middleware))
}

// measure connects the shop's counters, which know nothing of CloudWatch, with
// metrics.
func measure(m *metrics.Metrics) error {
	placed, err := m.Metric("OrdersPlaced", emf.Count)
	if err != nil {
		return err
	}
	refused, err := m.Metric("OrdersRefused", emf.Count)
	if err != nil {
		return err
	}
	revenue, err := m.Metric("RevenueCents", emf.None)
	if err != nil {
		return err
	}
	orders.Measure(orders.Counters{Placed: placed, Refused: refused, Revenue: revenue})
	return nil
}
