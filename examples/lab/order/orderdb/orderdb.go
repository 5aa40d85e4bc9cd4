// Package orderdb keeps orders in a PostgreSQL database.
package orderdb

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/lambdatune/lambdatune/examples/lab/order"
)

// Schema makes the table.
const Schema = `CREATE TABLE orders (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	customer      text NOT NULL,
	key           text NOT NULL,
	items         jsonb NOT NULL,
	total         bigint NOT NULL,
	"authorization" text,
	UNIQUE (customer, key)
)`

// DB is a database. It is an order.Orders.
type DB struct{ *sql.DB }

// Save inserts an order. Of a repeated one it returns the first's ID.
func (db DB) Save(ctx context.Context, o order.Order, cents int64) (id int64, err error) {
	items, err := json.Marshal(o.Items)
	if err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `INSERT INTO orders (customer, key, items, total) VALUES ($1, $2, $3, $4)
		ON CONFLICT (customer, key) DO UPDATE SET key = EXCLUDED.key RETURNING id`, o.Customer, o.Key, string(items), cents).Scan(&id)
	return id, err
}

// Paid sets an order's authorization.
func (db DB) Paid(ctx context.Context, id int64, authorization string) error {
	_, err := db.ExecContext(ctx, `UPDATE orders SET "authorization" = $2 WHERE id = $1`, id, authorization)
	return err
}
