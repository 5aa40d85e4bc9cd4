package handler

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// A batch costs a fixed number of allocations, whatever its size.
func TestBatchAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	var sqs, fifo, kinesis []string
	for i := range 100 {
		sqs = append(sqs, sqsRecord(fmt.Sprint(i), "1"))
		fifo = append(fifo, fifoRecord(fmt.Sprint(i), fmt.Sprint(i%7), "1"))
		kinesis = append(kinesis, kinesisRecord(fmt.Sprint(i), fmt.Sprint(i%7), "1"))
	}
	each := func(context.Context, int) error { return nil }
	for _, c := range []struct {
		name  string
		inv   Invoker
		event []byte
	}{
		{"SQS", SQS(each), records(sqs...)},
		{"SQS at 4 workers", SQS(each, Concurrency(4)), records(sqs...)},
		{"FIFO at 4 workers", SQS(each, Concurrency(4)), records(fifo...)},
		{"Kinesis at 4 workers", Kinesis(each, Concurrency(4)), records(kinesis...)},
	} {
		got := testing.AllocsPerRun(50, func() {
			if out, err := c.inv.Invoke(ctx, c.event); err != nil || len(out) != 24 {
				t.Fatalf("%s, %v", out, err)
			}
		})
		if got > 8 {
			t.Errorf("%s: %v allocations per batch, want at most 8", c.name, got)
		}
	}
}
