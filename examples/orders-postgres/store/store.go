// Package store places the orders of package orders in PostgreSQL. The checks
// and the prices are the core's; what is new is where an order stays.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lambdatune/lambdatune/examples/orders/orders"
)

// Store places orders in a database. It is safe for concurrent use.
type Store struct{ db *sql.DB }

// New returns a store in db, which is not used yet.
func New(db *sql.DB) *Store { return &Store{db} }

const schema = `
CREATE TABLE IF NOT EXISTS stock (
	sku      text PRIMARY KEY,
	quantity bigint NOT NULL CHECK (quantity >= 0)
);
CREATE TABLE IF NOT EXISTS orders (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	customer text NOT NULL,
	key      text,
	total    bigint NOT NULL,
	items    jsonb NOT NULL,
	placed   timestamptz NOT NULL DEFAULT now(),
	UNIQUE (customer, key)
);
INSERT INTO stock VALUES ('tea-earl-grey', 1000000000), ('tea-sencha', 1000000000), ('pot-cast-iron', 1000000000)
ON CONFLICT DO NOTHING;`

// CreateTables creates the tables and fills the stock, unless that has been done.
func (s *Store) CreateTables(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	return nil
}

// Place checks and prices an order as orders.Place does, takes it from the
// stock and stores it, in one transaction. A repeated key of the same customer
// gets the first receipt again. The error is one of orders.Place or of the database.
func (s *Store) Place(ctx context.Context, o orders.Order) (orders.Receipt, error) {
	priced := o
	priced.DryRun = true
	r, err := orders.Place(ctx, priced)
	if err != nil || o.DryRun {
		return r, err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return orders.Receipt{}, err
	}
	defer tx.Rollback()
	items, err := json.Marshal(r.Items)
	if err != nil {
		return orders.Receipt{}, err
	}
	key := sql.NullString{String: o.Key, Valid: o.Key != ""}
	var id int64
	err = tx.QueryRowContext(ctx, `INSERT INTO orders (customer, key, total, items) VALUES ($1, $2, $3, $4)
		ON CONFLICT (customer, key) DO NOTHING RETURNING id, placed`, o.Customer, key, int64(r.Total), string(items)).Scan(&id, &r.Placed)
	if errors.Is(err, sql.ErrNoRows) {
		return first(ctx, tx, o)
	}
	if err != nil {
		return orders.Receipt{}, err
	}
	for _, i := range r.Items { // sorted by article: no two orders wait for each other
		if err := take(ctx, tx, i); err != nil {
			return orders.Receipt{}, err
		}
	}
	if err := tx.Commit(); err != nil {
		return orders.Receipt{}, err
	}
	return receipt(r, id), nil
}

func receipt(r orders.Receipt, id int64) orders.Receipt {
	r.ID, r.Placed = fmt.Sprintf("o-%06d", id), r.Placed.UTC().Truncate(time.Microsecond)
	return r
}

// first returns the receipt of the order that had the key first.
func first(ctx context.Context, tx *sql.Tx, o orders.Order) (orders.Receipt, error) {
	var r orders.Receipt
	var id int64
	var items []byte
	err := tx.QueryRowContext(ctx, `SELECT id, total, items, placed FROM orders WHERE customer = $1 AND key = $2`, o.Customer, o.Key).
		Scan(&id, (*int64)(&r.Total), &items, &r.Placed)
	if err != nil {
		return orders.Receipt{}, err
	}
	if err := json.Unmarshal(items, &r.Items); err != nil {
		return orders.Receipt{}, err
	}
	return receipt(r, id), nil
}

func take(ctx context.Context, tx *sql.Tx, i orders.Item) error {
	res, err := tx.ExecContext(ctx, `UPDATE stock SET quantity = quantity - $1 WHERE sku = $2 AND quantity >= $1`, i.Quantity, i.SKU)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	sold := &orders.SoldOutError{SKU: i.SKU}
	if err := tx.QueryRowContext(ctx, `SELECT quantity FROM stock WHERE sku = $1`, i.SKU).Scan(&sold.Left); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return sold
}
