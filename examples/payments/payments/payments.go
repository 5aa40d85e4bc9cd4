// Package payments is the core logic of taking a payment: it asks for the risk
// and the exchange rate, which take their time and do not depend on each other,
// decides, and records the decision. It knows nothing of Lambda, HTTP or
// DynamoDB; the calls are given to it as functions.
package payments

import (
	"context"
	"fmt"
	"math"
)

// Payment is what a customer wants to pay.
type Payment struct {
	OrderID     string `json:"orderId"`
	Currency    string `json:"currency"` // ISO 4217
	AmountCents int64  `json:"amountCents"`
}

// Decision is what became of a payment.
type Decision struct {
	OrderID  string `json:"orderId"`
	EURCents int64  `json:"eurCents"`
	Risk     int    `json:"risk"` // 0 to 100
	Approved bool   `json:"approved"`
}

// maxRisk is the highest risk of a payment that is approved.
const maxRisk = 70

// Desk takes payments. Its fields are set before the first one; it is safe for
// concurrent use if they are.
type Desk struct {
	// Risk scores a payment, 0 to 100.
	Risk func(context.Context, Payment) (int, error)
	// Rate returns how many euros one unit of the currency is.
	Rate func(ctx context.Context, currency string) (float64, error)
	// Record keeps the decision. It may be called twice for one order.
	Record func(context.Context, Decision) error
	// Together runs functions at the same time and joins their errors.
	Together func(context.Context, ...func(context.Context) error) error
}

// Take decides on a payment. The error is an [*InvalidError] for a payment that
// nobody could take, else one of the Desk's functions'.
func (d *Desk) Take(ctx context.Context, p Payment) (Decision, error) {
	if err := check(p); err != nil {
		return Decision{}, err
	}
	var risk int
	var rate float64
	err := d.Together(ctx,
		func(ctx context.Context) (err error) {
			risk, err = d.Risk(ctx, p)
			return wrap("risk", err)
		},
		func(ctx context.Context) (err error) {
			rate, err = d.Rate(ctx, p.Currency)
			return wrap("exchange rate", err)
		},
	)
	if err != nil {
		return Decision{}, err
	}
	if !(rate > 0) || math.IsInf(rate, 1) {
		return Decision{}, fmt.Errorf("exchange rate of %s: %v is none", p.Currency, rate)
	}
	decision := Decision{
		OrderID:  p.OrderID,
		EURCents: int64(math.Round(float64(p.AmountCents) * rate)),
		Risk:     risk,
		Approved: risk <= maxRisk,
	}
	return decision, wrap("record", d.Record(ctx, decision))
}

const maxAmountCents = 1_000_000_00

func check(p Payment) error {
	switch {
	case p.OrderID == "":
		return &InvalidError{"orderId", "missing"}
	case len(p.Currency) != 3:
		return &InvalidError{"currency", "allowed is an ISO 4217 code of 3 letters"}
	case p.AmountCents < 1 || p.AmountCents > maxAmountCents:
		return &InvalidError{"amountCents", fmt.Sprintf("allowed is 1 to %d", maxAmountCents)}
	}
	return nil
}

// InvalidError says what is wrong with a payment.
type InvalidError struct{ Member, Reason string }

func (e *InvalidError) Error() string { return e.Member + ": " + e.Reason }

// HTTPStatus is 422 Unprocessable Content, for an HTTP front.
func (e *InvalidError) HTTPStatus() int { return 422 }

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
