package queue_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/queue"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// record is what functions under test read of a message.
type record struct {
	MessageID     string `json:"messageId"`
	ReceiptHandle string
	Body          string
	Attributes    struct{ MessageGroupID, ApproximateReceiveCount string }
}

// function is a runtimeapi.Function that does not leave a synctest bubble.
type function struct {
	timeout     time.Duration // zero is 3 s
	concurrency int           // reserved; zero is no bound
	handle      func([]record) (response string, failed bool)

	mu            sync.Mutex
	running, peak int
	throttled     int
	invocations   int
	batches       []int
}

func (f *function) Config() runtimeapi.Config {
	c := runtimeapi.Config{Timeout: f.timeout}
	if c.Timeout == 0 {
		c.Timeout = 3 * time.Second
	}
	return c
}

func (f *function) Invoke(_ context.Context, inv runtimeapi.Invocation) (*runtimeapi.Result, error) {
	var e struct{ Records []record }
	if err := json.Unmarshal(inv.Payload, &e); err != nil {
		panic(err)
	}
	f.mu.Lock()
	if f.concurrency > 0 && f.running == f.concurrency {
		f.throttled++
		f.mu.Unlock()
		return nil, runtimeapi.ErrThrottled
	}
	f.running++
	f.invocations++
	f.batches = append(f.batches, len(e.Records))
	f.peak = max(f.peak, f.running)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.running--
		f.mu.Unlock()
	}()
	response, failed := f.handle(e.Records)
	r := &runtimeapi.Result{Status: runtimeapi.StatusSuccess, Payload: []byte(response)}
	if failed {
		r.Status, r.FunctionError, r.ErrorType = runtimeapi.StatusError, "Unhandled", "errorString"
	}
	return r, nil
}

func newQueue(t *testing.T, c queue.Config) *queue.Queue {
	t.Helper()
	q, err := queue.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// withDeadLetters makes a queue and its dead-letter queue.
func withDeadLetters(t *testing.T, c queue.Config, maxReceiveCount int) (q, dead *queue.Queue) {
	t.Helper()
	dead = newQueue(t, queue.Config{FIFO: c.FIFO})
	c.DeadLetterQueue, c.MaxReceiveCount = dead, maxReceiveCount
	return newQueue(t, c), dead
}

func newMapping(t *testing.T, q *queue.Queue, f queue.Function, c queue.MappingConfig) *queue.Mapping {
	t.Helper()
	m, err := queue.NewMapping(q, f, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func send(t *testing.T, q *queue.Queue, m queue.Message) queue.Received {
	t.Helper()
	r, err := q.Send(m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func drain(t *testing.T, m *queue.Mapping) {
	t.Helper()
	if err := m.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func bodies(list []queue.Received) (all string) {
	for _, r := range list {
		all += r.Body
	}
	return all
}

func failures(ids ...string) string {
	type item struct {
		ID string `json:"itemIdentifier"`
	}
	list := []item{}
	for _, id := range ids {
		list = append(list, item{id})
	}
	b, _ := json.Marshal(map[string]any{"batchItemFailures": list})
	return string(b)
}
