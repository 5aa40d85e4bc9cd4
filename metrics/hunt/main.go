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
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// settings are the command line's.
type settings struct {
	logGroup string
	insights bool
	account  bool
	last     time.Duration
	end      time.Time
	lateness time.Duration
	top      int
	asJSON   bool
	svg      string
}

// world is what the program has of the world, for tests to replace.
type world struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
	load     func(context.Context) (aws.Config, error)
	pause    func(context.Context, time.Duration) error
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	w := world{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, now: time.Now, pause: sleep,
		load: func(ctx context.Context) (aws.Config, error) {
			return config.LoadDefaultConfig(ctx, config.WithRetryMode(aws.RetryModeAdaptive), config.WithRetryMaxAttempts(8))
		},
	}
	err := run(ctx, os.Args[1:], w)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "hunt:", err)
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
	if s.logGroup == "" && !s.account {
		r, err := fromLines(w.in, s)
		if err != nil {
			return err
		}
		return show(w, s, r)
	}
	cfg, err := w.load(ctx)
	if err != nil {
		return fmt.Errorf("AWS configuration: %w", err)
	}
	logs := cloudwatchlogs.NewFromConfig(cfg)
	switch {
	case s.account:
		h := hunter{metrics: cloudwatch.NewFromConfig(cfg), logs: logs, settings: lambda.NewFromConfig(cfg), progress: w.err}
		r, err := h.hunt(ctx, s)
		if err != nil {
			return err
		}
		return show(w, s, r)
	case s.insights:
		r, err := insights(ctx, logs, s, w)
		if err != nil {
			return err
		}
		return show(w, s, r)
	}
	r, err := fromLogGroup(ctx, logs, s, w.err)
	if err != nil {
		return err
	}
	return show(w, s, r)
}

func parse(args []string, w world) (settings, error) {
	var s settings
	var end string
	f := flag.NewFlagSet("hunt", flag.ContinueOnError)
	f.SetOutput(w.err)
	f.Usage = func() {
		fmt.Fprintln(w.err, "usage: hunt [flags] < exported-log-lines\n       hunt -log-group NAME [-last 3h] [-insights] [flags]\n       hunt -account [-last 168h] [flags]")
		f.PrintDefaults()
	}
	f.StringVar(&s.logGroup, "log-group", "", "read the REPORT lines of this log group from CloudWatch Logs")
	f.BoolVar(&s.insights, "insights", false, "with -log-group: run the Logs Insights estimate instead of reading every record")
	f.BoolVar(&s.account, "account", false, "hunt over all functions of the account and region in CloudWatch metrics")
	f.DurationVar(&s.last, "last", 0, "how far back to look (default 1h for a log group, 168h for an account; metrics of 1 min are kept 15 days)")
	f.StringVar(&end, "end", "", "where the time looked at ends, RFC 3339 (default now)")
	f.DurationVar(&s.lateness, "lateness", time.Minute, "how far out of order records may be, 1ms to 24h")
	f.IntVar(&s.top, "top", 20, "rows of the table, at least 1")
	f.BoolVar(&s.asJSON, "json", false, "print everything as one JSON document")
	f.StringVar(&s.svg, "svg", "", "also draw concurrency over time into this file")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	switch {
	case f.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q: log lines come on standard input", f.Arg(0))
	case s.account && s.logGroup != "":
		return s, errors.New("-account and -log-group exclude each other")
	case s.insights && s.logGroup == "":
		return s, errors.New("-insights needs -log-group")
	case s.top < 1:
		return s, fmt.Errorf("-top is %d, want at least 1", s.top)
	}
	if s.last == 0 {
		s.last = time.Hour
		if s.account {
			s.last = 7 * 24 * time.Hour
		}
	}
	longest := 10 * 365 * 24 * time.Hour
	if s.account {
		longest = 15 * 24 * time.Hour // 1 min metrics are not kept longer
	}
	if s.last < time.Minute || s.last > longest {
		return s, fmt.Errorf("-last is %v, want 1m to %v", s.last, longest)
	}
	s.end = w.now().UTC().Truncate(time.Minute).Add(time.Minute)
	if end != "" {
		var err error
		if s.end, err = time.Parse(time.RFC3339, end); err != nil {
			return s, fmt.Errorf("-end is %q, want RFC 3339 such as 2026-11-23T12:00:00Z", end)
		}
	}
	return s, nil
}

// result is what one way of looking has found.
type result interface {
	table(io.Writer, settings) error
	chart() chart
}

func show(w world, s settings, r result) error {
	if s.svg != "" {
		if err := os.WriteFile(s.svg, r.chart().svg(), 0o644); err != nil {
			return err
		}
	}
	if s.asJSON {
		e := json.NewEncoder(w.out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return r.table(w.out, s)
}
