package integration_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/sqldb"
)

// TestIsAuthError classifies what the real drivers say about real servers.
func TestIsAuthError(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			sc := newScene(t, e)
			exec := func(q string) {
				t.Helper()
				if _, err := sc.server.admin.ExecContext(t.Context(), q); err != nil {
					t.Fatalf("%s: %v", q, err)
				}
			}
			right := e.creds(sc.server, sc.user, "pw-0")
			cases := []struct {
				name    string
				creds   sqldb.Creds
				prepare string
				want    bool
			}{
				{"right", right, "", false},
				{"a wrong password", e.creds(sc.server, sc.user, "wrong"), "", true},
				{"an empty password", e.creds(sc.server, sc.user, ""), "", true},
				{"no such user", e.creds(sc.server, "nobody-"+sc.user, "x"), "", true},
			}
			refused := right
			refused.Port = 1
			cases = append(cases, struct {
				name    string
				creds   sqldb.Creds
				prepare string
				want    bool
			}{"refused", refused, "", false})
			if !e.mysql {
				nodb := right
				nodb.DBName = "nowhere"
				cases = append(cases, []struct {
					name    string
					creds   sqldb.Creds
					prepare string
					want    bool
				}{
					{"no such database, 3D000", nodb, "", false},
					{"NOLOGIN, 28000", right, fmt.Sprintf(`ALTER ROLE "%s" NOLOGIN`, sc.user), true},
					{"VALID UNTIL has passed", right, fmt.Sprintf(`ALTER ROLE "%s" LOGIN VALID UNTIL '2001-01-01'`, sc.user), true},
				}...)
			} else {
				cases = append(cases, []struct {
					name    string
					creds   sqldb.Creds
					prepare string
					want    bool
				}{
					{"a locked account, 4151", right, fmt.Sprintf("ALTER USER '%s'@'%%' ACCOUNT LOCK", sc.user), false},
					{"an expired password, 1820", right, fmt.Sprintf("ALTER USER '%s'@'%%' ACCOUNT UNLOCK PASSWORD EXPIRE", sc.user), false},
				}...)
			}
			for _, tt := range cases {
				if tt.prepare != "" {
					exec(tt.prepare)
				}
				c, err := e.connect(tt.creds)
				if err != nil {
					t.Fatal(err)
				}
				db := sql.OpenDB(c)
				_, err = db.ExecContext(t.Context(), "SELECT 1")
				db.Close()
				if (err == nil) != (tt.name == "right") {
					t.Errorf("%s: %v", tt.name, err)
				}
				if got := sqldb.IsAuthError(err); got != tt.want {
					t.Errorf("%s: IsAuthError = %v for %v", tt.name, got, err)
				}
			}
			if e.mysql {
				exec(fmt.Sprintf("ALTER USER '%s'@'%%' IDENTIFIED BY 'pw-0' PASSWORD EXPIRE NEVER", sc.user))
				c, err := e.connect(right)
				if err != nil {
					t.Fatal(err)
				}
				db := sql.OpenDB(c)
				defer db.Close()
				_, err = db.ExecContext(t.Context(), "USE mysql")
				if err == nil || sqldb.IsAuthError(err) {
					t.Errorf("no right to a database, 1044: IsAuthError = true for %v", err)
				}
			}
		})
	}
}

// TestEstablishedConnectionsStay keeps connections open through a rotation.
func TestEstablishedConnectionsStay(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			sc := newScene(t, e)
			db := sql.OpenDB(sc.connector(t, nil, true))
			defer db.Close()
			var conns []*sql.Conn
			for range 4 {
				c, err := db.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				conns = append(conns, c)
			}
			if err := sc.rotate(t.Context(), true, func() error { return db.PingContext(t.Context()) }); err != nil {
				t.Fatal(err)
			}
			for i, c := range conns {
				var n int
				if err := c.QueryRowContext(t.Context(), "SELECT 1").Scan(&n); err != nil || n != 1 {
					t.Errorf("connection %d: %v", i, err)
				}
			}
			if a, r := sc.accepted.Load(), sc.rejected.Load(); a != 5 || r != 1 {
				t.Errorf("%d logins, %d rejected; want 5 and 1", a, r)
			}
		})
	}
}

