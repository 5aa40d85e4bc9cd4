package handler_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
)

type stormIn struct {
	ID     int    `query:"id"`
	Tenant string `header:"X-Tenant"`
	Text   string `json:"text"`
}

type stormOut struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
	PID  int    `json:"pid"`
}

func storm(_ context.Context, in stormIn) (stormOut, error) {
	if in.ID%10 == 3 {
		panic("storm " + in.Text)
	}
	return stormOut{in.ID, in.Text + " of " + in.Tenant, os.Getpid()}, nil
}

func init() {
	programs["http storm"] = func() { handler.Start(handler.HTTP(storm)) }
	programs["endpoint storm"] = func() {
		mux := http.NewServeMux()
		mux.Handle("POST /storm", handler.Endpoint(storm))
		handler.Start(handler.HTTPHandler(mux))
	}
}

var stormFronts = []gateway.Front{gateway.REST, gateway.HTTPv1, gateway.HTTPv2, gateway.FunctionURL, gateway.ALB, gateway.ALBMulti}

// stormOnce sends request i through one of the fronts and reports a wrong answer.
func stormOnce(i, pid int, invoke func(event []byte) (payload []byte, failed bool)) error {
	c := edge.Config{Front: stormFronts[i%len(stormFronts)]}
	body := fmt.Sprintf(`{"text":"text %d","tenant":"evil"}`, i)
	r := httptest.NewRequest("POST", "/storm?id="+strconv.Itoa(i), strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Tenant", strconv.Itoa(-i))
	b, _ := io.ReadAll(r.Body)
	event, err := c.AppendEvent(nil, r, b)
	if err != nil {
		return err
	}
	payload, failed := invoke(event)
	a := c.Answer(r, payload, failed)
	want, status := fmt.Sprintf(`{"id":%d,"text":"text %d of %d","pid":%d}`, i, i, -i, pid), 200
	if i%10 == 3 {
		want, status = `{"message":"Internal Server Error"`, 500
	}
	if a.Status != status || !strings.HasPrefix(string(a.Body), want) {
		return fmt.Errorf("%v, invocation %d: %d %s, want %d %s", c.Front, i, a.Status, a.Body, status, want)
	}
	return nil
}

// TestHTTPPanicStorm: one process id throughout, every answer right.
func TestHTTPPanicStorm(t *testing.T) {
	for _, c := range []struct {
		program     string
		config      runtimeapi.Config
		invocations int
	}{
		{"http storm", runtimeapi.Config{}, 1000}, {"endpoint storm", runtimeapi.Config{}, 200}, {"http storm", runtimeapi.Config{MaxConcurrency: 4}, 400},
	} {
		t.Run(fmt.Sprint(c.program, " ", max(c.config.MaxConcurrency, 1)), func(t *testing.T) {
			fn := serve(t, c.program, c.config)
			first, err := fn.Invoke(t.Context(), runtimeapi.Invocation{Payload: []byte(`{"httpMethod":"POST","path":"/storm","queryStringParameters":{"id":"1"},"body":"{}"}`)})
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			workers := max(c.config.MaxConcurrency, 1)
			for w := range workers {
				wg.Go(func() {
					for i := w; i < c.invocations; i += workers {
						err := stormOnce(i, first.PID, func(event []byte) ([]byte, bool) {
							res, err := fn.Invoke(t.Context(), runtimeapi.Invocation{Payload: event})
							if err != nil {
								t.Error(err)
								return nil, true
							}
							if res.PID != first.PID {
								t.Errorf("process %d became %d", first.PID, res.PID)
							}
							return res.Payload, res.FunctionError != ""
						})
						if err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// TestHTTPAtOnce is the same without a process between, so that the race
// detector sees both ends.
func TestHTTPAtOnce(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("POST /storm", handler.Endpoint(storm))
	before := log.Writer()
	log.SetOutput(io.Discard) // of stacks
	t.Cleanup(func() { log.SetOutput(before) })
	for _, inv := range []handler.Invoker{handler.HTTP(storm), handler.HTTPHandler(mux)} {
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := w; i < 400; i += 4 {
					err := stormOnce(i, os.Getpid(), func(event []byte) ([]byte, bool) {
						out, err := inv.Invoke(t.Context(), event)
						for j := range event { // the runtime uses it again
							event[j] = '#'
						}
						return out, err != nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
}
