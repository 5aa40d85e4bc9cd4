package world

import (
	"context"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// Tally is what the world has seen.
type Tally struct {
	API      []result.APICalls
	Payments result.Payments
	// Opened are the database's connections, Paid the orders in it that are paid.
	Opened, Paid int
}

// Tally returns what happened since the last time, and forgets it. The function
// must have ended.
func (w *World) Tally(ctx context.Context) (t Tally, err error) {
	secrets := result.APICalls{Service: "Secrets Manager", Operation: "GetSecretValue"}
	for _, c := range w.secrets.Calls() {
		switch {
		case c.Op != "GetSecretValue":
		case c.Code == "ThrottlingException":
			secrets.Throttled++
		case c.Code == "" || c.Code == "ResourceNotFoundException": // of a stage that is not there: a right answer
			secrets.Accepted++
		default:
			secrets.Failed++
		}
	}
	w.secrets.ResetCalls()
	metrics, _ := w.metrics.tally()
	s3 := result.APICalls{Service: "S3", Operation: "GetObject", Accepted: w.prices.Gets()}
	t = Tally{API: []result.APICalls{secrets, metrics, s3}, Payments: w.pay.tally()}
	if w.db == nil {
		return t, nil
	}
	n, err := w.db.sessions(ctx)
	if err != nil {
		return t, err
	}
	t.Opened, w.sessions = n-w.sessions, n
	t.Paid, err = w.db.paid(ctx)
	return t, err
}

// Connections is how many connections the function has to the database; 0 if
// that is off. It is not safe for concurrent use.
func (w *World) Connections(ctx context.Context) (int, error) {
	if w.db == nil {
		return 0, nil
	}
	return w.db.connections(ctx)
}
