// Package benchmarks compares package handler with what a user would write or
// import instead. Each table is one run:
//
//	go test -bench 'JSON$' -count 10 | benchstat -col /impl -
package benchmarks

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/lambdatune/lambdatune/handler"
)

type order struct {
	ID       string `json:"id"`
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

type receipt struct {
	ID    string `json:"id"`
	Total int    `json:"total"`
}

func place(_ context.Context, o order) (receipt, error) {
	return receipt{ID: o.ID, Total: 100 * o.Quantity}, nil
}

// handWritten is the floor: encoding/json and nothing else, not even a
// deadline for the logic or a contained panic.
type handWritten struct{}

func (handWritten) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var o order
	if err := json.Unmarshal(payload, &o); err != nil {
		return nil, err
	}
	r, err := place(ctx, o)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// invocationContext is what aws-lambda-go hands to a handler.
func invocationContext(tb testing.TB) context.Context {
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(15*time.Minute).Round(0))
	tb.Cleanup(cancel)
	return lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd"})
}

func BenchmarkJSON(b *testing.B) {
	payload := []byte(`{"id":"o-1842","sku":"A-77","quantity":3}`)
	const want = `{"id":"o-1842","total":300}`
	for _, c := range []struct {
		impl string
		inv  handler.Invoker
	}{
		{"lambda.NewHandler", lambda.NewHandler(place)},
		{"handler.JSON", handler.JSON(place)},
		{"handwritten", handWritten{}},
	} {
		b.Run("impl="+c.impl, func(b *testing.B) {
			ctx := invocationContext(b)
			b.ReportAllocs()
			for b.Loop() {
				out, err := c.inv.Invoke(ctx, payload)
				if err != nil || string(out) != want {
					b.Fatalf("%s, %v", out, err)
				}
			}
		})
	}
}

// BenchmarkLogicContext is the price of the deadline that core logic gets, for
// logic that never waits for it and for logic that does.
func BenchmarkLogicContext(b *testing.B) {
	ctx := invocationContext(b)
	empty := func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }
	waits := func(ctx context.Context, _ struct{}) (struct{}, error) { ctx.Done(); return struct{}{}, nil }
	for _, c := range []struct {
		impl string
		inv  handler.Invoker
	}{
		{"none", handler.JSON(empty, handler.DeadlineReserve(0))},
		{"unused", handler.JSON(empty)},
		{"waited", handler.JSON(waits)},
		{"context.WithDeadline", handler.JSON(func(ctx context.Context, in struct{}) (struct{}, error) {
			ctx, cancel := context.WithDeadline(ctx, time.Now().Add(time.Minute))
			defer cancel()
			return empty(ctx, in)
		}, handler.DeadlineReserve(0))},
	} {
		b.Run("impl="+c.impl, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.inv.Invoke(ctx, []byte(`{}`)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLazy(b *testing.B) {
	l := handler.NewLazy(func(context.Context) (string, error) { return "value", nil })
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if v, err := l.Get(ctx); v != "value" || err != nil {
			b.Fatal(v, err)
		}
	}
}
