// Command s3select is s3 with a query in the place of the object.
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/handler"
)

type order struct {
	ID string `json:"id"`
}

var (
	client = s3.New(s3.Options{Region: "eu-central-1"})
	query  = s3select.Query{SQL: "SELECT s.id FROM S3Object s WHERE s.state = 'open'", Input: s3select.Input{Format: "JSON"}}
)

func place(ctx context.Context, o order) (order, error) {
	for row, err := range s3select.Rows[order](ctx, client, s3select.Object{Bucket: "orders", Key: o.ID}, query) {
		if err != nil {
			return o, err
		}
		o = row
	}
	return o, nil
}

func main() { handler.Start(handler.JSON(place)) }
