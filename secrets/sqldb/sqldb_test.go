package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/sqldb"
)

const canary = "hunter2-tr0ub4dor"

// pgError looks like the errors of pgx and lib/pq.
type pgError struct{ code string }

func (e *pgError) Error() string    { return "FATAL: " + e.code }
func (e *pgError) SQLState() string { return e.code }

// MySQLError looks like that of go-sql-driver/mysql.
type MySQLError struct {
	Number   uint16
	SQLState [5]byte
}

func (e *MySQLError) Error() string { return fmt.Sprintf("Error %d", e.Number) }

type wrapped struct{ error }

func (w wrapped) Unwrap() error { return w.error }

func TestIsAuthError(t *testing.T) {
	refused := errors.New("connection refused")
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"refused", refused, false},
		{"28P01", &pgError{"28P01"}, true},
		{"28000", &pgError{"28000"}, true},
		{"no such database", &pgError{"3D000"}, false},
		{"no right to connect", &pgError{"42501"}, false},
		{"too many connections", &pgError{"53300"}, false},
		{"wrapped", fmt.Errorf("connect: %w", wrapped{&pgError{"28P01"}}), true},
		{"joined after others", fmt.Errorf("hosts: %w", errors.Join(refused, &pgError{"3D000"}, wrapped{&pgError{"28P01"}})), true},
		{"joined without one", errors.Join(refused, &pgError{"3D000"}), false},
		{"1045", &MySQLError{Number: 1045, SQLState: [5]byte([]byte("28000"))}, true},
		{"1045 wrapped", wrapped{&MySQLError{Number: 1045}}, true},
		{"1044, a database's right", &MySQLError{Number: 1044, SQLState: [5]byte([]byte("42000"))}, false},
		{"1820, an expired password", &MySQLError{Number: 1820}, false},
		{"4151, a locked account", &MySQLError{Number: 4151}, false},
		{"a nil pointer", (*MySQLError)(nil), false},
		{"the text alone", errors.New("Error 1045 (28000): 28P01 Access denied"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := sqldb.IsAuthError(tt.err); got != tt.want {
				t.Errorf("IsAuthError(%v) = %v", tt.err, got)
			}
		})
	}
}

func TestCreds(t *testing.T) {
	for _, tt := range []struct {
		name, json string
		want       sqldb.Creds
		url        string
		fails      string
	}{
		{"as documented", `{"engine":"postgres","host":"db.example","port":5433,"username":"app","password":"p@:/?#%&","dbname":"orders","dbInstanceIdentifier":"x"}`,
			sqldb.Creds{Engine: "postgres", Host: "db.example", Port: 5433, Username: "app", DBName: "orders"}, "postgres://app:p%40%3A%2F%3F%23%25&@db.example:5433/orders?sslmode=require", ""},
		{"port as a string", `{"host":"::1","port":"5432","username":"a","password":"p"}`,
			sqldb.Creds{Host: "::1", Port: 5432, Username: "a"}, "postgres://a:p@[::1]:5432/?sslmode=require", ""},
		{"managed by RDS", `{"username":"a","password":"p"}`, sqldb.Creds{Username: "a"}, "postgres://a:p@:5432/?sslmode=require", ""},
		{"no password", `{"username":"` + canary + `"}`, sqldb.Creds{}, "", "username or password is missing"},
		{"no user", `{"password":"` + canary + `"}`, sqldb.Creds{}, "", "username or password is missing"},
		{"port out of range", `{"username":"a","password":"` + canary + `","port":70000}`, sqldb.Creds{}, "", "want 1 to 65535"},
		{"port zero", `{"username":"a","password":"` + canary + `","port":0}`, sqldb.Creds{}, "", "want 1 to 65535"},
		{"port a text", `{"username":"a","password":"p","port":"` + canary + `"}`, sqldb.Creds{}, "", "want 1 to 65535"},
		{"host a number", `{"username":"a","password":"p","host":31337}`, sqldb.Creds{}, "", "JSON number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := secrets.New[sqldb.Creds](one(tt.json), "orders/db", nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Get(t.Context())
			if tt.fails != "" {
				if err == nil || !errors.Is(err, secrets.ErrDecode) || !strings.Contains(err.Error(), tt.fails) || strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "31337") {
					t.Errorf("Get = %v, want %q", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if u := got.PostgresURL(url.Values{"sslmode": {"require"}}); u != tt.url {
				t.Errorf("URL = %s, want %s", u, tt.url)
			}
			if u, err := url.Parse(got.PostgresURL(nil)); err != nil {
				t.Error(err)
			} else if pw, _ := u.User.Password(); pw != got.Password.Reveal() {
				t.Errorf("the URL's password is %q", pw)
			}
			pw := got.Password.Reveal()
			got.Password = secrets.Redacted{}
			if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", tt.want) || pw == "" {
				t.Errorf("Creds = %+v, want %+v", got, tt.want)
			}
		})
	}
	c := sqldb.Creds{Username: "a", Password: secrets.Redact(canary)}
	js, err := json.Marshal(c)
	if out := fmt.Sprintf("%v %+v %#v %s", c, c, c, js); err != nil || strings.Contains(out, canary) {
		t.Errorf("Creds print as %s, %v", out, err)
	}
	for engine, want := range map[string]string{"postgres": "h:5432", "aurora-postgresql": "h:5432", "mysql": "h:3306", "": "h:3306"} {
		if got := (sqldb.Creds{Engine: engine, Host: "h"}).Address(); got != want {
			t.Errorf("Address for %q = %s, want %s", engine, got, want)
		}
	}
}

