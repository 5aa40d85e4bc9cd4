package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/measure"
	"github.com/lambdatune/lambdatune/examples/lab/report"
	"github.com/lambdatune/lambdatune/examples/lab/result"
	"github.com/lambdatune/lambdatune/examples/lab/sim"
	"github.com/lambdatune/lambdatune/examples/lab/world"
	"github.com/lambdatune/lambdatune/handler/local/gobuild"
)

// lab runs, and shows what came of it.
func lab(ctx context.Context, c config) error {
	dir, err := os.MkdirTemp("", "lab-functions-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build(ctx, c, dir); err != nil {
		return err
	}
	res, err := run(ctx, c, dir)
	if err != nil {
		return err
	}
	return show(c, res)
}

// show adds the simulation, prints, and writes the files.
func show(c config, res *result.Result) (err error) {
	if res.Simulation, err = sim.AtScale(c.seed).Simulate(res); err != nil {
		return err
	}
	fmt.Fprintln(c.log)
	if err := report.Table(c.log, res); err != nil || c.out == "" {
		return err
	}
	files, err := report.Files(c.out, res)
	for _, f := range files {
		fmt.Fprintln(c.log, "wrote", f)
	}
	return err
}

// build builds the functions, as one would for Lambda, into dir.
func build(ctx context.Context, c config, dir string) error {
	fmt.Fprintln(c.log, "building the functions")
	for _, name := range c.variants {
		err := gobuild.Build(ctx, filepath.Join(c.dir, "functions", name), filepath.Join(dir, name), "-tags=lambda.norpc", "-trimpath", "-ldflags=-s -w")
		if err != nil {
			return err
		}
	}
	return nil
}

// run runs the variants, which are built in dir, one after the other.
func run(ctx context.Context, c config, dir string) (*result.Result, error) {
	res := &result.Result{
		Made: time.Now().UTC().Truncate(time.Second), Command: c.command, Machine: machine(), Seed: c.seed, Prices: measure.Prices(),
	}
	w, err := world.Start(ctx, world.Config{
		SecretsQuota: c.secretsQuota * c.scale(), MetricsQuota: c.metricsQuota * c.scale(),
		APILatency: c.apiLatency, PaymentLatency: c.latency, Idle: c.idle,
		Connections: c.connections, PriceListBytes: c.priceList,
	})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	res.Assumptions = c.assumptions(w.HasDatabase())
	for _, name := range c.variants {
		fmt.Fprintf(c.log, "%s: %v at %v requests per second\n", name, c.duration, c.rate)
		r, err := newVariant(c, w, name, filepath.Join(dir, name)).run(ctx)
		if err != nil {
			return nil, err
		}
		res.Runs = append(res.Runs, r)
	}
	return res, nil
}
