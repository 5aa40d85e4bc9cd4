// Command lab runs an order function twice against the same world and under the
// same load, in real processes on this machine: as it is often written first,
// and on this library. It prints what happened side by side and writes it as a
// picture and as JSON. Nothing needs to be installed; without PostgreSQL the
// database part is off.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	c := defaults()
	variant := flag.String("variant", "both", "which function to run: naive, tuned or both")
	flag.Float64Var(&c.rate, "rate", c.rate, "requests per second, on average")
	flag.IntVar(&c.environments, "environments", c.environments, "how many environments the function may have")
	flag.DurationVar(&c.duration, "duration", c.duration, "how long each function is under load, the freeze included")
	flag.DurationVar(&c.freeze, "freeze", c.freeze, "how long there is no load, and all environments are frozen")
	flag.DurationVar(&c.window, "window", c.window, "how long a rotation's new password works before it is AWSCURRENT")
	flag.DurationVar(&c.latency, "latency", c.latency, "how long the payment API takes")
	flag.IntVar(&c.memory, "memory", c.memory, "the function's memory in MB, for the costs")
	flag.IntVar(&c.connections, "connections", c.connections, "how many connections the database gives the function; 0 switches it off")
	flag.Float64Var(&c.secretsQuota, "secrets-quota", c.secretsQuota, "GetSecretValue calls per second at 6,000 rps, scaled by the rate; 0 is no quota")
	flag.Float64Var(&c.metricsQuota, "metrics-quota", c.metricsQuota, "PutMetricData calls per second at 6,000 rps, scaled by the rate; 0 is no quota")
	flag.Uint64Var(&c.seed, "seed", c.seed, "of the arrivals")
	flag.StringVar(&c.out, "out", c.out, "directory for lab.svg and lab.json; empty writes none")
	flag.Parse()
	if *variant != "both" {
		c.variants = []string{*variant}
	}
	c.command = strings.Join(append([]string{"go run ."}, os.Args[1:]...), " ")
	if err := c.validate(); err != nil || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "lab:", errors.Join(err, noArguments(flag.Args())))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := lab(ctx, c); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func noArguments(args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%q: only flags are taken, see -help", args[0])
}
