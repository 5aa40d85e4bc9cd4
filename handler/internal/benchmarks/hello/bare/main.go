// Bare is a hello function on aws-lambda-go alone.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type in struct {
	Name string `json:"name"`
}

type out struct {
	Text string `json:"text"`
}

func hello(_ context.Context, i in) (out, error) { return out{"hello " + i.Name}, nil }

func main() { lambda.Start(hello) }
