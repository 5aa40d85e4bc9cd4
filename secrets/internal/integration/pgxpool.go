package integration

import (
	"context"
	"errors"
	"net/url"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/sqldb"
)

// Pool is a pgxpool.Pool whose connections log in with a secret. It is an
// example to copy: a pgxpool does not take a connector, and its hooks run before
// a login and after its rejection, so that they cannot repeat it. Two hooks and a
// repeated Acquire come to the same.
type Pool struct {
	*pgxpool.Pool
	secret   *secrets.Secret[sqldb.Creds]
	rejected atomic.Pointer[secrets.Version]
}

// NewPool returns a pool for the database of the secret. params are those of the
// connection URL, as sslmode and pool_max_conns.
func NewPool(ctx context.Context, secret *secrets.Secret[sqldb.Creds], params url.Values) (*Pool, error) {
	creds, err := secret.Get(ctx)
	if err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(creds.PostgresURL(params))
	if err != nil {
		return nil, err // pgx redacts the password in it
	}
	p := &Pool{secret: secret}
	cfg.BeforeConnect = p.beforeConnect
	p.Pool, err = pgxpool.NewWithConfig(ctx, cfg)
	return p, err
}

// beforeConnect sets the user and the password of a new connection. If the
// version that is held has been rejected, it finds another by logging in with it.
func (p *Pool) beforeConnect(ctx context.Context, cfg *pgx.ConnConfig) error {
	v, err := p.secret.Value(ctx)
	if err != nil {
		return err
	}
	if rejected := p.rejected.Load(); rejected != nil && *rejected == v.Version() {
		err := p.secret.Recover(ctx, *rejected, func(ctx context.Context, v secrets.Value[sqldb.Creds]) error {
			probe := cfg.Copy()
			probe.OnPgError = nil
			setLogin(probe, v.Data())
			conn, err := pgx.ConnectConfig(ctx, probe)
			if err == nil {
				return conn.Close(ctx)
			}
			if sqldb.IsAuthError(err) {
				return secrets.Rejected(err)
			}
			return err
		})
		if err != nil {
			return err
		}
		if v, err = p.secret.Value(ctx); err != nil {
			return err
		}
		p.rejected.CompareAndSwap(rejected, nil)
	}
	setLogin(cfg, v.Data())
	version := v.Version()
	cfg.OnPgError = func(_ *pgconn.PgConn, e *pgconn.PgError) bool {
		if sqldb.IsAuthError(e) { // during the login with this version
			p.rejected.Store(&version)
		}
		return e.Severity != "FATAL" // as by default
	}
	return nil
}

func setLogin(cfg *pgx.ConnConfig, c sqldb.Creds) {
	cfg.User, cfg.Password = c.Username, c.Password.Reveal()
}

// Acquire is Pool.Acquire, repeated while a login is rejected, which the first
// one after a rotation is, unless no version of the secret is accepted.
func (p *Pool) Acquire(ctx context.Context) (*pgxpool.Conn, error) {
	for {
		conn, err := p.Pool.Acquire(ctx)
		var hopeless *secrets.RecoverError
		if !sqldb.IsAuthError(err) || errors.As(err, &hopeless) || ctx.Err() != nil {
			return conn, err
		}
	}
}
