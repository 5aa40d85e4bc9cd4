package integration_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/url"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/sqldb"
)

// engine is a driver with its server.
type engine struct {
	name    string
	server  func(testing.TB) *server
	connect func(sqldb.Creds) (driver.Connector, error)
	mysql   bool
}

var plain = url.Values{"sslmode": {"disable"}}

var engines = []engine{
	{"pgx", postgres, func(c sqldb.Creds) (driver.Connector, error) {
		cfg, err := pgx.ParseConfig(c.PostgresURL(plain))
		if err != nil {
			return nil, err
		}
		return stdlib.GetConnector(*cfg), nil
	}, false},
	{"pq", postgres, func(c sqldb.Creds) (driver.Connector, error) {
		return pq.NewConnector(c.PostgresURL(plain))
	}, false},
	{"mysql", mariadb, func(c sqldb.Creds) (driver.Connector, error) {
		cfg := mysql.NewConfig()
		cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.Logger = c.Username, c.Password.Reveal(), "tcp", c.Address(), quiet{}
		return mysql.NewConnector(cfg)
	}, true},
}

// setPassword creates the user if need be and changes its password.
func (e engine) setPassword(ctx context.Context, s *server, user, password string) error {
	var statements []string
	if e.mysql {
		statements = []string{
			fmt.Sprintf("CREATE USER IF NOT EXISTS '%s'@'%%'", user),
			fmt.Sprintf("ALTER USER '%s'@'%%' IDENTIFIED BY '%s'", user, password),
		}
	} else {
		statements = []string{
			fmt.Sprintf(`DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%s') THEN CREATE ROLE "%s" LOGIN; END IF; END $$`, user, user),
			fmt.Sprintf(`ALTER ROLE "%s" LOGIN PASSWORD '%s'`, user, password),
		}
	}
	for _, q := range statements {
		if _, err := s.admin.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("set the password of %s: %w", user, err)
		}
	}
	return nil
}

// secretJSON is a secret's value for a server.
func (e engine) secretJSON(s *server, user, password string) string {
	name, db := "postgres", "postgres"
	if e.mysql {
		name, db = "mariadb", ""
	}
	return fmt.Sprintf(`{"engine":%q,"host":%q,"port":%d,"username":%q,"password":%q,"dbname":%q}`, name, s.host, s.port, user, password, db)
}

func (e engine) creds(s *server, user, password string) sqldb.Creds {
	c := sqldb.Creds{Engine: "postgres", Host: s.host, Port: s.port, Username: user, Password: secrets.Redact(password), DBName: "postgres"}
	if e.mysql {
		c.Engine, c.DBName = "mariadb", ""
	}
	return c
}
