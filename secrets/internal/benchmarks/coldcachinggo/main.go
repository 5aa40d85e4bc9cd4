// Command coldcachinggo fetches one secret by aws-secretsmanager-caching-go.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-secretsmanager-caching-go/v2/secretcache"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	cache, err := secretcache.New()
	if err != nil {
		return err
	}
	text, err := cache.GetSecretString("orders/db")
	if err != nil {
		return err
	}
	var creds struct{ Username, Password string }
	if err := json.Unmarshal([]byte(text), &creds); err != nil {
		return err
	}
	_, err = fmt.Println(creds.Username)
	return err
}
