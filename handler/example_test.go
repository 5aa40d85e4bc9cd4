package handler_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/lambdatune/lambdatune/handler"
)

type Order struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

type Receipt struct {
	Total int `json:"total"`
}

// Place is core logic: it would be in a package of its own.
func Place(_ context.Context, o Order) (Receipt, error) {
	if o.Quantity < 1 {
		return Receipt{}, OutOfStock{o.SKU}
	}
	return Receipt{Total: 250 * o.Quantity}, nil
}

// OutOfStock is what a Step Functions state catches by the name "OutOfStock".
type OutOfStock struct{ SKU string }

func (e OutOfStock) Error() string   { return e.SKU + " is out of stock" }
func (OutOfStock) ErrorType() string { return "OutOfStock" }

// An Invoker can be called like any function, so a test needs no Lambda.
func ExampleJSON() {
	inv := handler.JSON(Place)
	response, err := inv.Invoke(context.Background(), []byte(`{"sku":"A-77","quantity":2}`))
	fmt.Println(string(response), err)
	_, err = inv.Invoke(context.Background(), []byte(`{"sku":"A-77","quantity":"2"}`))
	fmt.Println(err)
	_, err = inv.Invoke(context.Background(), []byte(`null`))
	fmt.Println(err)
	// Output:
	// {"total":500} <nil>
	// invalid JSON of member "quantity" at offset 25: a string where an integer from -9223372036854775808 to 9223372036854775807 is expected
	// invalid JSON at offset 0: null where a value is expected
}

func ExampleUse() {
	logged := func(next handler.InvokeFunc) handler.InvokeFunc {
		return func(ctx context.Context, event []byte) ([]byte, error) {
			response, err := next(ctx, event)
			fmt.Printf("%d bytes in, %d out, error: %v\n", len(event), len(response), err)
			return response, err
		}
	}
	inv := handler.Use(handler.JSON(Place), logged)
	inv.Invoke(context.Background(), []byte(`{"sku":"A-77","quantity":2}`))
	inv.Invoke(context.Background(), []byte(`{"sku":"A-77"}`))
	// Output:
	// 27 bytes in, 13 out, error: <nil>
	// 14 bytes in, 0 out, error: A-77 is out of stock
}

func ExampleLazy() {
	attempts := 0
	prices := handler.NewLazy(func(context.Context) (map[string]int, error) {
		if attempts++; attempts == 1 {
			return nil, errors.New("no connection")
		}
		return map[string]int{"A-77": 250}, nil
	})
	for range 3 {
		p, err := prices.Get(context.Background())
		fmt.Println(p, err)
	}
	fmt.Println(attempts, "attempts")
	// Output:
	// map[] no connection
	// map[A-77:250] <nil>
	// map[A-77:250] <nil>
	// 2 attempts
}

func connect(context.Context) error { return nil }

// A whole main function.
func ExampleStart() {
	slog.SetDefault(slog.New(handler.LogHandler(nil)))
	handler.Init(
		handler.Task{Name: "database", Run: connect},
		handler.Task{Name: "cache", Run: connect},
	)
	handler.Start(handler.JSON(Place), handler.OnShutdown(func(context.Context) { slog.Info("shutting down") }))
}
