package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/gobuild"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
	"github.com/lambdatune/lambdatune/internal/cpulimit"
)

// tuneLocally runs a function's binary under CPU quotas.
func tuneLocally(ctx context.Context, s settings, w world) (*report, error) {
	dir, err := os.MkdirTemp("", "powertune")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "bootstrap")
	if err := gobuild.Build(ctx, s.local, bin, "-tags=lambda.norpc", "-trimpath", "-ldflags=-s -w"); err != nil {
		return nil, err
	}
	r := &report{Function: s.local, Local: true, Arch: s.arch}
	if r.GBSecond, r.PriceOf, err = s.prices.of("", s.arch); err != nil {
		return nil, err
	}
	for _, mb := range s.memory {
		sz := size{Memory: mb}
		if r.Method, err = measureLocally(ctx, s, bin, &sz); err != nil {
			return nil, fmt.Errorf("%d MB: %w", mb, err)
		}
		sz.finish(s.trim, r.GBSecond)
		r.Sizes = append(r.Sizes, sz)
		fmt.Fprintf(w.err, "%d MB measured: %v\n", mb, round(sz.Mean))
	}
	return r, r.judge(s)
}

// measureLocally invokes the function at one size. INIT is not limited, as
// Lambda gives it more than the share; it is over when the limit begins.
func measureLocally(ctx context.Context, s settings, bin string, sz *size) (method string, err error) {
	limiter, err := cpulimit.New(float64(sz.Memory) / cpulimit.MBPerCore)
	if err != nil {
		return "", err
	}
	defer limiter.Close()
	var pids sync.Map // by environment
	failed := make(chan error, 1)
	fn, err := runtimeapi.Start(runtimeapi.Command{Path: bin, Dir: s.local}, runtimeapi.Config{
		Name: "powertune", MemorySize: sz.Memory, Timeout: 15 * time.Minute, Concurrency: s.parallel,
		Observe: func(e runtimeapi.Event) {
			switch e.Type {
			case runtimeapi.EventInitStart:
				pids.Store(e.Environment, e.PID)
			case runtimeapi.EventInitEnd:
				if pid, ok := pids.Load(e.Environment); ok && e.Status == runtimeapi.StatusSuccess {
					if err := limiter.Add(pid.(int)); err != nil {
						select {
						case failed <- err:
						default:
						}
					}
				}
			}
		},
	})
	if err != nil {
		return "", err
	}
	defer fn.Close()
	if err := fn.Warm(ctx, s.parallel); err != nil {
		return "", err
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	events := s.payloads.sequence(s.num)
	for worker := range s.parallel {
		wg.Go(func() {
			for i := worker; i < len(events); i += s.parallel {
				res, err := fn.Invoke(ctx, runtimeapi.Invocation{Payload: events[i]})
				if err == nil && res.FunctionError != "" {
					err = fmt.Errorf("the function failed with %s: measure with a payload that works", res.ErrorType)
				}
				mu.Lock()
				if first == nil {
					first = err
				}
				stop := first != nil
				if !stop {
					sz.add(sample{res.Duration, res.InitDuration, int(res.MaxMemoryUsed >> 20)})
				}
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		return "", fmt.Errorf("limiting the CPU: %w", err)
	default:
	}
	return limiter.Method(), first
}
