package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/internal/allocs"
	"github.com/lambdatune/lambdatune/handler/local/internal/front"
	"github.com/lambdatune/lambdatune/handler/local/internal/samples"
	"github.com/lambdatune/lambdatune/handler/local/queue"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// options are the command's flags and arguments.
type options struct {
	targets []target

	event  string
	repeat int
	rate   float64
	stats  bool
	allocs bool
	meter  *allocs.Meter // nil unless allocs
	sample string

	source  string // "sqs", or none
	queue   queue.Config
	mapping queue.MappingConfig
	group   string
	redrive bool

	addr          string
	front         string
	routes        front.Routes
	stage         string
	binary        stringList
	streaming     bool
	watch         bool
	watchInterval time.Duration
	listen        string
	timeoutSet    bool

	config    runtimeapi.Config
	env       stringList
	buildArgs stringList
	json      bool
	quiet     bool
}

// target is a function: a directory with its main package, or its binary.
type target struct{ name, path string }

func (t target) isDir() bool {
	st, err := os.Stat(t.path)
	return err == nil && st.IsDir()
}

type stringList []string

func (l *stringList) String() string     { return strings.Join(*l, " ") }
func (l *stringList) Set(s string) error { *l = append(*l, s); return nil }

const usage = `usage: local [flags] [NAME=]PATH ...

Runs Lambda functions as the service does, without Docker.

With -event it plays events and exits, or with -source sqs too, sends them to a
queue in front of the function until it is empty; without, it serves the functions to
the AWS CLI and SDKs (aws --endpoint-url http://127.0.0.1:9000 lambda invoke …) and,
with -front, to HTTP clients, until it is interrupted.

PATH is a directory with a main package, in any module, or a binary; NAME
defaults to the directory's.

`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("local", flag.ContinueOnError)
	f.SetOutput(io.Discard)

	f.StringVar(&o.event, "event", "", "invoke the function with the event, or the events one after another, in `FILE` (- for standard input), and exit")
	f.IntVar(&o.repeat, "repeat", 1, "with -event: play the events `N` times and show percentiles")
	f.Float64Var(&o.rate, "rate", 0, "with -event: start `R` invocations per second, however long they take; 0 is one after another, as many at once as -concurrency and -max-concurrency let")
	f.BoolVar(&o.stats, "stats", false, "with -event: show percentiles instead of each response")

	f.BoolVar(&o.allocs, "allocs", false, "with -event: show percentiles, and what the function allocates; it is built with a file more for that")
	f.StringVar(&o.sample, "sample", "", "print an event of the source `NAME` to edit, and exit: "+strings.Join(samples.Names(), ", "))

	f.StringVar(&o.source, "source", "", "with -event: send the events as messages to an in-memory queue of the service `NAME`, sqs, that feeds the function; -repeat sends them N times, -rate R per second, and -concurrency is the reserved concurrency")
	f.BoolVar(&o.queue.FIFO, "fifo", false, "with -source: a FIFO queue")
	f.StringVar(&o.group, "group", "", "with -fifo: the `MEMBER` of a message's body whose value is its MessageGroupId (default: all messages are one group)")
	f.IntVar(&o.mapping.BatchSize, "batch", 10, "with -source: invoke the function with up to `N` messages: 10, or 10000 with a -window of 1s or more")
	f.DurationVar(&o.mapping.BatchingWindow, "window", 0, "with -source: let a batch wait `DURATION` for more messages, at most 5m")
	f.IntVar(&o.mapping.MaximumConcurrency, "maximum-concurrency", 0, "with -source: at most `N` invocations by the mapping at a time, 2 to 1000; 0 is until the function throttles")
	f.BoolVar(&o.mapping.ReportBatchItemFailures, "partial", true, "with -source: take partial batch responses, as a mapping with ReportBatchItemFailures; with -partial=false every response is a success")
	f.DurationVar(&o.queue.VisibilityTimeout, "visibility", 0, "with -source: the visibility timeout: what fails is received again after `DURATION` (default six times -timeout, and the -window)")
	f.IntVar(&o.queue.MaxReceiveCount, "max-receive", 5, "with -source: move a message to the dead-letter queue that was received `N` times, 1 to 1000")
	f.BoolVar(&o.redrive, "redrive", false, "with -source: once the queue is empty move the dead letters back to it, and go on until it is empty again")

	f.StringVar(&o.addr, "addr", "127.0.0.1:9000", "serve the invocation URL, and the front, at `HOST:PORT`")
	f.StringVar(&o.front, "front", "", "map HTTP requests to events and back as `FRONT` does: "+fronts())
	f.Func("route", "with -front: send requests for `ROUTE` to a function: [METHOD ]/path/{name}/{rest+}[=FUNCTION]; may be repeated", func(v string) error {
		r, err := front.ParseRoute(v)
		o.routes = append(o.routes, r)
		return err
	})
	f.StringVar(&o.stage, "stage", "", "with -front rest or http: the `STAGE` (default prod, or $default)")
	f.Var(&o.binary, "binary", "with -front rest: a `TYPE` of the API's binaryMediaTypes; may be repeated")
	f.BoolVar(&o.streaming, "stream", false, "with -front url: the invoke mode RESPONSE_STREAM")
	f.BoolVar(&o.watch, "watch", true, "build and start a function again when its source changes")
	o.watchInterval = 300 * time.Millisecond
	f.StringVar(&o.listen, "listen", "", "start nothing: serve the Runtime API at `HOST:PORT` for a function that you start, say in a debugger, and print the variables it needs")

	f.DurationVar(&o.config.Timeout, "timeout", 3*time.Second, "end an invocation after `DURATION`, at most 15m")
	f.DurationVar(&o.config.InitTimeout, "init-timeout", 0, "let INIT take `DURATION` before it is done again in the invocation (default 10s)")
	f.IntVar(&o.config.MemorySize, "memory", 128, "memory size in `MB` that the function is told, 128 to 10240; it is not enforced")
	f.IntVar(&o.config.Concurrency, "concurrency", 10, "start up to `N` environments, then throttle")
	f.IntVar(&o.config.MaxConcurrency, "max-concurrency", 1, "give each environment `N` invocations at a time (AWS_LAMBDA_MAX_CONCURRENCY)")
	f.BoolVar(&o.config.Freeze, "freeze", false, "freeze environments between invocations (SIGSTOP), as the service does")
	f.DurationVar(&o.config.IdleTimeout, "idle", 0, "shut an environment down that was not used for `DURATION`; 0 is never")
	f.StringVar(&o.config.Region, "region", "", "AWS `REGION` of the function (default AWS_REGION, or us-east-1)")
	f.Var(&o.env, "env", "set `NAME=VALUE` in the function's environment, or read such lines from @FILE; may be repeated")
	f.Var(&o.buildArgs, "build", "pass `FLAG` to go build, such as -build=-race; may be repeated")
	f.BoolVar(&o.json, "json", false, "show JSON lines, for machines")
	f.BoolVar(&o.quiet, "quiet", false, "show no REPORT lines and no summaries")

	err := f.Parse(args)
	if err == flag.ErrHelp {
		fmt.Fprint(stderr, usage)
		f.SetOutput(stderr)
		f.PrintDefaults()
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w (-h lists the flags)", err)
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	return o, o.check(f.Args(), set)
}

