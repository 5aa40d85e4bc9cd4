// Command coldlambdatune fetches one secret by package secrets.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/secretsmanager"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	source, err := secretsmanager.FromEnvironment()
	if err != nil {
		return err
	}
	secret, err := secrets.New[struct {
		Username string
		Password secrets.Redacted
	}](source, "orders/db", nil)
	if err != nil {
		return err
	}
	if err := secrets.Prefetch(secret)(ctx); err != nil {
		return err
	}
	creds, err := secret.Get(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Println(creds.Username)
	return err
}