// TestAlternatingUsers rotates between two users, of which the one that is
// replaced is removed at once, which is harder than what Secrets Manager does.
func TestAlternatingUsers(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			sc := newScene(t, e)
			users := []string{sc.user, sc.user + "_clone"}
			l := startLoad(t, sc.connector(t, nil, true))
			for i := range 4 {
				old, next, pw := users[i%2], users[(i+1)%2], "alt-"+strconv.Itoa(i)
				if err := e.setPassword(t.Context(), sc.server, next, pw); err != nil {
					t.Fatal(err)
				}
				pending := sc.srv.PutStage("orders/db", "AWSPENDING", e.secretJSON(sc.server, next, pw))
				if err := e.setPassword(t.Context(), sc.server, old, "gone-"+strconv.Itoa(i)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(window)
				sc.srv.MoveStage("orders/db", "AWSCURRENT", pending)
				time.Sleep(100 * time.Millisecond)
			}
			l.end()
			t.Logf("%d failed of %d queries, %d fetches, %d rejected logins", l.failed, len(l.took), sc.fetches.Load(), sc.rejected.Load())
			if l.failed > 0 {
				t.Errorf("%d of %d queries failed, as with %v", l.failed, len(l.took), l.failure)
			}
		})
	}
}

// TestWrongPassword gives 32 workers a secret that no stage of which is right,
// with a short budget: then nearly everything fails fast, with the cause.
func TestWrongPassword(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			sc := newScene(t, e)
			sc.srv.Put("orders/db", e.secretJSON(sc.server, sc.user, "wrong"))
			if err := e.setPassword(t.Context(), sc.server, sc.user, "unknown"); err != nil {
				t.Fatal(err)
			}
			db := sql.OpenDB(sc.connector(t, &secrets.Options{Budget: 500 * time.Millisecond}, true))
			defer db.Close()
			db.SetMaxOpenConns(maxConns)
			var wg sync.WaitGroup
			var mu sync.Mutex
			failures := 0
			end := time.Now().Add(2 * time.Second)
			for range workers {
				wg.Go(func() {
					for time.Now().Before(end) {
						ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
						err := db.PingContext(ctx)
						cancel()
						var r *secrets.RecoverError
						if !errors.As(err, &r) || !sqldb.IsAuthError(err) || strings.Contains(err.Error(), "wrong") {
							t.Errorf("Ping = %v, want the rejection", err)
							return
						}
						mu.Lock()
						failures++
						mu.Unlock()
						time.Sleep(10 * time.Millisecond)
					}
				})
			}
			wg.Wait()
			t.Logf("%d failures, %d fetches, %d logins", failures, sc.fetches.Load(), sc.rejected.Load())
			if n := sc.fetches.Load(); n > 25 {
				t.Errorf("%d fetches, want those of a few rounds", n)
			}
			if n := sc.rejected.Load(); n > 25+maxConns {
				t.Errorf("%d logins, want those of a few rounds", n)
			}
		})
	}
}

// TestBaseline measures, and asserts nothing: the same load without a rotation,
// and with one under the fetch-once-and-retry of other libraries. It runs by
// LAMBDATUNE_BASELINE=1.
func TestBaseline(t *testing.T) {
	if testing.Short() || !baseline() {
		t.Skip("by hand: LAMBDATUNE_BASELINE=1 measures the baselines")
	}
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			sc := newScene(t, e)
			quiet := startLoad(t, sc.connector(t, nil, true))
			time.Sleep(3 * time.Second)
			quiet.end()
			quiet.log(t, 0, sc)
			for _, databaseFirst := range []bool{true, false} {
				t.Run(order(databaseFirst), func(t *testing.T) {
					sc := newScene(t, e)
					var d driver.Connector = &refetchOnce{source: sdkSource(sc.srv), id: "orders/db", build: sc.build, fetches: &sc.fetches}
					l := startLoad(t, d)
					n := rotations(t)
					for range n {
						if err := sc.rotate(t.Context(), databaseFirst, func() error { return nil }); err != nil {
							t.Fatal(err)
						}
						time.Sleep(50 * time.Millisecond)
					}
					l.end()
					l.log(t, n, sc)
				})
			}
		})
	}
}
