package idempotent_test

import (
	"context"
	"fmt"

	"github.com/lambdatune/lambdatune/handler/idempotent"
)

func Example() {
	charge := func(_ context.Context, o order) (string, error) {
		fmt.Println("charging", o.Amount)
		return "charged " + o.ID, nil
	}
	once := idempotent.Wrap(idempotent.NewMemory(0), func(o order) string { return o.ID }, charge, nil)
	for range 2 { // delivered twice
		fmt.Println(once(context.Background(), order{ID: "o-1", Amount: 12}))
	}
	// Output:
	// charging 12
	// charged o-1 <nil>
	// charged o-1 <nil>
}
