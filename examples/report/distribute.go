package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/examples/report/report"
	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// distribution runs the steps of the state machine over generated logs, and says
// what Reduce says about the same, one object after the other.
func distribution(ctx context.Context, w io.Writer, query s3select.Query, megabytes, workers int) error {
	logs := days(generate(megabytes << 20))
	client, stop, err := endpoint(ctx, logs)
	if err != nil {
		return err
	}
	defer stop()
	s := &steps{client: client, query: query, work: bucket, size: int64(megabytes) << 20 / 16}

	start := time.Now()
	out, err := s.run(ctx, period{Bucket: bucket, Prefix: month, Execution: "local"}, workers)
	if err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Fprint(w, out.Report)
	fmt.Fprintf(w, "%d parts of %d logs, %d functions at a time: %.1f MB scanned, %d requests, %.7f USD of S3, %s\n",
		out.Parts, len(logs), workers, float64(out.Stats.BytesScanned)/1e6, out.Stats.Requests, out.Stats.Cost(), took.Round(time.Millisecond))

	var all report.Summary
	for key, data := range logs {
		one, _, err := summarise(ctx, client, s3select.Object{Bucket: bucket, Key: key, Size: int64(len(data))}, query)
		if err != nil {
			return err
		}
		if all, err = report.Merge(all, one); err != nil {
			return err
		}
	}
	if all.String() != out.Report {
		return fmt.Errorf("the state machine does not say what Reduce says:\n%s", all)
	}
	fmt.Fprintln(w, "s3select.Reduce says the same")
	return nil
}

const month = "by-day/2026-05-"

// days cuts a log into days of uneven size, one without a request.
func days(data []byte) map[string][]byte {
	logs := map[string][]byte{}
	for i, share := range []int{2, 0, 3, 1} { // the rest of the log by this, 0: nothing
		n := 0
		if share > 0 {
			n = len(data) / share
			n += bytes.IndexByte(data[n:], '\n') + 1
		}
		logs[fmt.Sprintf("%s%02d.jsonl", month, i+1)] = data[:n]
		data = data[n:]
	}
	return logs
}

// run is what Step Functions does with statemachine.asl.json.
func (s *steps) run(ctx context.Context, p period, workers int) (merged, error) {
	var out merged
	var plan planned
	if err := once(ctx, handler.JSON(s.plan), p, &plan); err != nil {
		return out, fmt.Errorf("state Plan: %w", err)
	}
	if plan.Items == 0 {
		return out, nil
	}
	results, err := s.distributedMap(ctx, plan.Plan, workers)
	if err != nil {
		return out, fmt.Errorf("state Parts: %w", err)
	}
	if err := once(ctx, handler.JSON(s.merge), mapped{plan.Plan, results}, &out); err != nil {
		return out, fmt.Errorf("state Merge: %w", err)
	}
	return out, nil
}

// distributedMap reads items from JSON Lines, invokes the function with each, and
// writes the results and a manifest of them, as the ResultWriter does.
func (s *steps) distributedMap(ctx context.Context, plan s3select.Object, workers int) (resultWriterDetails, error) {
	in, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &plan.Bucket, Key: &plan.Key})
	if err != nil {
		return resultWriterDetails{}, err
	}
	defer in.Body.Close()
	lines, err := io.ReadAll(in.Body)
	if err != nil {
		return resultWriterDetails{}, err
	}
	fn, err := runtimeapi.Start(runtimeapi.InProcess(handler.JSON(s.part).Invoke), runtimeapi.Config{Name: "part", Concurrency: workers, Timeout: 4 * time.Minute})
	if err != nil {
		return resultWriterDetails{}, err
	}
	defer fn.Close()

	var mu sync.Mutex
	var succeeded bytes.Buffer
	var failed []error
	var wg sync.WaitGroup
	items := make(chan []byte)
	for range workers {
		wg.Go(func() {
			for item := range items {
				result, err := invoke(ctx, fn, item)
				mu.Lock()
				if err != nil {
					failed = append(failed, err)
				} else {
					fmt.Fprintf(&succeeded, "%s\n", result)
				}
				mu.Unlock()
			}
		})
	}
	for line := range bytes.Lines(lines) {
		items <- bytes.TrimSpace(line)
	}
	close(items)
	wg.Wait()
	if len(failed) > 0 { // the tolerated failures are 0 %
		return resultWriterDetails{}, errors.Join(failed...)
	}

	dir := strings.TrimSuffix(strings.Replace(plan.Key, "plans/", "results/", 1), ".jsonl")
	file, manifest := dir+"/SUCCEEDED_0.jsonl", dir+"/manifest.json"
	text, err := json.Marshal(map[string]any{
		"DestinationBucket": s.work,
		"MapRunArn":         "arn:aws:states:local",
		"ResultFiles": map[string]any{
			"FAILED": []any{}, "PENDING": []any{},
			"SUCCEEDED": []any{map[string]any{"Key": file, "Size": succeeded.Len()}},
		},
	})
	if err != nil {
		return resultWriterDetails{}, err
	}
	for key, data := range map[string][]byte{file: succeeded.Bytes(), manifest: text} {
		if _, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(s.work), Key: &key, Body: bytes.NewReader(data)}); err != nil {
			return resultWriterDetails{}, err
		}
	}
	return resultWriterDetails{Bucket: s.work, Key: manifest}, nil
}

// once invokes a function once, as a Lambda function in this process.
func once(ctx context.Context, logic handler.Invoker, in, out any) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return err
	}
	fn, err := runtimeapi.Start(runtimeapi.InProcess(logic.Invoke), runtimeapi.Config{Timeout: 15 * time.Minute})
	if err != nil {
		return err
	}
	defer fn.Close()
	result, err := invoke(ctx, fn, payload)
	if err != nil {
		return err
	}
	return json.Unmarshal(result, out)
}

func invoke(ctx context.Context, fn *runtimeapi.Function, payload []byte) ([]byte, error) {
	res, err := fn.Invoke(ctx, runtimeapi.Invocation{Payload: payload})
	if err != nil {
		return nil, err
	}
	if res.FunctionError != "" {
		return nil, fmt.Errorf("%s: %s", res.ErrorType, res.Payload)
	}
	return res.Payload, nil
}
