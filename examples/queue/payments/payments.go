// Package payments is the client of a payment provider that takes an
// Idempotency-Key: a charge is made once for each key, and asking again gets the
// same receipt.
package payments

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/lambdatune/lambdatune/examples/queue/jobs"
)

// A Charge is the body of POST /charges.
type Charge struct {
	Reference   string `json:"reference"` // the job's ID, for the statement
	Method      string `json:"method"`
	AmountCents int64  `json:"amountCents"`
}

// A Client is safe for concurrent use.
type Client struct {
	URL  string // without a slash at its end
	HTTP *http.Client
}

// Charge charges a job. The key is the job's ID, not that of the message, which
// is another one after a redrive, or where a client has sent its job twice.
func (c *Client) Charge(ctx context.Context, j jobs.Job) (jobs.Receipt, error) {
	body, err := json.Marshal(Charge{j.ID, j.Method, j.AmountCents})
	if err != nil {
		return jobs.Receipt{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/charges", bytes.NewReader(body))
	if err != nil {
		return jobs.Receipt{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", j.ID)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return jobs.Receipt{}, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return jobs.Receipt{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return jobs.Receipt{}, fmt.Errorf("the provider answered %s: %s", resp.Status, strings.TrimSpace(string(answer)))
	}
	var r jobs.Receipt
	if err := json.Unmarshal(answer, &r); err != nil {
		return jobs.Receipt{}, fmt.Errorf("the provider's receipt: %w", err)
	}
	if r.Number == "" {
		return jobs.Receipt{}, fmt.Errorf("the provider's receipt has no number")
	}
	return r, nil
}
