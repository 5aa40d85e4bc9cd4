package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/internal/allocs"
	"github.com/lambdatune/lambdatune/handler/local/internal/console"
	"github.com/lambdatune/lambdatune/handler/local/internal/events"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// play invokes a function with the events of a file.
func play(ctx context.Context, o *options, c console.Console, stdin io.Reader) error {
	list, err := readEvents(o.event, stdin)
	if err != nil {
		return err
	}
	w, err := newWorkplace()
	if err != nil {
		return err
	}
	defer w.remove()
	if o.allocs {
		if o.meter, err = allocs.NewMeter(); err != nil {
			return err
		}
		defer o.meter.Close()
	}
	f, err := w.start(ctx, o, o.targets[0], c)
	if err != nil {
		return err
	}
	defer f.Close()
	if o.repeat > 1 || o.rate > 0 || o.stats || o.allocs {
		return measure(ctx, o, c, f, list)
	}
	var failed error
	for _, e := range list {
		c.Request(e.Source, e.Payload)
		res, err := f.Invoke(ctx, runtimeapi.Invocation{Payload: e.Payload})
		if err != nil {
			return err
		}
		c.Response(res)
		if res.ErrorType == "Sandbox.Timedout" && res.PID == 0 {
			return fmt.Errorf("function %s: %w", o.targets[0].name, errNeverAsks)
		}
		if res.FunctionError != "" {
			failed = errFailed
		}
	}
	return failed
}

func readEvents(name string, stdin io.Reader) ([]events.Event, error) {
	if name == "-" {
		return events.Read(stdin, "standard input")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("event file: %w", err)
	}
	defer file.Close()
	return events.Read(file, name)
}

// measure plays the events o.repeat times and shows figures.
func measure(ctx context.Context, o *options, c console.Console, f *runtimeapi.Function, list []events.Event) error {
	var (
		mu    sync.Mutex
		stats console.Stats
		first error
		wg    sync.WaitGroup
	)
	one := func(payload []byte) {
		res, err := f.Invoke(ctx, runtimeapi.Invocation{Payload: payload})
		mu.Lock()
		defer mu.Unlock()
		switch {
		case errors.Is(err, runtimeapi.ErrThrottled):
			stats.Throttles++
			return
		case err != nil:
			first = err
			return
		}
		stats.Invocations++
		stats.Duration = append(stats.Duration, res.Duration)
		if res.InitDuration > 0 {
			stats.ColdStarts++
			stats.Init = append(stats.Init, res.InitDuration)
		}
		if res.FunctionError != "" {
			stats.Errors++
		}
	}
	total := o.repeat * len(list)
	workers := min(total, o.config.Concurrency*o.config.MaxConcurrency)
	environments := min(total, o.config.Concurrency)
	var before allocs.Counters
	if o.meter != nil { // count neither INIT nor what later environments add
		if err := f.Warm(ctx, environments); err != nil {
			return err
		}
		var err error
		if before, err = o.meter.Read(environments); err != nil {
			return err
		}
	}
	begun := time.Now()
	if o.rate > 0 {
		for i := range total {
			// Each invocation has its moment, so that a late one does not
			// delay those after it.
			due := begun.Add(time.Duration(float64(i) / o.rate * float64(time.Second)))
			select {
			case <-time.After(time.Until(due)):
			case <-ctx.Done():
			}
			if ctx.Err() != nil {
				break
			}
			wg.Go(func() { one(list[i%len(list)].Payload) })
		}
	} else {
		work := make(chan []byte)
		for range workers {
			wg.Go(func() {
				for payload := range work {
					one(payload)
				}
			})
		}
		for i := 0; i < total && ctx.Err() == nil; i++ {
			work <- list[i%len(list)].Payload
		}
		close(work)
	}
	wg.Wait()
	stats.Elapsed = time.Since(begun)
	if o.meter != nil {
		after, err := o.meter.Read(environments)
		if err != nil {
			return err
		}
		n := console.Allocs(after.Sub(before))
		stats.Allocs = &n
	}
	c.Stats(stats)
	if first != nil {
		return first
	}
	if stats.Errors > 0 {
		return errFailed
	}
	return nil
}
