package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/queue"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

func TestResponses(t *testing.T) {
	const ok, whole = "", "abc"
	for _, c := range []struct {
		name     string
		response string // %a, %b and %c become the messages' IDs
		report   string // the bodies that come back with ReportBatchItemFailures
	}{
		{"nothing", "", ok},
		{"null", "null", ok},
		{"object", "{}", ok},
		{"other object", `{"statusCode":200,"itemIdentifier":"x"}`, ok},
		{"null list", `{"batchItemFailures":null}`, ok},
		{"empty list", ` {"batchItemFailures":[]}` + "\n", ok},
		{"one", failures("%b"), "b"},
		{"one twice", failures("%b", "%b"), "b"},
		{"all", failures("%c", "%b", "%a"), whole},
		{"name in another case", `{"BatchItemFailures":[{"itemIdentifier":"%a"}]}`, ok},
		{"not JSON", `{"batchItemFailures":[`, whole},
		{"string", `"done"`, whole},
		{"list", `[]`, whole},
		{"list is a string", `{"batchItemFailures":"%a"}`, whole},
		{"list of strings", `{"batchItemFailures":["%a"]}`, whole},
		{"empty identifier", failures("%a", ""), whole},
		{"null identifier", `{"batchItemFailures":[{"itemIdentifier":null}]}`, whole},
		{"bad key", `{"batchItemFailures":[{"ItemIdentifier":"%a"}]}`, whole},
		{"number", `{"batchItemFailures":[{"itemIdentifier":1}]}`, whole},
		{"null item", `{"batchItemFailures":[null]}`, whole},
		{"unknown identifier", failures("%a", "059f36b4-87a3-44ab-83d2-661975830a7d"), whole},
	} {
		for _, report := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				q, dead := withDeadLetters(t, queue.Config{}, 1)
				for _, body := range []string{"a", "b", "c"} {
					send(t, q, queue.Message{Body: body})
				}
				f := &function{handle: func(list []record) (string, bool) {
					response := c.response
					for _, r := range list {
						response = strings.ReplaceAll(response, "%"+r.Body, r.MessageID)
					}
					return response, false
				}}
				var batches []queue.Batch
				begun := time.Now()
				drain(t, newMapping(t, q, f, queue.MappingConfig{ReportBatchItemFailures: report, Observe: func(b queue.Batch) { batches = append(batches, b) }}))
				want := c.report
				if !report {
					want = ok
				}
				if got := bodies(dead.Messages()); got != want || len(batches) != 1 || len(batches[0].Failed) != len(want) {
					t.Errorf("%s, reporting %v: %q came back, want %q; %+v", c.name, report, got, want, batches)
				}
				if took := time.Since(begun); took != 0 && want == "" || took != 30*time.Second && want != "" {
					t.Errorf("%s: it took %v", c.name, took)
				}
			})
		}
	}
}

func TestFunctionError(t *testing.T) {
	for _, report := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(t, queue.Config{VisibilityTimeout: 18 * time.Second})
			for range 3 {
				send(t, q, queue.Message{Body: "x"})
			}
			var counts []string
			f := &function{handle: func(list []record) (string, bool) {
				time.Sleep(time.Second)
				counts = append(counts, list[0].Attributes.ApproximateReceiveCount)
				return failures(), len(counts) < 3
			}}
			begun := time.Now()
			drain(t, newMapping(t, q, f, queue.MappingConfig{ReportBatchItemFailures: report}))
			if took := time.Since(begun); took != 37*time.Second || !slices.Equal(f.batches, []int{3, 3, 3}) || !slices.Equal(counts, []string{"1", "2", "3"}) {
				t.Errorf("%v of receive counts %v in %v", f.batches, counts, took)
			}
		})
	}
}

