// Command cpubound is a function that computes for a while.
package main

import (
	"context"
	"crypto/sha256"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(context.Context) ([]byte, error) {
		sum := sha256.Sum256(nil)
		for range 40_000 {
			sum = sha256.Sum256(sum[:])
		}
		return sum[:], nil
	})
}
