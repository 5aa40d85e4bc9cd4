package main

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/lambdatune/lambdatune/examples/lab/order"
	"github.com/lambdatune/lambdatune/examples/lab/order/orderdb"
	"github.com/lambdatune/lambdatune/examples/lab/order/payments"
	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/secretsmanager"
	"github.com/lambdatune/lambdatune/secrets/sqldb"
)

type shopSecret struct {
	Database    *sqldb.Creds     `json:"database"` // nil: orders are not kept
	PaymentsKey secrets.Redacted `json:"paymentsKey"`
}

func newSecret() (*secrets.Secret[shopSecret], error) {
	source, err := secretsmanager.FromEnvironment()
	if err != nil {
		return nil, err
	}
	return secrets.New[shopSecret](source, os.Getenv("SECRET_ID"), nil)
}

// charge charges with the key that the secret has, and finds the one that the
// API accepts while the key is rotated.
func charge(ctx context.Context, secret *secrets.Secret[shopSecret], api *payments.Client, c order.Charge) (authorization string, err error) {
	err = secrets.Do(ctx, secret, func(ctx context.Context, s shopSecret) (err error) {
		authorization, err = api.Charge(ctx, s.PaymentsKey.Reveal(), c)
		if errors.Is(err, payments.ErrKey) {
			return secrets.Rejected(err)
		}
		return err
	})
	return authorization, err
}

// openOrders opens the database, if there is one, with its first connection.
func openOrders(ctx context.Context, secret *secrets.Secret[shopSecret]) (order.Orders, error) {
	s, err := secret.Get(ctx)
	if err != nil || s.Database == nil {
		return nil, err
	}
	connector, err := sqldb.NewConnector(secret, connect, nil)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1) // an environment serves one order at a time
	lifetime, err := time.ParseDuration(cmp.Or(os.Getenv("CONNECTION_LIFETIME"), "0s"))
	if err != nil {
		return nil, err
	}
	db.SetConnMaxLifetime(lifetime)
	if err := db.PingContext(ctx); err != nil {
		slog.WarnContext(ctx, "no connection yet", "error", err) // the first order may have more luck
	}
	return orderdb.DB{DB: db}, nil
}

func connect(s shopSecret) (driver.Connector, error) {
	if s.Database == nil {
		return nil, errors.New("the secret has no database")
	}
	cfg, err := pgx.ParseConfig(s.Database.PostgresURL(url.Values{"sslmode": {os.Getenv("PGSSLMODE")}}))
	if err != nil {
		return nil, err
	}
	return stdlib.GetConnector(*cfg), nil
}
