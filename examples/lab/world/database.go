package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdatune/lambdatune/examples/lab/order/orderdb"
	"github.com/lambdatune/lambdatune/examples/orders-postgres/localpg"
)

// database is a PostgreSQL with few connections, which ends idle sessions.
type database struct {
	server *localpg.Server
	watch  *pgx.Conn // of the superuser
}

// reserved are the connections that PostgreSQL keeps for the superuser.
const reserved = 3

func startDatabase(ctx context.Context, connections int, idle time.Duration, password string) (*database, error) {
	server, err := localpg.Start(ctx, fmt.Sprintf("max_connections=%d", connections+reserved), fmt.Sprintf("superuser_reserved_connections=%d", reserved))
	if err != nil {
		return nil, err
	}
	d := &database{server: server}
	if err := d.prepare(ctx, idle, password); err != nil {
		d.close()
		return nil, fmt.Errorf("prepare the database: %w", err)
	}
	return d, nil
}

func (d *database) prepare(ctx context.Context, idle time.Duration, password string) (err error) {
	if err := d.server.Exec(ctx, "CREATE DATABASE shop"); err != nil {
		return err
	}
	if d.watch, err = d.server.Connect(ctx, "shop"); err != nil {
		return err
	}
	for _, statement := range []string{
		"CREATE ROLE orders LOGIN PASSWORD '" + password + "'",
		orderdb.Schema,
		"GRANT ALL ON orders TO orders",
		// Idle sessions end as connections through a proxy do: as many
		// environments as there are connections would otherwise hold all.
		fmt.Sprintf("ALTER ROLE orders SET idle_session_timeout = %d", idle.Milliseconds()),
	} {
		if _, err := d.watch.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (d *database) close() {
	if d.watch != nil {
		d.watch.Close(context.Background())
	}
	d.server.Stop()
}

// setPassword changes the function's password, at once.
func (d *database) setPassword(ctx context.Context, password string) error {
	return d.server.Exec(ctx, "ALTER ROLE orders PASSWORD '"+password+"'")
}

// connections is how many the function has now. It is not safe for concurrent
// use.
func (d *database) connections(ctx context.Context) (n int, err error) {
	err = d.watch.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'orders'").Scan(&n)
	return n, err
}

// sessions is how many there were since the server started; those that have
// ended are all counted.
func (d *database) sessions(ctx context.Context) (n int, err error) {
	err = d.watch.QueryRow(ctx, "SELECT sessions FROM pg_stat_database WHERE datname = 'shop'").Scan(&n)
	return n, err
}

// paid is how many orders are paid; it forgets all orders.
func (d *database) paid(ctx context.Context) (n int, err error) {
	err = d.watch.QueryRow(ctx, `SELECT count("authorization") FROM orders`).Scan(&n)
	if err == nil {
		_, err = d.watch.Exec(ctx, "TRUNCATE orders")
	}
	return n, err
}

// notInstalled reports whether there is no PostgreSQL here.
func notInstalled(err error) bool { return errors.Is(err, localpg.ErrNotInstalled) }
