package httpclient_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/lambdatune/lambdatune/httpclient"
)

// A function makes its client once, opens connections during INIT, and marks
// its invocations.
func Example() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "pong") }))
	defer api.Close()

	client := httpclient.New(httpclient.Options{
		Observe: func(ctx context.Context, s httpclient.Stats) {
			fmt.Printf("%d requests, %d of them over a connection that was there\n", s.Requests, s.Reuses)
		},
	})
	if err := httpclient.Prewarm(context.Background(), client, []string{api.URL}, 1); err != nil {
		fmt.Println(err)
	}
	handle := httpclient.Middleware(func(ctx context.Context, event []byte) ([]byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, api.URL, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return io.ReadAll(resp.Body)
	})
	answer, err := handle(context.Background(), nil)
	fmt.Println(string(answer), err)
	// Output:
	// 1 requests, 1 of them over a connection that was there
	// pong <nil>
}

func ExampleAll() {
	var stock, price int
	err := httpclient.All(context.Background(), 0,
		func(context.Context) error { stock = 7; return nil },
		func(context.Context) error { price = 450; return nil },
	)
	fmt.Println(stock, price, err)
	// Output: 7 450 <nil>
}

// The second copy of a request is sent only if the first has taken longer than
// most do.
func ExampleRace() {
	ask := func(replica string, takes time.Duration) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			select {
			case <-time.After(takes):
				return replica, nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
	}
	answer, err := httpclient.Race(context.Background(), 10*time.Millisecond,
		ask("slow today", time.Minute),
		ask("fast", 0),
	)
	fmt.Println(answer, err)
	// Output: fast <nil>
}

// A POST that the server recognizes if it comes twice may be replayed.
func ExampleMarkIdempotent() {
	req, err := http.NewRequest(http.MethodPost, "https://api.example.com/score", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	httpclient.MarkIdempotent(req)
	fmt.Println(req.Header["Idempotency-Key"])
	// Output: []
}
