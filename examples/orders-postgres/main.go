// Command orders-postgres is the order API of examples/orders with its orders
// in PostgreSQL. The password is in Secrets Manager, under the name in SECRET_ID,
// and may be rotated at any time. PGSSLMODE is "require" unless it is set.
package main

import (
	"cmp"
	"database/sql"
	"database/sql/driver"
	"log"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/lambdatune/lambdatune/examples/orders-postgres/store"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/secretsmanager"
	"github.com/lambdatune/lambdatune/secrets/sqldb"
)

func main() {
	source, err := secretsmanager.FromEnvironment()
	if err != nil {
		log.Fatal(err)
	}
	secret, err := secrets.New[sqldb.Creds](source, os.Getenv("SECRET_ID"), nil)
	if err != nil {
		log.Fatal(err)
	}
	connector, err := sqldb.NewConnector(secret, connect, nil)
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(2) // an environment serves one invocation at a time
	orders := store.New(db)

	handler.Init(
		handler.Task{Name: "secret", Run: secrets.Prefetch(secret)},
		handler.Task{Name: "tables", Run: orders.CreateTables}, // connects, too
	)
	handler.Start(handler.Use(handler.HTTP(orders.Place), secrets.Middleware(secret)))
}

func connect(c sqldb.Creds) (driver.Connector, error) {
	cfg, err := pgx.ParseConfig(c.PostgresURL(url.Values{"sslmode": {cmp.Or(os.Getenv("PGSSLMODE"), "require")}}))
	if err != nil {
		return nil, err
	}
	return stdlib.GetConnector(*cfg), nil
}
