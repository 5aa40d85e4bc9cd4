package handler

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/internal/batch"
	"github.com/lambdatune/lambdatune/handler/internal/envelope"
)

// BenchmarkBatchEngine is what a record costs between the split event and the
// logic that does nothing: its turn, the deadline, its context, the contained
// panic and the outcome. What the clock and the decoding of the number 1 take of
// that, once per record each, stands beside it.
func BenchmarkBatchEngine(b *testing.B) {
	const n = 100
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	per := func(b *testing.B) { b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record") }
	b.Run("impl=clock", func(b *testing.B) {
		began := time.Now()
		for b.Loop() {
			for range n {
				if time.Since(began) > time.Hour {
					b.Fatal("too slow")
				}
			}
		}
		per(b)
	})
	b.Run("impl=decode", func(b *testing.B) {
		inv := SQS(func(context.Context, int) error { return nil }).(*batchInvoker)
		w, r := batchWorker{logic: inv.newLogic()}, envelope.Record{Data: []byte(`"1"`)}
		for b.Loop() {
			for range n {
				text, err := inv.text(&w.buf, envelope.SQS, &r)
				if err != nil || w.decode(inv, text) != nil {
					b.Fatal("not decoded")
				}
				w.logic.reset()
			}
		}
		per(b)
	})
	for _, workers := range []int{1, 4} {
		b.Run(fmt.Sprintf("impl=%d-workers", workers), func(b *testing.B) {
			inv := SQS(func(context.Context, int) error { return nil }, Concurrency(workers)).(*batchInvoker)
			var recs []string
			for i := range n {
				recs = append(recs, sqsRecord(fmt.Sprint(i), "1"))
			}
			event, err := envelope.Split(nil, records(recs...))
			if err != nil {
				b.Fatal(err)
			}
			s := &batchState{event: event}
			b.ReportAllocs()
			for b.Loop() {
				if !inv.run(ctx, s, batch.Unordered) || s.schedule.Count(batch.Done) != n {
					b.Fatal("not done")
				}
			}
			per(b)
		})
	}
}
