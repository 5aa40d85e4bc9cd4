// Command metrics is json with metrics around it.
package main

import (
	"context"
	"log"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/metrics"
)

type order struct {
	ID string `json:"id"`
}

func place(ctx context.Context, o order) (order, error) {
	metrics.From(ctx).Count("Placed", 1)
	return o, nil
}

func main() {
	m, err := metrics.New("Orders")
	if err != nil {
		log.Fatal(err)
	}
	handler.Start(handler.Use(handler.JSON(place), m.Middleware))
}