func TestBatches(t *testing.T) {
	for _, c := range []struct {
		name    string
		config  queue.MappingConfig
		every   time.Duration // a message is sent
		n, size int
		batches []int
	}{
		{"size", queue.MappingConfig{BatchSize: 4}, 0, 10, 1, []int{4, 4, 2}},
		{"at once", queue.MappingConfig{}, time.Second, 3, 1, []int{1, 1, 1}},
		{"window", queue.MappingConfig{BatchingWindow: 5 * time.Second}, 2 * time.Second, 6, 1, []int{3, 3}},
		{"window, full", queue.MappingConfig{BatchSize: 2, BatchingWindow: 5 * time.Second}, 2 * time.Second, 5, 1, []int{2, 2, 1}},
		{"large", queue.MappingConfig{BatchSize: 10_000, BatchingWindow: time.Second}, 0, 10_100, 1, []int{10_000, 100}},
		{"6 MB", queue.MappingConfig{}, 0, 7, 1 << 20, []int{5, 2}},
		{"6 MB in the window", queue.MappingConfig{BatchSize: 100, BatchingWindow: 3 * time.Second}, 0, 100, 100_000, []int{62, 38}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(t, queue.Config{})
				f := &function{handle: func([]record) (string, bool) { return "", false }}
				largest := 0
				guard := &measured{function: f, largest: &largest}
				m := newMapping(t, q, guard, c.config)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				sendAll := func() {
					for range c.n {
						send(t, q, queue.Message{Body: strings.Repeat("x", c.size)})
						time.Sleep(c.every)
					}
				}
				if c.every == 0 {
					sendAll()
				}
				go func() { done <- m.Run(ctx) }()
				if c.every > 0 {
					sendAll()
				}
				time.Sleep(20 * time.Second)
				cancel()
				if err := <-done; !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if got := slices.Sorted(slices.Values(f.batches)); !slices.Equal(got, slices.Sorted(slices.Values(c.batches))) || q.Counts() != (queue.Counts{}) {
					t.Errorf("batches of %v, want %v; %+v left", f.batches, c.batches, q.Counts())
				}
				if largest > 6<<20 {
					t.Errorf("a payload of %d bytes", largest)
				}
			})
		})
	}
}

type measured struct {
	*function
	mu      sync.Mutex
	largest *int
}

func (m *measured) Invoke(ctx context.Context, inv runtimeapi.Invocation) (*runtimeapi.Result, error) {
	m.mu.Lock()
	*m.largest = max(*m.largest, len(inv.Payload))
	m.mu.Unlock()
	return m.function.Invoke(ctx, inv)
}

// A batch that is being gathered when the mapping ends is not lost.
func TestEndsInTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, queue.Config{})
		send(t, q, queue.Message{Body: "a"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		m := newMapping(t, q, &function{}, queue.MappingConfig{BatchingWindow: 5 * time.Second})
		if err := m.Run(ctx); !errors.Is(err, context.DeadlineExceeded) || q.Counts().Visible != 1 {
			t.Error(err, q.Counts())
		}
	})
}

// What takes long is waited for; its message is deleted.
func TestEndsInAnInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, queue.Config{})
		send(t, q, queue.Message{Body: "a"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		f := &function{handle: func([]record) (string, bool) { time.Sleep(2 * time.Second); return "", false }}
		m := newMapping(t, q, f, queue.MappingConfig{})
		go func() {
			time.Sleep(time.Millisecond)
			if err := m.Run(ctx); err == nil || errors.Is(err, ctx.Err()) {
				t.Errorf("a second Run: %v", err)
			}
		}()
		if err := m.Run(ctx); !errors.Is(err, context.DeadlineExceeded) || q.Counts() != (queue.Counts{}) {
			t.Error(err, q.Counts())
		}
	})
}

