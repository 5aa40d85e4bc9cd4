// Command sqs is the same function behind a queue.
package main

import (
	"context"

	"github.com/lambdatune/lambdatune/handler"
)

type order struct {
	ID string `json:"id"`
}

func place(_ context.Context, o order) (order, error) { return o, nil }

func main() { handler.Start(handler.SQS(handler.Discard(place))) }
