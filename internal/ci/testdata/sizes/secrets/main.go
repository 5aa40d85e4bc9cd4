// Command secrets is json with a cached secret from a source of its own.
package main

import (
	"context"
	"errors"
	"log"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/secrets"
)

type order struct {
	ID string `json:"id"`
}

func main() {
	source := secrets.SourceFunc(func(context.Context, secrets.Request) (secrets.Raw, error) {
		return secrets.Raw{}, errors.New("none")
	})
	secret, err := secrets.New[string](source, "key", nil)
	if err != nil {
		log.Fatal(err)
	}
	place := func(ctx context.Context, o order) (order, error) {
		_, err := secret.Get(ctx)
		return o, err
	}
	handler.Start(handler.Use(handler.JSON(place), secrets.Middleware(secret)))
}
