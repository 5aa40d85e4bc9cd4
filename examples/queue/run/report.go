package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lambdatune/lambdatune/examples/queue/jobs"
	"github.com/lambdatune/lambdatune/handler/local/queue"
)

// A report is what became of the jobs.
type report struct {
	Jobs, Messages      int
	Processed           int // jobs charged
	Requests            int // to the provider, those included that found it out of order
	Replied, Replies    int // jobs of the client that is there with a reply, and all replies that it got
	Gone                int // replies to the client that has hung up
	Dead                int // messages in the dead-letter queue
	DeadCards           int // of these, such as had nothing wrong with them
	Invocations, Errors int
	Throttles, Late     int
	Peak                int // invocations at a time
	ProviderPeak        int // requests to the provider at a time; those of killed invocations may still count
	SentPerS, TakenPerS float64
	Elapsed             time.Duration

	// What must not be, by job.
	Lost       []string // neither charged nor in the dead-letter queue
	Twice      []string // charged more than once
	Unasked    []string // charged or in the dead-letter queue, but never sent
	Unanswered []string // charged and not in the dead-letter queue, but its client has no reply
	Premature  []string // charged though the provider was out of order
}

func (r report) String() string {
	return fmt.Sprintf(`  processed            %d of %d jobs (%d messages), in %d requests to the payment provider
  replies received     %d for %d jobs; %d more found their client gone
  in DLQ               %d messages, %d of them of jobs without a fault
  highest concurrency  %d (%d at the payment provider); %d invocations, %d of them errors, %d throttled, %d messages late
  lost %d, charged twice %d, without a reply %d`,
		r.Processed, r.Jobs, r.Messages, r.Requests,
		r.Replies, r.Replied, r.Gone,
		r.Dead, r.DeadCards,
		r.Peak, r.ProviderPeak, r.Invocations, r.Errors, r.Throttles, r.Late,
		len(r.Lost), len(r.Twice), len(r.Unanswered))
}

// check judges what became of each job. The queue must be drained.
func (r *report) check(all []jobs.Job, charges, replies map[string]int, dead []queue.Received, here string, repaired bool) error {
	inDead := map[string]bool{}
	known := make(map[string]bool, len(all))
	for _, j := range all {
		known[j.ID] = true
	}
	for _, m := range dead {
		var j jobs.Job
		if err := json.Unmarshal([]byte(m.Body), &j); err != nil || !known[j.ID] {
			r.Unasked = append(r.Unasked, m.Body)
			continue
		}
		inDead[j.ID] = true
		if j.Method == "card" {
			r.DeadCards++
		}
	}
	r.Dead = len(dead)
	for id := range charges {
		if !known[id] {
			r.Unasked = append(r.Unasked, id)
		}
	}
	for _, j := range all {
		n := charges[j.ID]
		if n > 0 {
			r.Processed++
		}
		if replies[j.ID] > 0 {
			r.Replied++
		}
		switch {
		case n == 0 && !inDead[j.ID]:
			r.Lost = append(r.Lost, j.ID)
		case n > 1:
			r.Twice = append(r.Twice, j.ID)
		case n == 1 && !repaired && j.Method == "transfer":
			r.Premature = append(r.Premature, j.ID)
		case n == 1 && !inDead[j.ID] && j.ConnectionID == here && replies[j.ID] == 0:
			r.Unanswered = append(r.Unanswered, j.ID)
		}
	}
	var errs []error
	for _, wrong := range []struct {
		what string
		ids  []string
	}{
		{"lost", r.Lost}, {"charged twice", r.Twice}, {"never sent", r.Unasked},
		{"without a reply", r.Unanswered}, {"charged while the provider was out of order", r.Premature},
	} {
		if n := len(wrong.ids); n > 0 {
			errs = append(errs, fmt.Errorf("%d jobs %s, as %s", n, wrong.what, wrong.ids[0]))
		}
	}
	return errors.Join(errs...)
}
