package integration_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/secretsmanager"
	"github.com/lambdatune/lambdatune/secrets/secretstest"
	"github.com/lambdatune/lambdatune/secrets/sqldb"
)

const (
	workers  = 32
	maxConns = 16
	lifetime = 15 * time.Millisecond
	window   = 250 * time.Millisecond
	apiDelay = 10 * time.Millisecond
)

func rotations(t testing.TB) int {
	if v := os.Getenv("LAMBDATUNE_ROTATIONS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			t.Fatalf("LAMBDATUNE_ROTATIONS is %q", v)
		}
		return n
	}
	return 50
}

func sdkSource(srv *secretstest.Server) secrets.Source {
	return secretsmanager.New(sdk.New(sdk.Options{
		BaseEndpoint: aws.String(srv.URL),
		Region:       srv.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "key"}, nil
		}),
	}))
}

// counting counts logins of the connectors that it wraps.
type counting struct {
	driver.Connector
	accepted, rejected *atomic.Int64
}

func (c counting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	switch {
	case err == nil:
		c.accepted.Add(1)
	case sqldb.IsAuthError(err):
		c.rejected.Add(1)
	}
	return conn, err
}

// refetchOnce is the baseline: it keeps the credentials, fetches them again
// after a rejected login and tries once more, as the AWS Advanced Go Wrapper
// does.
type refetchOnce struct {
	source  secrets.Source
	id      string
	build   func(sqldb.Creds) (driver.Connector, error)
	fetches *atomic.Int64
	secret  atomic.Pointer[driver.Connector]
	mu      sync.Mutex
}

func (r *refetchOnce) Driver() driver.Driver { return nil }

func (r *refetchOnce) fetch(ctx context.Context) (driver.Connector, error) {
	r.fetches.Add(1)
	raw, err := r.source.Fetch(ctx, secrets.Request{ID: r.id, Stage: secrets.StageCurrent})
	if err != nil {
		return nil, err
	}
	var c sqldb.Creds
	if err := c.UnmarshalJSON(raw.Data); err != nil {
		return nil, err
	}
	inner, err := r.build(c)
	if err == nil {
		r.secret.Store(&inner)
	}
	return inner, err
}

func (r *refetchOnce) Connect(ctx context.Context) (driver.Conn, error) {
	p := r.secret.Load()
	if p == nil {
		inner, err := r.fetch(ctx)
		if err != nil {
			return nil, err
		}
		p = &inner
	}
	conn, err := (*p).Connect(ctx)
	if !sqldb.IsAuthError(err) {
		return conn, err
	}
	r.mu.Lock()
	now := r.secret.Load()
	if now == p { // nobody has fetched meanwhile
		inner, err := r.fetch(ctx)
		if err != nil {
			r.mu.Unlock()
			return nil, err
		}
		now = &inner
	}
	r.mu.Unlock()
	return (*now).Connect(ctx)
}

// load queries from all workers until stop and returns the latencies.
type load struct {
	db      *sql.DB
	stop    chan struct{}
	wg      sync.WaitGroup
	mu      sync.Mutex
	took    []time.Duration
	failed  int
	failure error
}

func startLoad(t testing.TB, c driver.Connector) *load {
	l := &load{db: sql.OpenDB(c), stop: make(chan struct{})}
	l.db.SetMaxOpenConns(maxConns)
	l.db.SetMaxIdleConns(maxConns)
	l.db.SetConnMaxLifetime(lifetime)
	for range workers {
		l.wg.Go(func() {
			var took []time.Duration
			failed, failure := 0, error(nil)
			for {
				select {
				case <-l.stop:
					l.mu.Lock()
					defer l.mu.Unlock()
					l.took = append(l.took, took...)
					l.failed += failed
					if failure != nil {
						l.failure = failure
					}
					return
				default:
				}
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				begun := time.Now()
				var n int
				err := l.db.QueryRowContext(ctx, "SELECT 1").Scan(&n)
				cancel()
				took = append(took, time.Since(begun))
				if err != nil || n != 1 {
					failed++
					failure = err
				}
			}
		})
	}
	return l
}

func (l *load) end() {
	close(l.stop)
	l.wg.Wait()
	l.db.Close()
	slices.Sort(l.took)
}

func (l *load) quantile(q float64) time.Duration {
	if len(l.took) == 0 {
		return 0
	}
	return l.took[min(int(q*float64(len(l.took))), len(l.took)-1)].Round(100 * time.Microsecond)
}

// log prints what became of the load in the format of benchmarks.
func (l *load) log(t *testing.T, rotations int, sc *scene) {
	t.Logf("Benchmark%s %d %d failed %d queries %d rotations %.2f fetches/rotation %.2f rejected-logins/rotation %d p50-ns %d p99-ns %d max-ns",
		strings.ReplaceAll(strings.TrimPrefix(t.Name(), "Test"), " ", "_"), max(rotations, 1), l.failed, len(l.took), rotations,
		float64(sc.fetches.Load())/float64(max(rotations, 1)), float64(sc.rejected.Load())/float64(max(rotations, 1)),
		l.quantile(0.5), l.quantile(0.99), l.quantile(1))
}

