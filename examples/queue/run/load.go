package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/examples/queue/jobs"
)

// makeJobs makes n jobs: a tenth pays by transfer, and one in 25 belongs to the
// client that has hung up.
func makeJobs(n int, here, gone string) []jobs.Job {
	all := make([]jobs.Job, n)
	for i := range all {
		all[i] = jobs.Job{ID: fmt.Sprintf("job-%d", i), ConnectionID: here, Method: "card", AmountCents: int64(100 + i)}
		if i%10 == 3 {
			all[i].Method = "transfer"
		}
		if i%25 == 0 {
			all[i].ConnectionID = gone
		}
	}
	return all
}

// load posts the jobs at a rate per second, every twentieth of them twice, as a
// client does that has missed the first answer. It returns how many were
// accepted.
func load(ctx context.Context, url string, all []jobs.Job, rate float64) (int, error) {
	const senders = 16
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	var messages []jobs.Job
	for i, j := range all {
		messages = append(messages, j)
		if i%20 == 7 {
			messages = append(messages, j)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		errs  []error
		next  = make(chan jobs.Job)
		start = time.Now()
	)
	for range senders {
		wg.Go(func() {
			for j := range next {
				if err := post(ctx, client, url, j); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
					cancel()
				}
			}
		})
	}
	for i, j := range messages {
		if sleep(ctx, time.Until(start.Add(time.Duration(float64(i)/rate*float64(time.Second))))) != nil {
			break
		}
		next <- j
	}
	close(next)
	wg.Wait()
	if len(errs) > 0 {
		return 0, errs[0]
	}
	return len(messages), ctx.Err()
}

func post(ctx context.Context, client *http.Client, url string, j jobs.Job) error {
	body, err := json.Marshal(j)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the front answered %s: %s", resp.Status, answer)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
