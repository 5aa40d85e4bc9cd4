// Package order is the core logic of both functions: it prices an order, saves
// it, takes the payment, and confirms. It knows nothing of Lambda, AWS or
// databases: what it needs is given to it as functions.
package order

import (
	"context"
	"fmt"
)

// Order is what a customer asks for. The tags are all that an HTTP front needs
// to be told.
type Order struct {
	Customer string `json:"customer" header:"x-customer-id"`
	// Key makes a repeated request place and charge one order.
	Key   string `json:"key" header:"idempotency-key"`
	Items []Item `json:"items"`
}

// Item is one line of an order.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// Receipt confirms an order.
type Receipt struct {
	ID            string `json:"id"`
	TotalCents    int64  `json:"totalCents"`
	Authorization string `json:"authorization"` // of the payment
}

// HTTPStatus is 201 Created.
func (Receipt) HTTPStatus() int { return 201 }

// Charge is a payment to be taken.
type Charge struct {
	Key         string `json:"key"` // the same key is charged once
	AmountCents int64  `json:"amountCents"`
}

// Price is a row of the price list.
type Price struct {
	Shop  string `json:"shop"`
	SKU   string `json:"sku"`
	Cents int64  `json:"cents"`
}

// Desk places orders. It is safe for concurrent use if its functions are.
type Desk struct {
	// Prices are the cents of the shop's articles.
	Prices func(context.Context) (map[string]int64, error)
	// Charge takes a payment and returns its authorization.
	Charge func(context.Context, Charge) (string, error)
	// Orders keeps orders. Nil means that nobody does.
	Orders Orders
}

// Orders keeps orders.
type Orders interface {
	// Save saves a new order and returns its ID, that of the first one for a
	// repeated customer and key.
	Save(ctx context.Context, o Order, cents int64) (id int64, err error)
	// Paid notes that an order is paid.
	Paid(ctx context.Context, id int64, authorization string) error
}

// Place places an order. The error is an [*InvalidError] or one of the Desk's
// functions'. The order is saved before it is charged, so that no payment is
// taken for one that nobody knows.
func (d *Desk) Place(ctx context.Context, o Order) (Receipt, error) {
	prices, err := d.Prices(ctx)
	if err != nil {
		return Receipt{}, fmt.Errorf("prices: %w", err)
	}
	total, err := sum(o, prices)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{ID: o.Key, TotalCents: total}
	var id int64
	if d.Orders != nil {
		if id, err = d.Orders.Save(ctx, o, total); err != nil {
			return Receipt{}, fmt.Errorf("save: %w", err)
		}
		r.ID = fmt.Sprintf("o-%06d", id)
	}
	if r.Authorization, err = d.Charge(ctx, Charge{Key: o.Key, AmountCents: total}); err != nil {
		return Receipt{}, fmt.Errorf("charge: %w", err)
	}
	if d.Orders != nil {
		if err := d.Orders.Paid(ctx, id, r.Authorization); err != nil {
			return Receipt{}, fmt.Errorf("paid: %w", err)
		}
	}
	return r, nil
}

const maxQuantity = 100

func sum(o Order, prices map[string]int64) (cents int64, err error) {
	switch {
	case o.Customer == "":
		return 0, &InvalidError{"customer", "is missing"}
	case o.Key == "":
		return 0, &InvalidError{"key", "is missing"}
	case len(o.Items) == 0:
		return 0, &InvalidError{"items", "is empty"}
	}
	for i, item := range o.Items {
		price, ok := prices[item.SKU]
		if !ok {
			return 0, &InvalidError{fmt.Sprintf("items[%d].sku", i), fmt.Sprintf("%q is not in the price list", item.SKU)}
		}
		if item.Quantity < 1 || item.Quantity > maxQuantity {
			return 0, &InvalidError{fmt.Sprintf("items[%d].quantity", i), fmt.Sprintf("is %d: want 1 to %d", item.Quantity, maxQuantity)}
		}
		cents += price * int64(item.Quantity)
	}
	return cents, nil
}

// InvalidError is an order that makes no sense.
type InvalidError struct{ Field, Reason string }

func (e *InvalidError) Error() string { return e.Field + " " + e.Reason }

// HTTPStatus is 422 Unprocessable Content.
func (e *InvalidError) HTTPStatus() int { return 422 }
