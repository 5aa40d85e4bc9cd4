package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// settings are the command line's.
type settings struct {
	function string // name or ARN
	local    string // directory of a main package
	memory   []int
	num      int
	parallel int
	payloads payloads
	strategy string
	weight   float64
	trim     float64
	prices   prices
	arch     string // for -local
	restore  bool
	asJSON   bool
	svg      string
}

// world is what the program has of the world, for tests to replace.
type world struct {
	out, err io.Writer
	load     func(context.Context) (aws.Config, error)
	pause    func(context.Context, time.Duration) error
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], world{
		out: os.Stdout, err: os.Stderr, pause: sleep,
		load: func(ctx context.Context) (aws.Config, error) {
			return config.LoadDefaultConfig(ctx, config.WithRetryMode(aws.RetryModeAdaptive), config.WithRetryMaxAttempts(8))
		},
	})
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "powertune:", err)
		os.Exit(1)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func run(ctx context.Context, args []string, w world) error {
	s, err := parse(args, w)
	if err != nil {
		return err
	}
	var r *report
	if s.local != "" {
		r, err = tuneLocally(ctx, s, w)
	} else {
		var cfg aws.Config
		if cfg, err = w.load(ctx); err != nil {
			return fmt.Errorf("AWS configuration: %w", err)
		}
		t := tuner{lambda: lambda.NewFromConfig(cfg), settings: s, world: w, region: cfg.Region}
		if s.restore {
			return t.restoreLeftover(ctx)
		}
		r, err = t.tune(ctx)
	}
	if err != nil {
		return err
	}
	if s.svg != "" {
		if err := os.WriteFile(s.svg, r.svg(), 0o644); err != nil {
			return err
		}
	}
	if s.asJSON {
		e := json.NewEncoder(w.out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return r.print(w.out)
}

// Lambda's limits of a function's memory, in MB.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const minMemory, maxMemory = 128, 10240

func parse(args []string, w world) (s settings, err error) {
	var memory, priceFile string
	f := flag.NewFlagSet("powertune", flag.ContinueOnError)
	f.SetOutput(w.err)
	f.Usage = func() {
		fmt.Fprintln(w.err, "usage: powertune [flags] FUNCTION-NAME-OR-ARN\n       powertune [flags] -local DIR\n       powertune -restore FUNCTION-NAME-OR-ARN")
		f.PrintDefaults()
	}
	f.StringVar(&s.local, "local", "", "run the main package in this directory on this machine, without AWS")
	f.StringVar(&memory, "memory", "128,256,512,1024,1536,1769,3008", "memory sizes in MB, 128 to 10240")
	f.IntVar(&s.num, "num", 50, "invocations per size, at least 5")
	f.IntVar(&s.parallel, "parallel", 1, "invocations of a size at the same time, at least 1")
	f.Var(&s.payloads, "payload", "`FILE` with an event, or FILE@WEIGHT for one of several; default {}")
	f.StringVar(&s.strategy, "strategy", "balanced", "what to recommend: speed, cost or balanced")
	f.Float64Var(&s.weight, "weight", 0.5, "of cost against speed in the balanced strategy, 0 to 1")
	f.Float64Var(&s.trim, "trim", 0.2, "share of the fastest and of the slowest invocations to leave out, 0 to 0.4")
	f.StringVar(&priceFile, "prices", "", "JSON `FILE` with USD per GB-second by region and architecture: {\"eu-west-1\":{\"arm64\":0.0000133334,\"x86_64\":0.0000166667}}")
	f.StringVar(&s.arch, "arch", "arm64", "with -local: the architecture whose price counts, arm64 or x86_64")
	f.BoolVar(&s.restore, "restore", false, "undo what a killed run left: the function's memory size, aliases and versions")
	f.BoolVar(&s.asJSON, "json", false, "print everything as one JSON document")
	f.StringVar(&s.svg, "svg", "", "also draw duration and cost into this `FILE`")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	switch {
	case s.local == "" && f.NArg() != 1:
		return s, fmt.Errorf("%d functions are named, want one name or ARN, or -local DIR", f.NArg())
	case s.local != "" && f.NArg() != 0:
		return s, fmt.Errorf("unexpected argument %q besides -local", f.Arg(0))
	case s.local != "" && s.restore:
		return s, errors.New("-restore is for a function on AWS")
	case s.num < 5 || s.num > 100_000:
		return s, fmt.Errorf("-num is %d, want 5 to 100000", s.num)
	case s.parallel < 1 || s.parallel > 1000:
		return s, fmt.Errorf("-parallel is %d, want 1 to 1000", s.parallel)
	case s.strategy != "speed" && s.strategy != "cost" && s.strategy != "balanced":
		return s, fmt.Errorf("-strategy is %q, want speed, cost or balanced", s.strategy)
	case !(s.weight >= 0 && s.weight <= 1):
		return s, fmt.Errorf("-weight is %v, want 0 to 1", s.weight)
	case !(s.trim >= 0 && s.trim <= 0.4):
		return s, fmt.Errorf("-trim is %v, want 0 to 0.4", s.trim)
	case s.arch != "arm64" && s.arch != "x86_64":
		return s, fmt.Errorf("-arch is %q, want arm64 or x86_64", s.arch)
	}
	s.function = f.Arg(0)
	if s.memory, err = parseMemory(memory); err != nil {
		return s, err
	}
	s.prices, err = loadPrices(priceFile)
	return s, err
}

func parseMemory(list string) (sizes []int, err error) {
	for item := range strings.SplitSeq(list, ",") {
		mb, err := strconv.Atoi(strings.TrimSpace(item))
		if err != nil || mb < minMemory || mb > maxMemory {
			return nil, fmt.Errorf("-memory has %q, want whole MB from %d to %d", item, minMemory, maxMemory)
		}
		sizes = append(sizes, mb)
	}
	slices.Sort(sizes)
	return slices.Compact(sizes), nil
}
