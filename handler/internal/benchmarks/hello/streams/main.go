// Streams is the hello function behind every batch adapter: what all of them add
// to json.
package main

import (
	"context"
	"os"

	"github.com/lambdatune/lambdatune/handler"
)

type in struct {
	Name string `json:"name"`
}

type out struct {
	Text string `json:"text"`
}

func hello(_ context.Context, i in) (out, error) { return out{"hello " + i.Name}, nil }

func main() {
	each := handler.Discard(hello)
	switch os.Getenv("HELLO_SOURCE") {
	case "kinesis":
		handler.Start(handler.Kinesis(each))
	case "dynamodb":
		handler.Start(handler.DynamoDB(func(ctx context.Context, c struct{ NewImage in }) error { return each(ctx, c.NewImage) }))
	case "sns":
		handler.Start(handler.SNS(each))
	case "eventbridge":
		handler.Start(handler.EventBridge(each))
	case "s3":
		handler.Start(handler.S3(each))
	}
	handler.Start(handler.SQS(each))
}
