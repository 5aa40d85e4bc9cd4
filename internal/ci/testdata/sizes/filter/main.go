// Command filter is json with an event filter in front.
package main

import (
	"context"
	"log"

	"github.com/lambdatune/lambdatune/filter"
	"github.com/lambdatune/lambdatune/handler"
)

type order struct {
	ID string `json:"id"`
}

func place(_ context.Context, o order) (order, error) { return o, nil }

func main() {
	c, err := filter.Parse(filter.Generic, `{"id":[{"prefix":"o-"}]}`)
	if err != nil {
		log.Fatal(err)
	}
	wanted := func(next handler.InvokeFunc) handler.InvokeFunc {
		return func(ctx context.Context, payload []byte) ([]byte, error) {
			if ok, err := c.Match(payload); err != nil || !ok {
				return nil, err
			}
			return next(ctx, payload)
		}
	}
	handler.Start(handler.Use(handler.JSON(place), wanted))
}
