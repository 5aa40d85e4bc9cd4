// Command s3 is a function that reads an object with the SDK's S3 client.
package main

import (
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/handler"
)

type order struct {
	ID string `json:"id"`
}

var client = s3.New(s3.Options{Region: "eu-central-1"})

func place(ctx context.Context, o order) (order, error) {
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("orders"), Key: &o.ID})
	if err != nil {
		return o, err
	}
	defer out.Body.Close()
	_, err = io.Copy(io.Discard, out.Body)
	return o, err
}

func main() { handler.Start(handler.JSON(place)) }
