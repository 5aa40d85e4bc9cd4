package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
)

// Options configures a connector. The zero value, and a nil pointer, are ready
// to use.
type Options struct {
	// ConnectTimeout bounds one call of Connect, recovery included, in addition
	// to the deadline of its context, which is missing on the goroutine on which
	// database/sql opens connections. Zero means 10 s; the allowed range is 100 ms
	// to 5 minutes.
	ConnectTimeout time.Duration

	// Rejected reports whether an error of Connect means that the database has
	// rejected the user name or the password. Nil means IsAuthError.
	Rejected func(error) bool
}

// connector is a driver.Connector around those that build returns.
type connector[T any] struct {
	secret   *secrets.Secret[T]
	build    func(T) (driver.Connector, error)
	timeout  time.Duration
	rejected func(error) bool

	mu      sync.Mutex
	version secrets.Version
	inner   driver.Connector // for version; nil at first
	closers []io.Closer
}

// NewConnector returns a connector for [database/sql.OpenDB] that logs in with
// the value of secret. build returns the driver's connector for a value; it
// is called once for each version. What it fails with is reported without its
// text, because parsers of connection strings quote their input. NewConnector
// fails if an argument is nil or an option out of range.
//
// The connector is safe for concurrent use. It implements io.Closer, for the
// connectors of drivers that do.
func NewConnector[T any](secret *secrets.Secret[T], build func(T) (driver.Connector, error), opts *Options) (driver.Connector, error) {
	if opts == nil {
		opts = &Options{}
	}
	c := &connector[T]{secret: secret, build: build, timeout: opts.ConnectTimeout, rejected: opts.Rejected}
	if c.timeout == 0 {
		c.timeout = 10 * time.Second
	}
	if c.rejected == nil {
		c.rejected = IsAuthError
	}
	switch {
	case secret == nil:
		return nil, errors.New("sqldb: the secret is nil")
	case build == nil:
		return nil, errors.New("sqldb: the function that builds a connector is nil")
	case c.timeout < 100*time.Millisecond || c.timeout > 5*time.Minute:
		return nil, fmt.Errorf("sqldb: Options.ConnectTimeout is %v, want 100ms to 5m", c.timeout)
	}
	return c, nil
}

// Connect returns a new connection. Its error is the driver's, or a
// [*secrets.RecoverError] around it, or one of fetching the secret.
func (c *connector[T]) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var conn driver.Conn
	// Always through Recover: it knows whether the value that is held is being
	// rejected, and then spares the database a login.
	err := c.secret.Recover(ctx, "", func(ctx context.Context, v secrets.Value[T]) error {
		inner, err := c.connectorFor(v)
		if err != nil {
			return err
		}
		conn, err = inner.Connect(ctx)
		if err != nil && c.rejected(err) {
			return secrets.Rejected(err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// Driver returns the driver of the last connector that was built. Before the
// first connection that is one whose Open fails.
func (c *connector[T]) Driver() driver.Driver {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		return noDriver{}
	}
	return c.inner.Driver()
}

type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("sqldb: open a database by sql.OpenDB")
}

// Close closes the drivers' connectors that are io.Closers. sql.DB.Close calls it.
func (c *connector[T]) Close() error {
	c.mu.Lock()
	closers := c.closers
	c.closers, c.inner = nil, nil
	c.mu.Unlock()
	var errs []error
	for _, cl := range closers {
		errs = append(errs, cl.Close())
	}
	return errors.Join(errs...)
}

func (c *connector[T]) connectorFor(v secrets.Value[T]) (inner driver.Connector, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner != nil && c.version == v.Version() {
		return c.inner, nil
	}
	fail := func(why any) error {
		return fmt.Errorf("sqldb: build the connector for version %s of %q: failed (%T, text withheld)", v.Version(), c.secret.ID(), why)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fail(p)
		}
	}()
	inner, err = c.build(v.Data())
	if err != nil {
		return nil, fail(err)
	}
	if inner == nil {
		return nil, fmt.Errorf("sqldb: build the connector for version %s of %q: it is nil", v.Version(), c.secret.ID())
	}
	if cl, ok := inner.(io.Closer); ok {
		c.closers = append(c.closers, cl)
	}
	c.version, c.inner = v.Version(), inner
	return inner, nil
}
