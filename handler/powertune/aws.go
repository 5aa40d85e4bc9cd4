package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdatune/lambdatune/metrics/concurrency"
)

// tuner measures one function on AWS.
type tuner struct {
	lambda   *lambda.Client
	settings settings
	world    world
	region   string
}

func (t *tuner) tune(ctx context.Context) (r *report, err error) {
	s := t.settings
	if err := t.refuseLeftover(ctx); err != nil {
		return nil, err
	}
	conf, err := t.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &s.function})
	if err != nil {
		return nil, err
	}
	r = &report{Function: aws.ToString(conf.FunctionArn), Arch: architecture(conf.Architectures)}
	region := t.region
	if parts := strings.Split(r.Function, ":"); len(parts) > 3 {
		region = parts[3]
	}
	if r.GBSecond, r.PriceOf, err = s.prices.of(region, r.Arch); err != nil {
		return nil, err
	}
	marks, err := t.begin(ctx, int(aws.ToInt32(conf.MemorySize)))
	if err != nil {
		return nil, err
	}
	defer func() {
		// Restoring must happen also after Ctrl-C, which has ended ctx.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		if undo := marks.undo(ctx); undo != nil {
			err = errors.Join(err, fmt.Errorf("NOT RESTORED, run again with -restore: %w", undo))
		}
	}()
	for _, mb := range s.memory {
		if err := marks.publish(ctx, mb); err != nil {
			return nil, err
		}
		t.progress("%d MB published", mb)
	}
	if err := marks.restoreMemory(ctx); err != nil {
		return nil, err
	}
	for _, mb := range s.memory {
		sz := size{Memory: mb}
		if err := t.measure(ctx, &sz); err != nil {
			return nil, fmt.Errorf("%d MB: %w", mb, err)
		}
		sz.finish(s.trim, r.GBSecond)
		r.Sizes = append(r.Sizes, sz)
		t.progress("%d MB measured: %v", mb, round(sz.Mean))
	}
	return r, r.judge(s)
}

func (t *tuner) progress(format string, args ...any) {
	fmt.Fprintf(t.world.err, format+"\n", args...)
}

func architecture(a []types.Architecture) string {
	if len(a) == 0 {
		return string(types.ArchitectureX8664)
	}
	return string(a[0])
}

// measure invokes the alias of a size, in parallel where asked.
func (t *tuner) measure(ctx context.Context, sz *size) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan []byte)
	go func() {
		defer close(events)
		for _, e := range t.settings.payloads.sequence(t.settings.num) {
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed error
	)
	for range t.settings.parallel {
		wg.Go(func() {
			for e := range events {
				m, err := t.invoke(ctx, aliasOf(sz.Memory), e)
				mu.Lock()
				if err == nil {
					sz.add(m)
				} else if failed == nil {
					failed = err
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

func (t *tuner) invoke(ctx context.Context, alias string, event []byte) (m sample, err error) {
	out, err := t.lambda.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &t.settings.function, Qualifier: &alias, Payload: event, LogType: types.LogTypeTail,
	})
	if err != nil {
		return m, err
	}
	if out.FunctionError != nil {
		// The message is the function's own and may hold anything; its type says enough.
		var e struct {
			ErrorType string `json:"errorType"`
		}
		_ = json.Unmarshal(out.Payload, &e) // without a type the kind of error remains
		return m, fmt.Errorf("the function failed with %s %s: measure with a payload that works", *out.FunctionError, e.ErrorType)
	}
	log, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if err != nil {
		return m, fmt.Errorf("the log tail is not base64: %w", err)
	}
	var rep concurrency.Report
	for line := range strings.Lines(string(log)) {
		switch err := concurrency.ParseReport([]byte(line), &rep); {
		case err == nil:
			return sample{rep.Duration, rep.Init + rep.Restore, rep.MaxMemoryUsed}, nil
		case !errors.Is(err, concurrency.ErrNotReport):
			return m, err
		}
	}
	return m, errors.New("the log tail has no REPORT line")
}
