// Command replay runs recorded records through the filters of an event source
// mapping and reports how many invocations, and how much money, they would have
// saved.
//
//	go run github.com/lambdatune/lambdatune/filter/replay -source kinesis \
//		-pattern '{"data":{"tire_pressure":[{"numeric":["<",32]}]}}' -batch 100 records.jsonl
//
// The input is JSON lines, from files or standard input: each line is a record as
// the source's event has it, or a whole event. The filters are given as patterns,
// or with -template as a template that has them (see Options.ParseTemplate).
//
// Lambda filters before it batches. So the estimate is the number of full batches
// that the records make, rounded up, without the filters and with them; a batching
// window that runs out makes more invocations of fewer records, for which a
// smaller -batch stands. The cost of an invocation is its request plus -duration
// at -memory; the default prices are those of us-east-1 for x86.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/lambdatune/lambdatune/filter"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "replay:", err)
		}
		os.Exit(1)
	}
}

// sources are the values of -source, with the default batch size of a mapping.
var sources = map[string]struct {
	filter.Source
	batch int
	lists []string // what tells an event from a record
}{
	"sqs":      {filter.SQS, 10, []string{"Records"}},
	"kinesis":  {filter.Kinesis, 100, []string{"Records"}},
	"dynamodb": {filter.DynamoDB, 100, []string{"Records"}},
	"kafka":    {filter.Kafka, 100, []string{"records"}},
	"mq":       {filter.MQ, 100, []string{"messages", "rmqMessagesByQueue"}},
	"generic":  {filter.Generic, 1, nil},
}

type config struct {
	source       string
	patterns     []string
	template     string
	batch        int
	memory       int
	duration     time.Duration
	priceRequest float64
	priceGBs     float64
	explain      int
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var c config
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.source, "source", "", "sqs, kinesis, dynamodb, kafka, mq or generic")
	flags.Func("pattern", "a filter's pattern; repeat for several, any of which has to match", func(s string) error {
		c.patterns = append(c.patterns, s)
		return nil
	})
	flags.StringVar(&c.template, "template", "", "a file with the filters: FilterCriteria in JSON or YAML")
	flags.IntVar(&c.batch, "batch", 0, "records an invocation gets; 0 is the mapping's default")
	flags.IntVar(&c.memory, "memory", 128, "the function's memory in MB, 128 to 10240")
	flags.DurationVar(&c.duration, "duration", 100*time.Millisecond, "billed duration of an invocation")
	flags.Float64Var(&c.priceRequest, "price-requests", 0.20, "price of a million requests, in USD")
	flags.Float64Var(&c.priceGBs, "price-gbs", 0.0000166667, "price of a GB-second, in USD (arm64: 0.0000133334)")
	flags.IntVar(&c.explain, "explain", 0, "explain the first so many records that don't match")
	if err := flags.Parse(args); err != nil {
		return err
	}
	src, ok := sources[c.source]
	if !ok {
		return fmt.Errorf("-source is %q, allowed are sqs, kinesis, dynamodb, kafka, mq and generic", c.source)
	}
	if c.batch == 0 {
		c.batch = src.batch
	}
	switch {
	case c.batch < 1 || c.batch > 10000:
		return fmt.Errorf("-batch is %d, allowed are 1 to 10000", c.batch)
	case c.memory < 128 || c.memory > 10240:
		return fmt.Errorf("-memory is %d, allowed are 128 to 10240", c.memory)
	case c.duration <= 0 || c.duration > 15*time.Minute:
		return fmt.Errorf("-duration is %v, allowed is up to 15m", c.duration)
	case c.priceRequest < 0 || c.priceGBs < 0:
		return errors.New("a price is negative")
	}
	criteria, err := c.criteria(src.Source)
	if err != nil {
		return err
	}
	for _, p := range criteria.Problems() {
		fmt.Fprintf(stderr, "%v: %v\n", p.Severity, &p)
	}
	r := replay{criteria: criteria, lists: src.lists, out: stdout, explain: c.explain}
	if r.all, err = filter.Parse(src.Source); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		if err := r.read("standard input", stdin); err != nil {
			return err
		}
	}
	for _, name := range flags.Args() {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		err = r.read(name, f)
		f.Close()
		if err != nil {
			return err
		}
	}
	report(stdout, c, criteria, r.records, r.matched)
	return nil
}

func (c *config) criteria(src filter.Source) (*filter.Criteria, error) {
	options := filter.Options{MaxFilters: 10}
	switch {
	case c.template != "" && len(c.patterns) > 0:
		return nil, errors.New("give -pattern or -template, not both")
	case c.template != "":
		text, err := os.ReadFile(c.template)
		if err != nil {
			return nil, err
		}
		return options.ParseTemplate(src, text)
	case len(c.patterns) == 0:
		return nil, errors.New("no filters: give -pattern or -template")
	}
	return options.Parse(src, c.patterns...)
}

type replay struct {
	criteria, all    *filter.Criteria
	lists            []string
	out              io.Writer
	explain          int
	records, matched int
}

// read takes the lines of one input.
func (r *replay) read(name string, in io.Reader) error {
	lines := bufio.NewReaderSize(in, 1<<16)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: %w", name, err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := r.line(line); err != nil {
				return fmt.Errorf("%s, line %d: %w", name, n, err)
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

func (r *replay) line(line []byte) error {
	if !r.isEvent(line) {
		return r.record(line)
	}
	for record, err := range r.all.Split(line) {
		if err != nil {
			return err
		}
		if err := r.record(record); err != nil {
			return err
		}
	}
	return nil
}

func (r *replay) isEvent(line []byte) bool {
	for _, l := range r.lists {
		if v, err := jsonscan.Find(line, l); err == nil && v != nil {
			return true
		}
	}
	return false
}

func (r *replay) record(record []byte) error {
	ok, err := r.criteria.MatchRecord(record)
	if err != nil {
		return err
	}
	r.records++
	if ok {
		r.matched++
		return nil
	}
	if r.explain > 0 {
		r.explain--
		e, err := r.criteria.Explain(record)
		if err != nil {
			return err
		}
		fmt.Fprintf(r.out, "record %d: %v\n", r.records, e)
	}
	return nil
}
