package main

import (
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/queue"
)

// TestRun is the whole run at a small scale: everything is real but smaller. What
// must hold, holds on a busy machine, too; then only more messages come twice or
// take the way over the dead-letter queue.
func TestRun(t *testing.T) {
	c := config{
		dir: "..", jobs: 100, concurrency: 5, overload: 10, latency: 5 * time.Millisecond,
		timeout: time.Second, maxReceiveCount: 1, log: t.Output(),
	}
	reports, err := run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	drained, redriven := reports[0], reports[1]
	if drained.Messages != 105 || drained.Processed > 90 || drained.Dead < 10 {
		t.Errorf("the tenth that fails did not: %+v", drained)
	}
	if redriven.Processed != 100 || redriven.Dead != 0 || redriven.Replied != 96 || redriven.Replies < 96 || redriven.Gone < 4 {
		t.Errorf("after the redrive: %+v", redriven)
	}
	if redriven.Peak < 1 || redriven.Peak > 5 {
		t.Errorf("%d invocations at a time", redriven.Peak)
	}
}

// TestCheck: the run fails for what it is there to find.
func TestCheck(t *testing.T) {
	all := makeJobs(25, "here", "gone") // 3, 13 and 23 by transfer; 0 of the client that is gone
	type counts map[string]int
	for _, c := range []struct {
		name     string
		change   func(charges, replies counts) (dead []queue.Received)
		repaired bool
		err      string
	}{
		{name: "all well", repaired: true},
		{name: "lost", change: func(charges, _ counts) []queue.Received {
			delete(charges, "job-5")
			return nil
		}, repaired: true, err: "1 jobs lost, as job-5"},
		{name: "dead", change: func(charges, _ counts) []queue.Received {
			delete(charges, "job-5")
			return []queue.Received{{Message: queue.Message{Body: `{"id":"job-5","method":"card"}`}}}
		}, repaired: true},
		{name: "twice", change: func(charges, _ counts) []queue.Received {
			charges["job-6"]++
			return nil
		}, repaired: true, err: "1 jobs charged twice, as job-6"},
		{name: "unasked", change: func(charges, _ counts) []queue.Received {
			charges["job-99"]++
			return nil
		}, repaired: true, err: "1 jobs never sent, as job-99"},
		{name: "unasked and dead", change: func(counts, counts) []queue.Received {
			return []queue.Received{{Message: queue.Message{Body: "?"}}}
		}, repaired: true, err: "1 jobs never sent, as ?"},
		{name: "unanswered", change: func(_, replies counts) []queue.Received {
			delete(replies, "job-7")
			return nil
		}, repaired: true, err: "1 jobs without a reply, as job-7"},
		{name: "gone", change: func(_, replies counts) []queue.Received {
			delete(replies, "job-0")
			return nil
		}, repaired: true},
		{name: "charged out of order", err: "3 jobs charged while the provider was out of order, as job-3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			charges, replies := counts{}, counts{}
			for _, j := range all {
				charges[j.ID], replies[j.ID] = 1, 1
			}
			var dead []queue.Received
			if c.change != nil {
				dead = c.change(charges, replies)
			}
			var r report
			err := r.check(all, charges, replies, dead, "here", c.repaired)
			if (err != nil) != (c.err != "") || err != nil && err.Error() != c.err {
				t.Errorf("%v, want %q", err, c.err)
			}
		})
	}
}

func TestMakeJobs(t *testing.T) {
	transfers, gone := 0, 0
	ids := map[string]bool{}
	for _, j := range makeJobs(1000, "here", "gone") {
		ids[j.ID] = true
		if j.Method == "transfer" {
			transfers++
		}
		if j.ConnectionID == "gone" {
			gone++
		}
	}
	if len(ids) != 1000 || transfers != 100 || gone != 40 {
		t.Errorf("%d jobs, %d by transfer, %d of a client that is gone", len(ids), transfers, gone)
	}
}

func TestValidate(t *testing.T) {
	good := config{jobs: 1, concurrency: 5, overload: 10, latency: time.Millisecond, timeout: time.Second}
	if err := good.validate(); err != nil {
		t.Error(err)
	}
	bad := config{jobs: 0, concurrency: 101, overload: -1, latency: time.Second, timeout: time.Second, maximumConcurrency: 1}
	err := bad.validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"-jobs 0", "-concurrency 101", "-overload -1", "-latency 1s", "-maximum-concurrency 1"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("nothing about %s in %v", name, err)
		}
	}
}
