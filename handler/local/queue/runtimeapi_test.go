package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/queue"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// TestOverload sends far more than a function with a reserved concurrency of 5
// takes, at once and a tenth of it poison, through the Runtime API.
func TestOverload(t *testing.T) {
	t.Parallel()
	const n, reserved = 1000, 5
	var (
		mu      sync.Mutex
		effects = map[string]int{}
		sick    = true
		active  int
		peak    int
	)
	fn, err := runtimeapi.Start(runtimeapi.InProcess(func(ctx context.Context, payload []byte) ([]byte, error) {
		var e struct{ Records []record }
		if err := json.Unmarshal(payload, &e); err != nil {
			return nil, err
		}
		mu.Lock()
		active++
		peak = max(peak, active)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		active--
		if ctx.Err() != nil { // the machine was too busy
			return nil, ctx.Err()
		}
		var failed []string
		for _, r := range e.Records {
			if sick && strings.HasSuffix(r.Body, "0") {
				failed = append(failed, r.MessageID)
				continue
			}
			effects[r.Body] = 1 // idempotent
		}
		return []byte(failures(failed...)), nil
	}), runtimeapi.Config{Concurrency: reserved, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer fn.Close()
	q, dead := withDeadLetters(t, queue.Config{VisibilityTimeout: 3 * time.Second}, 2)
	throttles, invocations := 0, 0
	m := newMapping(t, q, fn, queue.MappingConfig{ReportBatchItemFailures: true, Observe: func(b queue.Batch) {
		throttles += b.Throttles
		invocations++
		if b.Err != nil && !errors.Is(b.Err, runtimeapi.ErrThrottled) {
			t.Log(b.Err)
		}
	}})
	for i := range n {
		send(t, q, queue.Message{Body: strconv.Itoa(i)})
	}
	drain(t, m)
	if got := len(dead.Messages()); got < n/10 {
		t.Errorf("%d in the dead-letter queue, want %d", got, n/10)
	}
	for i := range n / 10 {
		if effects[strconv.Itoa(i*10)] != 0 {
			t.Errorf("%d, which is poison, took effect", i*10)
		}
	}
	mu.Lock()
	sick = false
	mu.Unlock()
	for rounds := 0; len(dead.Messages()) > 0 && rounds < 5; rounds++ { // one, unless the machine is too busy
		if _, err := dead.Redrive(nil); err != nil {
			t.Fatal(err)
		}
		drain(t, m)
	}
	if len(effects) != n || len(dead.Messages()) != 0 || peak > reserved || fn.Environments() > reserved {
		t.Errorf("%d of %d processed, %d dead, %d at a time", len(effects), n, len(dead.Messages()), peak)
	}
	t.Logf("%d messages in %d batches, %d throttles, at most %d of %d invocations at a time", n, invocations, throttles, peak, reserved)
}

// A function that fails, where its message goes, and how it comes back.
func ExampleMapping() {
	dead, _ := queue.New(queue.Config{Name: "orders-dead"})
	orders, err := queue.New(queue.Config{
		Name: "orders", VisibilityTimeout: 2 * time.Second, DeadLetterQueue: dead, MaxReceiveCount: 1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	broken := true
	fn, err := runtimeapi.Start(runtimeapi.InProcess(func(context.Context, []byte) ([]byte, error) {
		if broken {
			return nil, errors.New("no stock")
		}
		return nil, nil
	}), runtimeapi.Config{Timeout: 2 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fn.Close()
	mapping, err := queue.NewMapping(orders, fn, queue.MappingConfig{ReportBatchItemFailures: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := orders.Send(queue.Message{Body: `{"id":1}`}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mapping.Drain(context.Background()), dead.Counts())

	broken = false
	moved, err := dead.Redrive(nil)
	fmt.Println(moved, err)
	fmt.Println(mapping.Drain(context.Background()), dead.Counts())
	// Output:
	// <nil> {1 0}
	// 1 <nil>
	// <nil> {0 0}
}