func one(value string) secrets.SourceFunc {
	return func(context.Context, secrets.Request) (secrets.Raw, error) {
		return secrets.Raw{Version: "v1", Data: []byte(value)}, nil
	}
}

// fakeDB is a driver and its server.
type fakeDB struct {
	mu       sync.Mutex
	password string
	logins   int
	rejected int
	hang     bool
	closed   int
	delay    time.Duration
}

type fakeConnector struct {
	db       *fakeDB
	password string
}

func (c fakeConnector) Driver() driver.Driver { return c }
func (c fakeConnector) Open(string) (driver.Conn, error) {
	return nil, errors.New("not used")
}
func (c fakeConnector) Close() error {
	c.db.mu.Lock()
	defer c.db.mu.Unlock()
	c.db.closed++
	return nil
}
func (c fakeConnector) Connect(ctx context.Context) (driver.Conn, error) {
	c.db.mu.Lock()
	hang, delay := c.db.hang, c.db.delay
	c.db.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	time.Sleep(delay)
	c.db.mu.Lock()
	defer c.db.mu.Unlock()
	c.db.logins++
	if c.password != c.db.password {
		c.db.rejected++
		return nil, fmt.Errorf("connect: %w", &pgError{"28P01"})
	}
	return fakeConn{}, nil
}

type fakeConn struct{}

func (fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not supported") }
func (fakeConn) Close() error                        { return nil }
func (fakeConn) Begin() (driver.Tx, error)           { return nil, errors.New("not supported") }
func (fakeConn) Ping(context.Context) error          { return nil }

// stages is a source whose values can be changed.
type stages struct {
	mu    sync.Mutex
	value map[secrets.Stage]string
	calls int
}

func (s *stages) Fetch(_ context.Context, r secrets.Request) (secrets.Raw, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	v, ok := s.value[r.Stage]
	if !ok {
		return secrets.Raw{}, secrets.ErrNotFound
	}
	return secrets.Raw{Version: secrets.Version("of-" + v), Data: []byte(v)}, nil
}

func newPool(t *testing.T, db *fakeDB, src secrets.Source, opts *sqldb.Options) (*sql.DB, *secrets.Secret[string]) {
	t.Helper()
	s, err := secrets.New[string](src, "orders/db", nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sqldb.NewConnector(s, func(pw string) (driver.Connector, error) { return fakeConnector{db, pw}, nil }, opts)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(c)
	t.Cleanup(func() { pool.Close() })
	return pool, s
}

func TestConnectorRecovers(t *testing.T) {
	src := &stages{value: map[secrets.Stage]string{secrets.StageCurrent: "one"}}
	db := &fakeDB{password: "one"}
	pool, s := newPool(t, db, src, nil)
	if d := pool.Driver(); d == nil {
		t.Error("no driver before the first connection")
	} else if _, err := d.Open(""); err == nil {
		t.Error("Open of no driver succeeded")
	}
	established, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer established.Close()
	if _, ok := pool.Driver().(fakeConnector); !ok {
		t.Errorf("Driver = %T", pool.Driver())
	}
	db.password = "two"
	src.value[secrets.StagePending] = "two"
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := established.PingContext(t.Context()); err != nil {
		t.Errorf("the established connection: %v", err)
	}
	if db.rejected != 1 || src.calls != 3 {
		t.Errorf("%d rejected logins, %d fetches; want 1, and 1 + 2", db.rejected, src.calls)
	}
	if v, _ := s.Value(t.Context()); v.Stage() != secrets.StagePending {
		t.Errorf("held is %v", v)
	}
	pool.Close()
	if db.closed != 2 {
		t.Errorf("%d connectors closed, want both", db.closed)
	}
}

// A wrong password: the callers get the driver's error within their deadline,
// and the database few logins.
func TestWrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stages{value: map[secrets.Stage]string{secrets.StageCurrent: "one"}}
		db := &fakeDB{password: "other", delay: 5 * time.Millisecond}
		pool, _ := newPool(t, db, src, nil)
		pool.SetMaxOpenConns(16)
		end := time.Now().Add(10 * time.Minute)
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				for time.Now().Before(end) {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					begun := time.Now()
					err := pool.PingContext(ctx)
					if took := time.Since(begun); took > 2*time.Second {
						t.Errorf("Ping took %v", took)
					}
					cancel()
					var pg *pgError
					// A caller that waits for the pool, not for the database, has
					// only its own deadline to report.
					if !errors.As(err, &pg) && !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Ping = %v", err)
						return
					}
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()
		t.Logf("in 10 min: %d logins, %d fetches", db.logins, src.calls)
		if db.logins > 60+20 || src.calls > 60+20 {
			t.Errorf("in 10 min %d logins, %d fetches; want at most 60, and 20 of the first rounds", db.logins, src.calls)
		}
	})
}