// Messages whose invocation outlives the visibility timeout are told, and
// received again.
func TestLate(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(t, queue.Config{FIFO: fifo, ContentBasedDeduplication: fifo})
			m := queue.Message{Body: "a"}
			if fifo {
				m.GroupID = "g"
			}
			send(t, q, m)
			var invocations atomic.Int32
			f := &function{handle: func([]record) (string, bool) {
				if invocations.Add(1) == 1 { // a test's function need not keep to its timeout
					time.Sleep(45 * time.Second)
				}
				return "", false
			}}
			late, batches := 0, 0
			drain(t, newMapping(t, q, f, queue.MappingConfig{Observe: func(b queue.Batch) { late += len(b.Late); batches++ }}))
			if late != 1 || batches != 2 {
				t.Errorf("%d late in %d batches", late, batches)
			}
		})
	}
}

func TestThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, dead := withDeadLetters(t, queue.Config{}, 2)
		for range 400 {
			send(t, q, queue.Message{Body: "x"})
		}
		f := &function{concurrency: 2, handle: func([]record) (string, bool) { time.Sleep(time.Second); return "", false }}
		drain(t, newMapping(t, q, f, queue.MappingConfig{}))
		if f.peak > 2 || f.throttled == 0 || f.invocations != 40 || dead.Counts().Visible != 0 {
			t.Errorf("%d at a time, %d throttles, %d invocations, %+v", f.peak, f.throttled, f.invocations, dead.Counts())
		}
		// As long as it is throttled messages come and go, and end in the DLQ.
		for range 3 {
			send(t, q, queue.Message{Body: "y"})
		}
		var last queue.Batch
		begun := time.Now()
		f.concurrency, f.running = 1, 1
		drain(t, newMapping(t, q, f, queue.MappingConfig{Observe: func(b queue.Batch) { last = b }}))
		if !errors.Is(last.Err, runtimeapi.ErrThrottled) || last.Throttles < 5 || len(last.Failed) != 3 || last.Result != nil || dead.Counts().Visible != 3 || time.Since(begun) != time.Minute {
			t.Errorf("%+v, %+v after %v", last, dead.Counts(), time.Since(begun))
		}
	})
}

func TestScaling(t *testing.T) {
	for _, c := range []struct{ maximum, peak int }{{0, 55}, {2, 2}, {20, 20}} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(t, queue.Config{})
			for range 700 {
				send(t, q, queue.Message{Body: "x"})
			}
			f := &function{handle: func([]record) (string, bool) { time.Sleep(500 * time.Millisecond); return "", false }}
			m := newMapping(t, q, f, queue.MappingConfig{BatchSize: 1, MaximumConcurrency: c.maximum})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
			defer cancel()
			m.Run(ctx)
			if f.peak != c.peak {
				t.Errorf("maximum %d: %d at a time after 10 s, want %d", c.maximum, f.peak, c.peak)
			}
		})
	}
}

// Function errors make the mapping go slower, unless it takes partial batch
// responses.
func TestBackOff(t *testing.T) {
	for _, c := range []struct {
		report bool
		least  int
		most   int
	}{{false, 1, 6}, {true, 25, 35}} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(t, queue.Config{})
			for range 400 {
				send(t, q, queue.Message{Body: "x"})
			}
			f := &function{handle: func([]record) (string, bool) { time.Sleep(500 * time.Millisecond); return "", true }}
			m := newMapping(t, q, f, queue.MappingConfig{BatchSize: 1, ReportBatchItemFailures: c.report})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second+250*time.Millisecond)
			defer cancel()
			done := make(chan error)
			go func() { done <- m.Run(ctx) }()
			time.Sleep(5*time.Second + 125*time.Millisecond)
			f.mu.Lock()
			if f.running < c.least || f.running > c.most {
				t.Errorf("reporting %v: %d at a time after 5 s, want %d to %d", c.report, f.running, c.least, c.most)
			}
			f.mu.Unlock()
			<-done
		})
	}
}

type closed struct{ *function }

func (closed) Invoke(context.Context, runtimeapi.Invocation) (*runtimeapi.Result, error) {
	return nil, runtimeapi.ErrClosed
}

func TestClosedFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, queue.Config{})
		send(t, q, queue.Message{Body: "a"})
		err := newMapping(t, q, closed{&function{}}, queue.MappingConfig{}).Run(t.Context())
		if !errors.Is(err, runtimeapi.ErrClosed) || q.Counts().InFlight != 1 {
			t.Error(err, q.Counts())
		}
	})
}

// The event has the members of the one that the command prints as a sample,
// which is as the service sends it.
func TestEvent(t *testing.T) {
	text, err := os.ReadFile("../internal/samples/events/sqs.json")
	if err != nil {
		t.Fatal(err)
	}
	type event struct{ Records []map[string]any }
	var sample, got event
	if err := json.Unmarshal(text, &sample); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, queue.Config{Name: "orders", Region: "eu-central-1"})
		want := sample.Records[0]
		send(t, q, queue.Message{
			Body: want["body"].(string), TraceHeader: "Root=1-67c2f0a1-3f1b7c5e2a9d4e6f8b0c1d2e;Parent=91ed514f1e5c03b2;Sampled=0",
			SenderID: "AROAEXAMPLEID:orders", Attributes: map[string]queue.Attribute{"kind": {DataType: "String", StringValue: "placed"}},
		})
		sent := time.Now().UnixMilli()
		time.Sleep(26 * time.Millisecond)
		drain(t, newMapping(t, q, &payloads{read: func(p []byte) {
			if err := json.Unmarshal(p, &got); err != nil {
				t.Error(err)
			}
		}}, queue.MappingConfig{}))
		r := got.Records[0]
		attributes := r["attributes"].(map[string]any)
		for name, at := range map[string]int64{"SentTimestamp": sent, "ApproximateFirstReceiveTimestamp": sent + 26} {
			if b, _ := json.Marshal(at); attributes[name] != string(b) {
				t.Errorf("%s %v, want %d", name, attributes[name], at)
			}
			attributes[name] = want["attributes"].(map[string]any)[name]
		}
		for _, name := range []string{"messageId", "receiptHandle"} {
			if s, _ := r[name].(string); len(s) < 30 {
				t.Errorf("%s: %q", name, s)
			}
			r[name] = want[name]
		}
		a, _ := json.Marshal(r)
		b, _ := json.Marshal(want)
		if string(a) != string(b) {
			t.Errorf("%s\nwant\n%s", a, b)
		}
	})
}

type payloads struct {
	function
	read func([]byte)
}

func (p *payloads) Invoke(_ context.Context, inv runtimeapi.Invocation) (*runtimeapi.Result, error) {
	p.read(inv.Payload)
	return &runtimeapi.Result{Status: runtimeapi.StatusSuccess}, nil
}

func TestFIFOEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, dead := withDeadLetters(t, queue.Config{FIFO: true}, 1)
		sent := send(t, q, queue.Message{Body: "<é\u2028\t\"", GroupID: "g", DeduplicationID: "d", Attributes: map[string]queue.Attribute{"b": {DataType: "Binary", BinaryValue: []byte{1, 2}}}})
		if q.Receive(1); true {
			time.Sleep(time.Minute)
		}
		q.Receive(1)
		drain(t, newMapping(t, dead, &payloads{read: func(p []byte) {
			for _, want := range []string{
				`"MessageGroupId":"g"`, `"MessageDeduplicationId":"` + sent.ID + `"`, `"SequenceNumber":"1800`, `"DeadLetterQueueSourceArn":"` + q.ARN() + `"`,
				`"eventSourceARN":"arn:aws:sqs:us-east-1:123456789012:queue.fifo"`, `"body":"<é\u2028\t\""`,
				`"b":{"binaryValue":"AQI=","stringListValues":[],"binaryListValues":[],"dataType":"Binary"}`,
			} {
				if !strings.Contains(string(p), want) {
					t.Errorf("%s\nlacks %s", p, want)
				}
			}
		}}, queue.MappingConfig{}))
	})
}
