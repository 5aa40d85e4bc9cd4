// Command httpclient is json with a client for the calls that it makes.
package main

import (
	"context"
	"net/http"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/httpclient"
)

type order struct {
	ID string `json:"id"`
}

var client = httpclient.New(httpclient.Options{})

func place(ctx context.Context, o order) (order, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/"+o.ID, nil)
	if err != nil {
		return o, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return o, err
	}
	return o, resp.Body.Close()
}

func main() { handler.Start(handler.Use(handler.JSON(place), httpclient.Middleware)) }
