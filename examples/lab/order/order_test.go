package order_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/lambdatune/lambdatune/examples/lab/order"
)

type ledger struct{ log []string }

func (l *ledger) Save(_ context.Context, o order.Order, cents int64) (int64, error) {
	l.log = append(l.log, "save")
	return 7, nil
}

func (l *ledger) Paid(_ context.Context, id int64, authorization string) error {
	l.log = append(l.log, "paid "+authorization)
	return nil
}

func TestPlace(t *testing.T) {
	var l ledger
	down := errors.New("down")
	desk := &order.Desk{
		Prices: func(context.Context) (map[string]int64, error) { return map[string]int64{"tea": 450, "pot": 3900}, nil },
		Charge: func(_ context.Context, c order.Charge) (string, error) {
			l.log = append(l.log, "charge")
			if c.Key == "down" {
				return "", down
			}
			return "a-1", nil
		},
		Orders: &l,
	}
	good := order.Order{Customer: "c", Key: "k", Items: []order.Item{{"tea", 2}, {"pot", 1}}}
	want := order.Receipt{ID: "o-000007", TotalCents: 4800, Authorization: "a-1"}
	if r, err := desk.Place(t.Context(), good); err != nil || r != want {
		t.Errorf("Place = %+v, %v; want %+v", r, err, want)
	}
	if want := []string{"save", "charge", "paid a-1"}; !slices.Equal(l.log, want) {
		t.Errorf("%v, want %v", l.log, want)
	}
	l.log = nil
	for name, o := range map[string]order.Order{
		"no customer": {Key: "k", Items: good.Items},
		"no key":      {Customer: "c", Items: good.Items},
		"no items":    {Customer: "c", Key: "k"},
		"unknown":     {Customer: "c", Key: "k", Items: []order.Item{{"coffee", 1}}},
		"too few":     {Customer: "c", Key: "k", Items: []order.Item{{"tea", 0}}},
		"too many":    {Customer: "c", Key: "k", Items: []order.Item{{"tea", 101}}},
	} {
		var invalid *order.InvalidError
		if _, err := desk.Place(t.Context(), o); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(l.log) > 0 {
		t.Errorf("an invalid order did %v", l.log)
	}
	good.Key = "down"
	if _, err := desk.Place(t.Context(), good); !errors.Is(err, down) || !slices.Equal(l.log, []string{"save", "charge"}) {
		t.Errorf("a charge that fails: %v, %v", err, l.log)
	}
	desk.Orders, good.Key = nil, "k"
	if r, err := desk.Place(t.Context(), good); err != nil || r.ID != "k" {
		t.Errorf("nobody keeps orders: %+v, %v", r, err)
	}
}
