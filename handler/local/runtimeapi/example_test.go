package runtimeapi_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// A Go function behind the Runtime API, in this process: what a unit test of a
// handler needs. Any Invoker of package handler has such a method.
func ExampleInProcess() {
	shout := func(_ context.Context, event []byte) ([]byte, error) {
		if len(event) == 0 {
			return nil, errors.New("nothing to shout")
		}
		return fmt.Appendf(nil, "%s!", event), nil
	}
	fn, err := runtimeapi.Start(runtimeapi.InProcess(shout), runtimeapi.Config{Name: "shout"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fn.Close()
	for _, event := range []string{"tea", ""} {
		res, err := fn.Invoke(context.Background(), runtimeapi.Invocation{Payload: []byte(event)})
		if err != nil {
			fmt.Println(err) // throttled or closed
			return
		}
		fmt.Printf("%s %s: %s\n", res.Status, res.ErrorType, res.Payload)
	}
	// Output:
	// success : tea!
	// error errorString: {"errorType":"errorString","errorMessage":"nothing to shout"}
}
