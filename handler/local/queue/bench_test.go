package queue_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/queue"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// BenchmarkBatch is 10 messages of 1 KB: sent, received and deleted; through a
// mapping to a function that does nothing; and that through the Runtime API.
func BenchmarkBatch(b *testing.B) {
	body := strings.Repeat("x", 1024)
	setUp := func(b *testing.B) (*queue.Queue, func()) {
		q, err := queue.New(queue.Config{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		return q, func() {
			for range 10 {
				if _, err := q.Send(queue.Message{Body: body}); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	mapped := func(b *testing.B, f queue.Function) {
		q, send := setUp(b)
		m, err := queue.NewMapping(q, f, queue.MappingConfig{ReportBatchItemFailures: true})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			send()
			if err := m.Drain(b.Context()); err != nil || q.Counts() != (queue.Counts{}) {
				b.Fatal(err, q.Counts())
			}
		}
	}
	b.Run("queue", func(b *testing.B) {
		q, send := setUp(b)
		for b.Loop() {
			send()
			batch := q.Receive(10)
			for _, r := range batch {
				if err := q.Delete(r.ReceiptHandle); err != nil {
					b.Fatal(err)
				}
			}
			if len(batch) != 10 {
				b.Fatal(len(batch))
			}
		}
	})
	b.Run("mapping", func(b *testing.B) { mapped(b, &payloads{read: func([]byte) {}}) })
	b.Run("runtimeapi", func(b *testing.B) {
		fn, err := runtimeapi.Start(runtimeapi.InProcess(func(context.Context, []byte) ([]byte, error) { return nil, nil }), runtimeapi.Config{Timeout: 10 * time.Second})
		if err != nil {
			b.Fatal(err)
		}
		defer fn.Close()
		mapped(b, fn)
	})
}
