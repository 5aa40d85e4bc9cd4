package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/internal/console"
)

func TestQueueText(t *testing.T) {
	q := console.Queue{
		Sent: 30, Duplicates: 1, Processed: 4, Batches: 1, Throttles: 2, PeakConcurrency: 1, Elapsed: 1500 * time.Microsecond, Left: 2, Redriven: 3,
	}
	for range 23 {
		q.Dead = append(q.Dead, console.DeadLetter{MessageID: "id", MessageGroupID: "g", ReceiveCount: 5, Body: "é\n" + strings.Repeat("é", 100)})
	}
	var out strings.Builder
	c := &console.Text{Out: &out}
	c.Batch(console.Batch{Messages: 10, Deleted: 7, Failed: 2, Late: 1, Throttles: 1, Problem: "the function failed"})
	c.Queue(q)
	letter := "  id group g received 5 times: é " + strings.Repeat("é", 78) + "… (203 bytes)\n"
	want := "batch of 10 messages: 7 deleted, 2 failed, 1 processed after the visibility timeout, throttled 1 time (the function failed)\n" +
		"queue     30 sent, 4 processed in 2ms; 1 batch, 2 throttles, at most 1 invocation at a time; 1 duplicate dropped; 2 left\n" +
		"DLQ       23 messages, 3 redriven\n" + strings.Repeat(letter, 20) + "  and 3 more: -json shows all\n"
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	(&console.JSON{Out: &out}).Queue(console.Queue{})
	if !strings.Contains(out.String(), `"deadLetters":[]`) {
		t.Error(out.String())
	}
}
