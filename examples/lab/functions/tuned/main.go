// Command tuned is the same order function on this library: what every
// invocation needs is made once, at INIT, and survives rotation and freeze.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/prozz/aws-embedded-metrics-golang/emf"

	"github.com/lambdatune/lambdatune/examples/lab/order"
	"github.com/lambdatune/lambdatune/examples/lab/order/payments"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/httpclient"
	"github.com/lambdatune/lambdatune/metrics"
	"github.com/lambdatune/lambdatune/secrets"
)

func main() {
	m, err := metrics.New("Shop", metrics.WithDimensions("service", "orders"))
	if err != nil {
		log.Fatal(err)
	}
	secret, err := newSecret()
	if err != nil {
		log.Fatal(err)
	}
	prices, err := newPriceList()
	if err != nil {
		log.Fatal(err)
	}
	api, err := newPayments()
	if err != nil {
		log.Fatal(err)
	}
	desk := &order.Desk{
		Prices: prices.Get,
		Charge: func(ctx context.Context, c order.Charge) (string, error) {
			start := time.Now()
			defer func() { metrics.From(ctx).Duration("PaymentTime", time.Since(start)) }()
			return charge(ctx, secret, api, c)
		},
	}
	handler.Init(
		handler.Task{Name: "orders", Run: func(ctx context.Context) (err error) {
			desk.Orders, err = openOrders(ctx, secret) // fetches the secret
			return err
		}},
		handler.Task{Name: "prices", Run: prices.load},
		handler.Task{Name: "payments", Run: func(ctx context.Context) error {
			return httpclient.Prewarm(ctx, api.HTTP, []string{api.URL}, 1)
		}},
	)
	place := func(ctx context.Context, o order.Order) (order.Receipt, error) {
		r, err := desk.Place(ctx, o)
		if err == nil {
			metrics.From(ctx).Count("OrdersPlaced", 1)
			metrics.From(ctx).Add("RevenueCents", float64(r.TotalCents), emf.None)
		}
		return r, err
	}
	handler.Start(handler.Use(handler.HTTP(place), m.Middleware, secrets.Middleware(secret), httpclient.Middleware))
}

func newPayments() (*payments.Client, error) {
	tlsConfig, err := payments.TLS(os.Getenv("PAYMENTS_CA"))
	if err != nil {
		return nil, err
	}
	client := httpclient.New(httpclient.Options{
		MaxResponseBytes: 64 << 10,
		Configure:        func(tr *http.Transport) { tr.TLSClientConfig.RootCAs = tlsConfig.RootCAs },
	})
	return &payments.Client{URL: os.Getenv("PAYMENTS_URL"), HTTP: client}, nil
}
