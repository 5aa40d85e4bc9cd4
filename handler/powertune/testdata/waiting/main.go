// Command waiting is a function that waits for somebody else for a while.
package main

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(context.Context) error {
		time.Sleep(100 * time.Millisecond)
		return nil
	})
}
