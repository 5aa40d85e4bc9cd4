// Package jobs is the core logic: it takes a job's payment and tells the client
// who waits for it. It knows nothing of Lambda, queues or WebSockets.
package jobs

import (
	"context"
	"errors"
	"fmt"
)

// A Job is what a client hands in, and what waits in the queue.
type Job struct {
	ID           string `json:"id"` // the client's: the same when it asks again
	ConnectionID string `json:"connectionId"`
	Method       string `json:"method"` // card or transfer
	AmountCents  int64  `json:"amountCents"`
}

func (j Job) validate() error {
	switch {
	case j.ID == "":
		return errors.New("a job without an id")
	case j.Method != "card" && j.Method != "transfer":
		return fmt.Errorf("job %q: method %q: want card or transfer", j.ID, j.Method)
	case j.AmountCents <= 0:
		return fmt.Errorf("job %q: amountCents %d: want 1 or more", j.ID, j.AmountCents)
	}
	return nil
}

// A Receipt is the payment provider's.
type Receipt struct {
	Number string `json:"number"`
}

// A Reply is what the client is told.
type Reply struct {
	JobID   string `json:"jobId"`
	Receipt string `json:"receipt"`
}

// ErrClientGone is what [Desk].Tell returns where nobody listens any more.
var ErrClientGone = errors.New("the client is gone")

// Desk is where jobs are done. It is safe for concurrent use if its functions
// are.
type Desk struct {
	// Charge takes the payment: once for each job ID, however often it is asked.
	Charge func(context.Context, Job) (Receipt, error)
	// Tell sends the reply to the client.
	Tell func(ctx context.Context, connectionID string, r Reply) error
}

// Do does one job. It can be called again after an error, and after a success,
// with the same effect as one call, except that the client may be told twice. A
// client that is gone is no error: the payment is made all the same.
func (d *Desk) Do(ctx context.Context, j Job) error {
	if err := j.validate(); err != nil {
		return err
	}
	receipt, err := d.Charge(ctx, j)
	if err != nil {
		return fmt.Errorf("charge job %q: %w", j.ID, err)
	}
	err = d.Tell(ctx, j.ConnectionID, Reply{j.ID, receipt.Number})
	if err != nil && !errors.Is(err, ErrClientGone) {
		return fmt.Errorf("tell the client of job %q: %w", j.ID, err)
	}
	return nil
}