// The goroutine on which database/sql opens connections has no deadline: a
// server that hangs must not stall the pool for ever.
func TestPoolIsNotStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stages{value: map[secrets.Stage]string{secrets.StageCurrent: "one"}}
		db := &fakeDB{password: "one"}
		pool, _ := newPool(t, db, src, &sqldb.Options{ConnectTimeout: 3 * time.Second})
		pool.SetMaxOpenConns(1)
		busy, err := pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan error, 1)
		go func() { got <- pool.PingContext(t.Context()) }() // waits for the opener
		synctest.Wait()
		db.mu.Lock()
		db.hang = true
		db.mu.Unlock()
		busy.Raw(func(any) error { return driver.ErrBadConn }) // its slot goes to the opener
		busy.Close()
		begun := time.Now()
		if err := <-got; !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 3*time.Second {
			t.Errorf("Ping = %v after %v, want the deadline after 3 s", err, time.Since(begun))
		}
		db.mu.Lock()
		db.hang = false
		db.mu.Unlock()
		if err := pool.PingContext(t.Context()); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestBuildErrorsQuoteNothing(t *testing.T) {
	for name, build := range map[string]func(string) (driver.Connector, error){
		"an error": func(pw string) (driver.Connector, error) { return nil, fmt.Errorf("cannot parse %s", pw) },
		"a panic":  func(pw string) (driver.Connector, error) { panic(pw) },
		"nil":      func(string) (driver.Connector, error) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := secrets.New[string](one(canary), "orders/db", nil)
			if err != nil {
				t.Fatal(err)
			}
			c, err := sqldb.NewConnector(s, build, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Connect(t.Context())
			if err == nil || strings.Contains(fmt.Sprintf("%+v", err), canary) || !strings.Contains(err.Error(), `"orders/db"`) {
				t.Errorf("Connect = %v", err)
			}
		})
	}
}

func TestNewConnectorRejects(t *testing.T) {
	s, err := secrets.New[string](one("x"), "orders/db", nil)
	if err != nil {
		t.Fatal(err)
	}
	build := func(string) (driver.Connector, error) { return nil, nil }
	if _, err := sqldb.NewConnector(nil, build, nil); err == nil {
		t.Error("a nil secret was accepted")
	}
	if _, err := sqldb.NewConnector(s, nil, nil); err == nil {
		t.Error("a nil function was accepted")
	}
	for _, d := range []time.Duration{-1, time.Millisecond, time.Hour} {
		if _, err := sqldb.NewConnector(s, build, &sqldb.Options{ConnectTimeout: d}); err == nil || !strings.Contains(err.Error(), "100ms to 5m") {
			t.Errorf("ConnectTimeout %v: %v", d, err)
		}
	}
}
