package orders

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newShop() *Shop {
	return NewShop(map[string]Cents{"tea": 450, "pot": 3900}, map[string]int{"tea": 100, "pot": 1}, func() time.Time { return noon })
}

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		name   string
		order  Order
		want   Receipt
		status int
	}{
		{"one item", Order{Customer: "c1", Items: []Item{{"tea", 2}}},
			Receipt{ID: "o-000001", Total: 900, Items: []Item{{"tea", 2}}, Placed: noon}, 201},
		{"items of one article are added up", Order{Customer: "c1", Items: []Item{{"tea", 1}, {"pot", 1}, {"tea", 2}}},
			Receipt{ID: "o-000001", Total: 5250, Items: []Item{{"pot", 1}, {"tea", 3}}, Placed: noon}, 201},
		{"dry run", Order{Customer: "c1", DryRun: true, Items: []Item{{"tea", 1}}},
			Receipt{Total: 450, Items: []Item{{"tea", 1}}}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := newShop().Place(context.Background(), c.order)
			if err != nil || !reflect.DeepEqual(got, c.want) || got.HTTPStatus() != c.status {
				t.Errorf("%+v with status %d, %v, want %+v with %d", got, got.HTTPStatus(), err, c.want, c.status)
			}
		})
	}
}

func TestPlaceErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		order  Order
		status int
		want   string
	}{
		{"no customer", Order{Items: []Item{{"tea", 1}}}, 422, "customer is missing"},
		{"no items", Order{Customer: "c1"}, 422, "items is empty"},
		{"unknown article", Order{Customer: "c1", Items: []Item{{"tea", 1}, {"coffee", 1}}}, 422, `items[1].sku "coffee" is not in the catalogue`},
		{"quantity 0", Order{Customer: "c1", Items: []Item{{"tea", 0}}}, 422, "items[0].quantity is 0: want 1 to 100"},
		{"quantity over the limit in two items", Order{Customer: "c1", Items: []Item{{"tea", 60}, {"tea", 60}}}, 422, "items[1].quantity is 60"},
		{"sold out", Order{Customer: "c1", Items: []Item{{"pot", 2}}}, 409, "pot: only 1 left"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newShop().Place(context.Background(), c.order)
			var status interface{ HTTPStatus() int }
			if !errors.As(err, &status) || status.HTTPStatus() != c.status || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want status %d with %q", err, c.status, c.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newShop().Place(ctx, Order{Customer: "c1", Items: []Item{{"tea", 1}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v after the caller gave up", err)
	}
}

// A repeated key places one order, for each customer.
func TestPlaceTwice(t *testing.T) {
	s := newShop()
	order := func(customer, key string) string {
		r, err := s.Place(context.Background(), Order{Customer: customer, Key: key, Items: []Item{{"tea", 1}}})
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	first := order("c1", "k")
	for _, c := range []struct {
		customer, key string
		same          bool
	}{{"c1", "k", true}, {"c2", "k", false}, {"c1", "other", false}, {"c1", "", false}, {"c1", "", false}} {
		if id := order(c.customer, c.key); (id == first) != c.same {
			t.Errorf("customer %s with key %q: order %s, the first was %s", c.customer, c.key, id, first)
		}
	}
}

// The last pot is sold once.
func TestPlaceAtOnce(t *testing.T) {
	s := newShop()
	var wg sync.WaitGroup
	sold := make(chan string, 50)
	for range cap(sold) {
		wg.Go(func() {
			if r, err := s.Place(context.Background(), Order{Customer: "c1", Items: []Item{{"pot", 1}}}); err == nil {
				sold <- r.ID
			}
		})
	}
	wg.Wait()
	if len(sold) != 1 {
		t.Errorf("%d orders got the last pot", len(sold))
	}
}
