package integration_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/internal/integration"
	"github.com/lambdatune/lambdatune/secrets/sqldb"
)

// TestPgxPool rotates under a pgxpool with the hooks of the example.
func TestPgxPool(t *testing.T) {
	t.Parallel()
	for _, databaseFirst := range []bool{true, false} {
		sc := newScene(t, engines[0])
		secret, err := secrets.New[sqldb.Creds](sdkSource(sc.srv), "orders/db", nil)
		if err != nil {
			t.Fatal(err)
		}
		pool, err := integration.NewPool(t.Context(), secret, url.Values{
			"sslmode": {"disable"}, "pool_max_conns": {"8"}, "pool_max_conn_lifetime": {"30ms"}, "pool_health_check_period": {"10ms"},
		})
		if err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					conn, err := pool.Acquire(ctx)
					if err == nil {
						_, err = conn.Exec(ctx, "SELECT 1")
						conn.Release()
					}
					cancel()
					if err != nil {
						t.Errorf("a query failed: %v", err)
						return
					}
				}
			})
		}
		for range 4 {
			if err := sc.rotate(t.Context(), databaseFirst, func() error { return nil }); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		close(stop)
		wg.Wait()
		pool.Close()
	}
}
