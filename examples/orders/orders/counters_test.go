package orders

import (
	"context"
	"testing"
)

type sum float64

func (s *sum) Add(_ context.Context, v float64) { *s += sum(v) }

func TestCounters(t *testing.T) {
	var placed, refused, revenue sum
	s := newShop()
	s.Counters = Counters{Placed: &placed, Refused: &refused, Revenue: &revenue}
	for _, o := range []Order{
		{Customer: "c1", Key: "k", Items: []Item{{"tea", 2}}},
		{Customer: "c1", Key: "k", Items: []Item{{"tea", 2}}}, // the same again
		{Customer: "c1", DryRun: true, Items: []Item{{"tea", 2}}},
		{Customer: "c1", Items: []Item{{"pot", 2}}}, // sold out
		{Customer: "c2", Items: []Item{{"pot", 1}}},
		{Customer: "c3"}, // invalid
	} {
		_, _ = s.Place(context.Background(), o) // what it returns, other tests check
	}
	if placed != 2 || refused != 2 || revenue != 2*450+3900 {
		t.Errorf("placed %v, refused %v, revenue %v; want 2, 2, 4800", placed, refused, revenue)
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Place(canceled, Order{Customer: "c1", Items: []Item{{"tea", 1}}}); err == nil || refused != 2 {
		t.Errorf("%v, refused %v: a canceled order is not a refused one", err, refused)
	}
}
