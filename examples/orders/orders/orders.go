// Package orders is the core logic of an order API: it places orders against a
// catalogue and keeps them in memory. It knows nothing of Lambda, of HTTP
// gateways or of lambdatune; the struct tags and the small methods at the end
// are all that an HTTP front needs to be told.
package orders

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Order is what a customer asks for.
type Order struct {
	// Customer is who orders, as the front's authorizer established it. It
	// never comes from the request's body.
	Customer string `json:"customer" header:"x-customer-id"`
	// Key makes a repeated request place one order. Optional.
	Key string `json:"key" header:"idempotency-key"`
	// DryRun prices the order without placing it.
	DryRun bool `json:"dryRun" query:"dry-run"`

	Items []Item `json:"items"`
}

// Item is one line of an order.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// Receipt confirms an order.
type Receipt struct {
	ID     string    `json:"id,omitempty"` // empty for a dry run
	Total  Cents     `json:"totalCents"`
	Items  []Item    `json:"items"`
	Placed time.Time `json:"placed,omitzero"`
}

// Cents is an amount of money.
type Cents int64

// MaxQuantity is how many of one article an order may ask for.
const MaxQuantity = 100

// Counter adds up something that the business wants to know.
type Counter interface {
	Add(ctx context.Context, value float64)
}

// Counters are what a shop tells of its business. A nil one counts nothing.
type Counters struct {
	Placed  Counter // orders placed
	Refused Counter // orders that were invalid or sold out
	Revenue Counter // cents of the orders placed
}

// Shop takes orders. It is safe for concurrent use.
type Shop struct {
	// Counters must be set before the first order.
	Counters Counters

	prices map[string]Cents
	now    func() time.Time

	mu     sync.Mutex
	stock  map[string]int
	placed map[string]Receipt // by customer and key
	count  int
}

// NewShop returns a shop that sells what has a price and is in stock.
func NewShop(prices map[string]Cents, stock map[string]int, now func() time.Time) *Shop {
	return &Shop{prices: prices, stock: stock, now: now, placed: map[string]Receipt{}}
}

var shop = sync.OnceValue(func() *Shop {
	return NewShop(
		map[string]Cents{"tea-earl-grey": 450, "tea-sencha": 620, "pot-cast-iron": 3900},
		map[string]int{"tea-earl-grey": 10_000, "tea-sencha": 10_000, "pot-cast-iron": 25},
		time.Now,
	)
})

// Measure has the shop of this process tell of its business. It must be called
// before the first order.
func Measure(c Counters) { shop().Counters = c }

// Place places an order with the shop of this process.
func Place(ctx context.Context, o Order) (Receipt, error) { return shop().Place(ctx, o) }

// Place checks an order, takes it from the stock and confirms it. A repeated
// key of the same customer gets the first receipt again. The error is
// [*InvalidError] or [*SoldOutError], or that of ctx.
func (s *Shop) Place(ctx context.Context, o Order) (Receipt, error) {
	r, isNew, err := s.place(ctx, o)
	switch {
	case err != nil && ctx.Err() == nil:
		count(ctx, s.Counters.Refused, 1)
	case isNew:
		count(ctx, s.Counters.Placed, 1)
		count(ctx, s.Counters.Revenue, float64(r.Total))
	}
	return r, err
}

func count(ctx context.Context, c Counter, value float64) {
	if c != nil {
		c.Add(ctx, value)
	}
}

// place also reports whether the receipt is for an order placed just now.
func (s *Shop) place(ctx context.Context, o Order) (_ Receipt, isNew bool, _ error) {
	total, items, err := s.price(o)
	if err != nil {
		return Receipt{}, false, err
	}
	if err := ctx.Err(); err != nil {
		return Receipt{}, false, err
	}
	r := Receipt{Total: total, Items: items}
	s.mu.Lock()
	defer s.mu.Unlock()
	repeat := o.Customer + "\x00" + o.Key
	if first, ok := s.placed[repeat]; ok && o.Key != "" && !o.DryRun {
		return first, false, nil
	}
	for _, i := range items {
		if left := s.stock[i.SKU]; left < i.Quantity {
			return Receipt{}, false, &SoldOutError{SKU: i.SKU, Left: left}
		}
	}
	if o.DryRun {
		return r, false, nil
	}
	for _, i := range items {
		s.stock[i.SKU] -= i.Quantity
	}
	s.count++
	r.ID, r.Placed = fmt.Sprintf("o-%06d", s.count), s.now().UTC()
	if o.Key != "" {
		s.placed[repeat] = r
	}
	return r, true, nil
}

// price checks an order and sums it up, with the quantities of each article
// added together.
func (s *Shop) price(o Order) (total Cents, items []Item, err error) {
	if o.Customer == "" {
		return 0, nil, &InvalidError{"customer", "is missing"}
	}
	if len(o.Items) == 0 {
		return 0, nil, &InvalidError{"items", "is empty"}
	}
	quantity := map[string]int{}
	for n, i := range o.Items {
		if _, ok := s.prices[i.SKU]; !ok {
			return 0, nil, &InvalidError{fmt.Sprintf("items[%d].sku", n), fmt.Sprintf("%q is not in the catalogue", i.SKU)}
		}
		if i.Quantity < 1 || i.Quantity > MaxQuantity || quantity[i.SKU]+i.Quantity > MaxQuantity {
			return 0, nil, &InvalidError{fmt.Sprintf("items[%d].quantity", n), fmt.Sprintf("is %d: want 1 to %d of an article", i.Quantity, MaxQuantity)}
		}
		quantity[i.SKU] += i.Quantity
	}
	for sku, n := range quantity {
		total += s.prices[sku] * Cents(n)
		items = append(items, Item{sku, n})
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.SKU, b.SKU) })
	return total, items, nil
}

// InvalidError is an order that makes no sense.
type InvalidError struct {
	Field  string
	Reason string
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Reason }

// SoldOutError is an article of which too few are left.
type SoldOutError struct {
	SKU  string
	Left int
}

func (e *SoldOutError) Error() string { return fmt.Sprintf("%s: only %d left", e.SKU, e.Left) }

// What an HTTP front answers: numbers, so that net/http need not be linked.

// HTTPStatus is 201 Created, or 200 OK for a dry run.
func (r Receipt) HTTPStatus() int {
	if r.ID == "" {
		return 200
	}
	return 201
}

// HTTPStatus is 422 Unprocessable Content.
func (e *InvalidError) HTTPStatus() int { return 422 }

// HTTPStatus is 409 Conflict.
func (e *SoldOutError) HTTPStatus() int { return 409 }
