package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/lambdatune/lambdatune/secrets"
)

// exampleSource stands in for secretsmanager.FromEnvironment.
var exampleSource = secrets.SourceFunc(func(_ context.Context, r secrets.Request) (secrets.Raw, error) {
	if r.ID == "orders/api-key" {
		return secrets.Raw{Version: "v7", Data: []byte("key-7")}, nil
	}
	return secrets.Raw{Version: "v1", Data: []byte(`{"username":"app","password":"correct horse"}`)}, nil
})

func Example() {
	type login struct {
		Username string
		Password secrets.Redacted
	}
	db, err := secrets.New[login](exampleSource, "orders/db", nil)
	if err != nil {
		log.Fatal(err)
	}
	apiKey, err := secrets.New[string](exampleSource, "orders/api-key", nil)
	if err != nil {
		log.Fatal(err)
	}

	// At INIT: handler.Init(handler.Task{Name: "secrets", Run: secrets.Prefetch(db, apiKey)})
	if err := secrets.Prefetch(db, apiKey)(context.Background()); err != nil {
		log.Fatal(err)
	}

	// Around the handler: handler.Use(inv, secrets.Middleware(db, apiKey))
	handle := secrets.Middleware(db, apiKey)(func(ctx context.Context, _ []byte) ([]byte, error) {
		creds, err := db.Get(ctx) // an atomic load
		if err != nil {
			return nil, err
		}
		fmt.Printf("%+v\n", creds)
		return nil, nil
	})
	if _, err := handle(context.Background(), nil); err != nil {
		log.Fatal(err)
	}
	// Output: {Username:app Password:[redacted]}
}

// An API key that has been rotated is noticed by the 401 that it gets.
func ExampleDo() {
	apiKey, err := secrets.New[string](exampleSource, "orders/api-key", nil)
	if err != nil {
		log.Fatal(err)
	}
	call := func(key string) (status int) { return 200 } // an HTTP request
	err = secrets.Do(context.Background(), apiKey, func(ctx context.Context, key string) error {
		if status := call(key); status == 401 {
			return secrets.Rejected(errors.New("the API answered 401"))
		}
		return nil
	})
	fmt.Println(err)
	// Output: <nil>
}

// With the metrics package, the recorder of the invocation is in the context:
//
//	m := metrics.From(ctx)
//	m.Duration("SecretFetch", e.Duration)
func ExampleOptions_observe() {
	s, err := secrets.New[string](exampleSource, "orders/api-key", &secrets.Options{
		Observe: func(_ context.Context, e secrets.Event) {
			fmt.Println(e.Op, e.ID, e.Stage, e.Version, e.Stale, e.Err)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := s.Get(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output: fetch orders/api-key AWSCURRENT v7 false <nil>
}
