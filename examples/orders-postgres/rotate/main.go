// Command rotate runs the order API against a PostgreSQL and a Secrets Manager
// of its own, rotates the password under load, and prints what failed.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/lambdatune/lambdatune/examples/orders-postgres/localpg"
	"github.com/lambdatune/lambdatune/examples/orders-postgres/store"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/secretsmanager"
	"github.com/lambdatune/lambdatune/secrets/secretstest"
	"github.com/lambdatune/lambdatune/secrets/sqldb"
)

//go:embed event.json
var event []byte // an order, as an HTTP API sends it

func main() {
	rotations := flag.Int("rotations", 5, "how often to rotate")
	workers := flag.Int("workers", 8, "how many invocations run at once")
	window := flag.Duration("window", 500*time.Millisecond, "how long a rotation's new password works before it is AWSCURRENT")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	result, err := run(ctx, *rotations, *workers, *window)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rotate:", err)
		os.Exit(1)
	}
	fmt.Println(result)
	if result.failed > 0 {
		os.Exit(1)
	}
}

// result is what happened.
type result struct {
	placed, failed, rotations, fetches int
	stages                             map[secrets.Stage]int
	failure                            string
}

func (r result) String() string {
	s := fmt.Sprintf("%d rotations: %d orders placed, %d failed; %d calls of GetSecretValue, logged in again with %v",
		r.rotations, r.placed, r.failed, r.fetches, r.stages)
	if r.failure != "" {
		s += "\nlast failure: " + r.failure
	}
	return s
}

func run(ctx context.Context, rotations, workers int, window time.Duration) (result, error) {
	pg, err := localpg.Start(ctx)
	if err != nil {
		return result{}, err
	}
	defer pg.Stop()
	value := func(password string) string {
		return fmt.Sprintf(`{"engine":"postgres","host":"127.0.0.1","port":%d,"username":"orders","password":%q,"dbname":"postgres"}`, pg.Port, password)
	}
	if err := pg.Exec(ctx, "CREATE ROLE orders LOGIN PASSWORD 'first'; GRANT ALL ON SCHEMA public TO orders"); err != nil {
		return result{}, err
	}
	aws := secretstest.NewServer()
	defer aws.Close()
	aws.SetLatency("", 10*time.Millisecond)
	aws.Put("orders/db", value("first"))

	out := result{rotations: rotations, stages: map[secrets.Stage]int{}}
	var mu sync.Mutex
	secret, err := secrets.New[sqldb.Creds](sourceFor(aws), "orders/db", &secrets.Options{
		Observe: func(_ context.Context, e secrets.Event) {
			if e.Op == "recover" && e.Err == nil {
				mu.Lock()
				out.stages[e.Stage]++
				mu.Unlock()
			}
		},
	})
	if err != nil {
		return result{}, err
	}
	connector, err := sqldb.NewConnector(secret, connect, nil)
	if err != nil {
		return result{}, err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(workers)
	db.SetMaxIdleConns(workers)
	db.SetConnMaxLifetime(50 * time.Millisecond) // to log in often: the hard case
	orders := store.New(db)
	if err := orders.CreateTables(ctx); err != nil {
		return result{}, err
	}
	function := handler.Use(handler.HTTP(orders.Place), secrets.Middleware(secret))

	var placed, failed atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := invoke(ctx, function); err != nil {
					failed.Add(1)
					mu.Lock()
					out.failure = err.Error()
					mu.Unlock()
					continue
				}
				placed.Add(1)
			}
		})
	}
	n := 0
	aws.OnRotate("orders/db", secretstest.Rotation{
		Create: func(context.Context, string) (string, error) { n++; return value(fmt.Sprintf("password-%d", n)), nil },
		Set: func(ctx context.Context, _ string) error {
			return pg.Exec(ctx, fmt.Sprintf("ALTER ROLE orders PASSWORD 'password-%d'", n))
		},
		Test: func(ctx context.Context, _ string) error { return sleep(ctx, window) },
	})
	for range rotations {
		if err == nil {
			_, err = aws.Rotate(ctx, "orders/db")
		}
		if err == nil {
			err = sleep(ctx, window/2)
		}
	}
	close(stop)
	wg.Wait()
	out.placed, out.failed, out.fetches = int(placed.Load()), int(failed.Load()), aws.Count("GetSecretValue", "")
	return out, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func invoke(ctx context.Context, function handler.Invoker) error {
	ctx, cancel := context.WithTimeout(ctx, 29*time.Second) // what API Gateway waits
	defer cancel()
	out, err := function.Invoke(ctx, event)
	if err != nil {
		return err
	}
	var answer struct {
		StatusCode int
		Body       string
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return err
	}
	if answer.StatusCode != 201 {
		return fmt.Errorf("status %d: %s", answer.StatusCode, answer.Body)
	}
	return nil
}

func connect(c sqldb.Creds) (driver.Connector, error) {
	cfg, err := pgx.ParseConfig(c.PostgresURL(url.Values{"sslmode": {"disable"}}))
	if err != nil {
		return nil, err
	}
	return stdlib.GetConnector(*cfg), nil
}

func sourceFor(srv *secretstest.Server) secrets.Source {
	return secretsmanager.New(sdk.New(sdk.Options{
		BaseEndpoint: aws.String(srv.URL),
		Region:       srv.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "key"}, nil
		}),
	}))
}