func (o *options) check(args []string, set map[string]bool) (err error) {
	if o.sample != "" {
		return nil
	}
	o.timeoutSet = set["timeout"]
	names := map[string]bool{}
	for _, arg := range args {
		t, err := newTarget(arg)
		if err != nil {
			return err
		}
		if names[t.name] {
			return fmt.Errorf("two functions are named %s: name one with NAME=%s", t.name, t.path)
		}
		names[t.name] = true
		o.targets = append(o.targets, t)
	}
	if len(o.targets) == 0 {
		return fmt.Errorf("no function: want a directory with a main package (-h for help)")
	}
	if o.event == "" {
		for _, name := range []string{"repeat", "rate", "stats", "allocs"} {
			if set[name] {
				return fmt.Errorf("-%s needs -event", name)
			}
		}
	} else if len(o.targets) > 1 {
		return fmt.Errorf("-event takes one function, not %d", len(o.targets))
	}
	if err := o.checkFront(set); err != nil {
		return err
	}
	if err := o.checkSource(set); err != nil {
		return err
	}
	if o.listen != "" {
		if len(o.targets) > 1 {
			return fmt.Errorf("-listen takes one function, not %d", len(o.targets))
		}
		if o.event != "" {
			return fmt.Errorf("-listen serves until it is stopped: leave -event out and invoke the function by its URL")
		}
	}
	if o.allocs && !o.targets[0].isDir() {
		return fmt.Errorf("-allocs builds the function: want its directory, not a binary")
	}
	if o.repeat < 1 {
		return fmt.Errorf("-repeat %d: want 1 or more", o.repeat)
	}
	if o.rate < 0 {
		return fmt.Errorf("-rate %v: want 0 or more", o.rate)
	}
	if o.env, err = readEnv(o.env); err != nil {
		return err
	}
	// What the configuration refuses is better known before a build.
	f, err := runtimeapi.Start(runtimeapi.Command{}, o.config)
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "runtimeapi: "))
	}
	defer f.Close()
	if o.source == "" {
		return nil
	}
	if o.queue.VisibilityTimeout == 0 {
		o.queue.VisibilityTimeout = 6*f.Config().Timeout + o.mapping.BatchingWindow
	}
	_, err = newSource(o, f)
	return err
}