// scene is a user of a server whose password is in a secret.
type scene struct {
	e        engine
	server   *server
	srv      *secretstest.Server
	user     string
	fetches  atomic.Int64
	accepted atomic.Int64
	rejected atomic.Int64
	seq      int
}

func newScene(t testing.TB, e engine) *scene {
	t.Helper()
	sc := &scene{e: e, server: e.server(t), srv: secretstest.NewServer(), user: "app_" + strconv.Itoa(rand.IntN(1e9))}
	t.Cleanup(sc.srv.Close)
	if err := e.setPassword(t.Context(), sc.server, sc.user, "pw-0"); err != nil {
		t.Fatal(err)
	}
	sc.srv.Put("orders/db", e.secretJSON(sc.server, sc.user, "pw-0"))
	sc.srv.SetLatency("", apiDelay)
	return sc
}

func (sc *scene) build(c sqldb.Creds) (driver.Connector, error) {
	inner, err := sc.e.connect(c)
	return counting{inner, &sc.accepted, &sc.rejected}, err
}

// connector is ours around a secret of its own.
func (sc *scene) connector(t testing.TB, opts *secrets.Options, count bool) driver.Connector {
	t.Helper()
	if opts == nil {
		opts = &secrets.Options{}
	}
	build := sc.e.connect
	if count {
		build = sc.build
		opts.Observe = func(_ context.Context, e secrets.Event) {
			if e.Op == "fetch" {
				sc.fetches.Add(1)
			}
		}
	}
	secret, err := secrets.New[sqldb.Creds](sdkSource(sc.srv), "orders/db", opts)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sqldb.NewConnector(secret, build, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rotate changes the password, in one of the orders. inWindow is called while
// the secret's current version and the database differ.
func (sc *scene) rotate(ctx context.Context, databaseFirst bool, inWindow func() error) error {
	sc.seq++
	pw := "pw-" + strconv.Itoa(sc.seq)
	value := sc.e.secretJSON(sc.server, sc.user, pw)
	pause := func() error {
		end := time.Now().Add(window)
		err := inWindow()
		time.Sleep(time.Until(end))
		return err
	}
	if !databaseFirst {
		sc.srv.Put("orders/db", value)
		if err := pause(); err != nil {
			return err
		}
		return sc.e.setPassword(ctx, sc.server, sc.user, pw)
	}
	sc.srv.OnRotate("orders/db", secretstest.Rotation{
		Create: func(context.Context, string) (string, error) { return value, nil },
		Set:    func(ctx context.Context, _ string) error { return sc.e.setPassword(ctx, sc.server, sc.user, pw) },
		Test:   func(context.Context, string) error { return pause() },
	})
	_, err := sc.srv.Rotate(ctx, "orders/db")
	return err
}

// TestRotations changes passwords under load. No query may fail, nor one of a
// process that starts within the window.
func TestRotations(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			for _, databaseFirst := range []bool{true, false} {
				t.Run(order(databaseFirst), func(t *testing.T) {
					sc := newScene(t, e)
					l := startLoad(t, sc.connector(t, nil, true))
					time.Sleep(100 * time.Millisecond)
					n := rotations(t)
					var worst int64
					rejected := sc.rejected.Load()
					sc.fetches.Store(0)
					for range n {
						if err := sc.rotate(t.Context(), databaseFirst, func() error {
							cold := sql.OpenDB(sc.connector(t, nil, false))
							defer cold.Close()
							ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
							defer cancel()
							return cold.PingContext(ctx)
						}); err != nil {
							t.Errorf("a cold process failed in the window: %v", err)
						}
						time.Sleep(50 * time.Millisecond)
						now := sc.rejected.Load()
						worst = max(worst, now-rejected)
						rejected = now
					}
					l.end()
					t.Logf("%d logins, at most %d rejected in a rotation", sc.accepted.Load(), worst)
					l.log(t, n, sc)
					if l.failed > 0 {
						t.Errorf("%d of %d queries failed, as with %v", l.failed, len(l.took), l.failure)
					}
					// Two in the order of Secrets Manager; a machine that is so busy
					// that a login lasts into the next rotation makes it three.
					if got := sc.fetches.Load(); got > int64(3*n) {
						t.Errorf("%d fetches in %d rotations", got, n)
					}
				})
			}
		})
	}
}

func order(databaseFirst bool) string {
	if databaseFirst {
		return "database first"
	}
	return "secret first"
}

func baseline() bool { return os.Getenv("LAMBDATUNE_BASELINE") == "1" }
