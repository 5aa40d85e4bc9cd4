package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"reflect"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/lambdatune/lambdatune/examples/orders-postgres/localpg"
	"github.com/lambdatune/lambdatune/examples/orders-postgres/store"
	"github.com/lambdatune/lambdatune/examples/orders/orders"
)

func TestPlace(t *testing.T) {
	ctx := t.Context()
	pg, err := localpg.Start(ctx)
	if errors.Is(err, localpg.ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Stop()
	db, err := sql.Open("pgx", fmt.Sprintf("postgres://admin:admin@127.0.0.1:%d/postgres?sslmode=disable", pg.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := store.New(db)
	for range 2 { // the second time does nothing
		if err := s.CreateTables(ctx); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (n int) {
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM orders").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	o := orders.Order{Customer: "c-1", Key: "k", Items: []orders.Item{{SKU: "tea-sencha", Quantity: 2}, {SKU: "pot-cast-iron", Quantity: 1}}}
	first, err := s.Place(ctx, o)
	if err != nil || first.ID == "" || first.Total != 2*620+3900 || len(first.Items) != 2 || first.Placed.IsZero() {
		t.Fatalf("Place = %+v, %v", first, err)
	}
	if again, err := s.Place(ctx, o); err != nil || !reflect.DeepEqual(again, first) || count() != 1 {
		t.Errorf("a repeated key: %+v, %v, %d orders; want %+v", again, err, count(), first)
	}
	o.Key = ""
	if other, err := s.Place(ctx, o); err != nil || other.ID == first.ID {
		t.Errorf("without a key: %+v, %v", other, err)
	}
	o.DryRun = true
	if dry, err := s.Place(ctx, o); err != nil || dry.ID != "" || dry.Total != first.Total || count() != 2 {
		t.Errorf("a dry run: %+v, %v, %d orders", dry, err, count())
	}
	o.DryRun, o.Customer = false, ""
	var invalid *orders.InvalidError
	if _, err := s.Place(ctx, o); !errors.As(err, &invalid) {
		t.Errorf("no customer: %v", err)
	}
	if _, err := db.ExecContext(ctx, "UPDATE stock SET quantity = 1 WHERE sku = 'tea-sencha'"); err != nil {
		t.Fatal(err)
	}
	o.Customer = "c-2"
	var sold *orders.SoldOutError
	if _, err := s.Place(ctx, o); !errors.As(err, &sold) || sold.Left != 1 || count() != 2 {
		t.Errorf("sold out: %v, %d orders", err, count())
	}
}
