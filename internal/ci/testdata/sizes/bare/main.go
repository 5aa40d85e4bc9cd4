// Command bare is the smallest function on aws-lambda-go alone.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type order struct {
	ID string `json:"id"`
}

func place(_ context.Context, o order) (order, error) { return o, nil }

func main() { lambda.Start(place) }