// checkSource checks the flags about the queue.
func (o *options) checkSource(set map[string]bool) error {
	if o.source == "" {
		for _, name := range []string{"fifo", "group", "batch", "window", "maximum-concurrency", "partial", "visibility", "max-receive", "redrive"} {
			if set[name] {
				return fmt.Errorf("-%s needs -source", name)
			}
		}
		return nil
	}
	if o.source != "sqs" {
		return fmt.Errorf("-source %s: want sqs", o.source)
	}
	if o.event == "" {
		return fmt.Errorf("-source needs -event: the messages")
	}
	if o.group != "" && !o.queue.FIFO {
		return fmt.Errorf("-group needs -fifo")
	}
	for _, name := range []string{"stats", "allocs"} {
		if set[name] {
			return fmt.Errorf("-%s does not go with -source", name)
		}
	}
	return nil
}

// checkFront checks the flags about the front.
func (o *options) checkFront(set map[string]bool) error {
	if o.front == "" {
		for _, name := range []string{"route", "stage", "binary", "stream"} {
			if set[name] {
				return fmt.Errorf("-%s needs -front", name)
			}
		}
		return nil
	}
	if _, ok := front.Fronts[o.front]; !ok {
		return fmt.Errorf("-front %s: want one of %s", o.front, fronts())
	}
	if o.event != "" {
		return fmt.Errorf("-front serves until it is stopped: it does not go with -event")
	}
	if o.streaming && o.front != "url" {
		return fmt.Errorf("-stream needs -front url")
	}
	if len(o.binary) > 0 && o.front != "rest" {
		return fmt.Errorf("-binary needs -front rest: the others decode every base64 body")
	}
	for _, r := range o.routes {
		if r.Function == "" && len(o.targets) > 1 {
			return fmt.Errorf("route %s: which function? Add =NAME", r.Path)
		}
		if r.Function != "" && !slices.ContainsFunc(o.targets, func(t target) bool { return t.name == r.Function }) {
			return fmt.Errorf("route %s: no function is named %s", r.Path, r.Function)
		}
	}
	return nil
}

var nameCharacters = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

func newTarget(arg string) (target, error) {
	t := target{path: arg}
	// A path may have an equals sign; a name has no separator.
	if name, path, ok := strings.Cut(arg, "="); ok && !strings.ContainsAny(name, `/\.`) {
		t = target{name, path}
	}
	st, err := os.Stat(t.path)
	if err != nil {
		return t, fmt.Errorf("function %s: no such directory or binary", t.path)
	}
	if t.name == "" {
		abs, err := filepath.Abs(t.path)
		if err != nil {
			return t, err
		}
		base := filepath.Base(abs)
		if !st.IsDir() {
			base = strings.TrimSuffix(base, filepath.Ext(base))
		}
		t.name = strings.Trim(nameCharacters.ReplaceAllString(base, "-"), "-")
		t.name = t.name[:min(len(t.name), 64)]
	}
	if t.name == "" {
		t.name = "function"
	}
	return t, nil
}

// readEnv replaces @FILE by the file's lines: NAME=VALUE, with comments and
// empty lines left out.
func readEnv(list stringList) (stringList, error) {
	var all stringList
	for _, v := range list {
		lines := []string{v}
		if file, ok := strings.CutPrefix(v, "@"); ok {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("-env: %w", err)
			}
			lines = strings.Split(string(text), "\n")
		}
		for i, line := range lines {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if name, _, ok := strings.Cut(line, "="); !ok || name == "" {
				// The value may be a secret: the line is not shown.
				return nil, fmt.Errorf("-env: line %d of %d is not NAME=VALUE", i+1, len(lines))
			}
			all = append(all, line)
		}
	}
	return all, nil
}
