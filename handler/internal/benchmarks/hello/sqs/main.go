// Sqs is the hello function behind a queue: what a batch adapter adds to json.
package main

import (
	"context"

	"github.com/lambdatune/lambdatune/handler"
)

type in struct {
	Name string `json:"name"`
}

type out struct {
	Text string `json:"text"`
}

func hello(_ context.Context, i in) (out, error) { return out{"hello " + i.Name}, nil }

func main() { handler.Start(handler.SQS(handler.Discard(hello))) }
