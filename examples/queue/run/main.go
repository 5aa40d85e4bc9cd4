// Command run runs the queue's function on this machine: an HTTP front, a queue
// with its dead-letter queue, the function in real processes under a reserved
// concurrency, and a WebSocket API with a client. It sends more than the function
// can take, a tenth of it failing, then ends the failures and redrives. It exits
// with 1 if a job was lost or charged twice, or the reservation was exceeded.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	c := config{dir: ".", timeout: time.Second, maxReceiveCount: 3, log: os.Stdout}
	flag.IntVar(&c.jobs, "jobs", 1000, "how many jobs to send")
	flag.IntVar(&c.concurrency, "concurrency", 5, "the function's reserved concurrency")
	flag.Float64Var(&c.overload, "overload", 10, "how many times faster to send than the function can take")
	flag.DurationVar(&c.latency, "latency", 40*time.Millisecond, "how long the payment provider takes for a charge")
	flag.IntVar(&c.maximumConcurrency, "maximum-concurrency", 0, "the mapping's MaximumConcurrency; 0 leaves it to the reservation to hold it back")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := c.validate(); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(2)
	}
	if _, err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func (c config) validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.jobs >= 1 && c.jobs <= 100_000, "-jobs %d: want 1 to 100000", c.jobs)
	check(c.concurrency >= 1 && c.concurrency <= 100, "-concurrency %d: want 1 to 100", c.concurrency)
	check(c.overload > 0 && c.overload <= 1000, "-overload %v: want more than 0, at most 1000", c.overload)
	check(c.latency >= time.Millisecond && c.latency < c.timeout/2, "-latency %v: want 1ms to less than half the function's timeout, %v", c.latency, c.timeout)
	check(c.maximumConcurrency == 0 || c.maximumConcurrency >= 2 && c.maximumConcurrency <= 1000, "-maximum-concurrency %d: want 0, or 2 to 1000", c.maximumConcurrency)
	return errors.Join(errs...)
}
