package payments

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// together is the simplest that will do.
func together(ctx context.Context, fns ...func(context.Context) error) error {
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, f := range fns {
		wg.Go(func() { errs[i] = f(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func TestTake(t *testing.T) {
	down := errors.New("down")
	good := Payment{OrderID: "o-1", Currency: "USD", AmountCents: 1000}
	tests := []struct {
		name     string
		payment  Payment
		risk     int
		rate     float64
		riskErr  error
		rateErr  error
		want     Decision
		err      error
		invalid  string
		recorded bool
	}{
		{"approved", good, 70, 0.9, nil, nil, Decision{"o-1", 900, 70, true}, nil, "", true},
		{"refused", good, 71, 0.9, nil, nil, Decision{"o-1", 900, 71, false}, nil, "", true},
		{"rounded", good, 1, 0.12345, nil, nil, Decision{"o-1", 123, 1, true}, nil, "", true},
		{"no risk", good, 0, 1, down, nil, Decision{}, down, "", false},
		{"no rate", good, 0, 1, nil, down, Decision{}, down, "", false},
		{"no order", Payment{Currency: "USD", AmountCents: 1}, 0, 1, nil, nil, Decision{}, nil, "orderId", false},
		{"no currency", Payment{OrderID: "o", AmountCents: 1}, 0, 1, nil, nil, Decision{}, nil, "currency", false},
		{"no amount", Payment{OrderID: "o", Currency: "USD"}, 0, 1, nil, nil, Decision{}, nil, "amountCents", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var recorded []Decision
			desk := &Desk{
				Risk:     func(context.Context, Payment) (int, error) { return tt.risk, tt.riskErr },
				Rate:     func(context.Context, string) (float64, error) { return tt.rate, tt.rateErr },
				Record:   func(_ context.Context, d Decision) error { recorded = append(recorded, d); return nil },
				Together: together,
			}
			got, err := desk.Take(t.Context(), tt.payment)
			var invalid *InvalidError
			switch {
			case tt.invalid != "":
				if !errors.As(err, &invalid) || invalid.Member != tt.invalid {
					t.Errorf("error %v, want an InvalidError of %s", err, tt.invalid)
				}
			case !errors.Is(err, tt.err):
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			if (len(recorded) == 1) != tt.recorded {
				t.Errorf("recorded %+v", recorded)
			}
		})
	}
	t.Run("not a rate", func(t *testing.T) {
		desk := &Desk{
			Risk:     func(context.Context, Payment) (int, error) { return 0, nil },
			Rate:     func(context.Context, string) (float64, error) { return 0, nil },
			Record:   func(context.Context, Decision) error { t.Error("recorded"); return nil },
			Together: together,
		}
		if _, err := desk.Take(t.Context(), good); err == nil {
			t.Error("a rate of 0 is accepted")
		}
	})
}
