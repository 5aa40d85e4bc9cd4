package handler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

const (
	localRequestID = "local"
	localTimeout   = 15 * time.Minute // Lambda's longest
)

// runLocal runs one event through inv, outside Lambda, and returns the exit
// code.
func runLocal(inv Invoker, args []string, stdin *os.File, stdout, stderr io.Writer) int {
	event, err := localEvent(args, stdin, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%v\nusage: %s [event.json]\nruns one event, from the file or from standard input, through the function\n", err, os.Args[0])
		return 2
	}
	ctx, cancel := context.WithTimeout(context.Background(), localTimeout)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: localRequestID})
	response, err := (&entry{inv: inv}).Invoke(ctx, event)
	if err != nil {
		e := runtimeError(ctx, err, false)
		fmt.Fprintf(stderr, "the function returned an error of type %s: %s\n", e.Type, e.Message)
		return 1
	}
	if _, err := stdout.Write(append(response, '\n')); err != nil {
		fmt.Fprintf(stderr, "printing the response: %v\n", err)
		return 1
	}
	return 0
}

func localEvent(args []string, stdin *os.File, stderr io.Writer) ([]byte, error) {
	var event []byte
	var err error
	switch {
	case len(args) > 1:
		return nil, fmt.Errorf("one event file at most, not %d arguments", len(args))
	case len(args) == 1 && args[0] != "-":
		event, err = os.ReadFile(args[0])
	default:
		if fi, err := stdin.Stat(); err == nil && fi.Mode()&os.ModeCharDevice != 0 {
			fmt.Fprintln(stderr, "reading one event from standard input, up to its end")
		}
		event, err = io.ReadAll(stdin)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	if len(event) == 0 {
		return nil, errors.New("reading the event: there is none, the input is empty")
	}
	return event, nil
}
