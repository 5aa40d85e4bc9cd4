// Package cli is the command: its flags, and what they set going.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/lambdatune/lambdatune/handler/local/internal/console"
	"github.com/lambdatune/lambdatune/handler/local/internal/samples"
)

// Main runs the command and returns its exit code: 0 when everything went
// well, 1 when a function or the environment failed, 2 for wrong usage.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal kills: something hangs.
	context.AfterFunc(ctx, stop)
	return run(ctx, args, stdin, stdout, stderr)
}

// errFailed is a failure that was shown already.
var errFailed = errors.New("failed")

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "local: %v\n", err)
		return 2
	}
	// What is played tells the figures of a REPORT line with each response.
	var c console.Console = &console.Text{Out: stdout, Several: len(o.targets) > 1, Quiet: o.quiet || o.event != "" && o.source == ""}
	if o.json {
		c = &console.JSON{Out: stdout}
	}
	err = o.run(ctx, c, stdin, stdout)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return 1
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return 1
	default:
		fmt.Fprintf(stderr, "local: %s\n", strings.TrimSpace(err.Error()))
		return 1
	}
}

func (o *options) run(ctx context.Context, c console.Console, stdin io.Reader, stdout io.Writer) error {
	switch {
	case o.sample != "":
		b, err := samples.Event(o.sample)
		if err == nil {
			_, err = stdout.Write(b)
		}
		return err
	case o.source != "":
		return feed(ctx, o, c, stdin)
	case o.event != "":
		return play(ctx, o, c, stdin)
	default:
		return serve(ctx, o, c)
	}
}
