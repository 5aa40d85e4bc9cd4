package benchmarks

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/internal/gateway"
)

// recorded is a complete event of a browser's request, as the service sends it.
func recorded(tb testing.TB, name string) []byte {
	b, err := os.ReadFile("../../../internal/gateway/testdata/" + name + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	var small bytes.Buffer
	if err := json.Compact(&small, b); err != nil {
		tb.Fatal(err)
	}
	return small.Bytes()
}

// placement is the body of the recorded events. Where it comes from is no
// matter of the logic: HTTP reads tags, the others assign.
type placement struct {
	Shop     string `path:"shop" json:"-"`
	Page     int    `query:"page" json:"-"`
	Tenant   string `header:"X-Tenant" json:"-"`
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
	Note     string `json:"note"`
	Address  struct {
		Street  string `json:"street"`
		City    string `json:"city"`
		ZIP     string `json:"zip"`
		Country string `json:"country"`
	} `json:"address"`
	Express bool `json:"express"`
}

type accepted struct {
	ID       string `json:"id"`
	Tenant   string `json:"tenant"`
	City     string `json:"city"`
	Total    int    `json:"total"`
	Currency string `json:"currency"`
	Status   string `json:"status"`
}

func accept(_ context.Context, p placement) (accepted, error) {
	return accepted{ID: p.Shop + "-1842", Tenant: p.Tenant, City: p.Address.City, Total: 625 * p.Quantity * p.Page, Currency: "EUR", Status: "accepted"}, nil
}

const acceptedBody = `{"id":"shop-7-1842","tenant":"blue","city":"Leipzig","total":3750,"currency":"EUR","status":"accepted"}`

// peerV2 is what aws-lambda-go's documentation shows for an HTTP API.
func peerV2(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	var p placement
	if err := json.Unmarshal([]byte(e.Body), &p); err != nil {
		return events.APIGatewayV2HTTPResponse{StatusCode: 400}, nil
	}
	p.Shop, p.Tenant, p.Page = e.PathParameters["shop"], e.Headers["x-tenant"], len(e.QueryStringParameters["page"])+1
	out, err := accept(ctx, p)
	if err != nil {
		return events.APIGatewayV2HTTPResponse{StatusCode: 500}, nil
	}
	body, err := json.Marshal(out)
	return events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(body)}, err
}

// peerREST is the same for a REST API.
func peerREST(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	var p placement
	if err := json.Unmarshal([]byte(e.Body), &p); err != nil {
		return events.APIGatewayProxyResponse{StatusCode: 400}, nil
	}
	p.Shop, p.Tenant, p.Page = e.PathParameters["shop"], e.Headers["X-Tenant"], len(e.QueryStringParameters["page"])+1
	out, err := accept(ctx, p)
	if err != nil {
		return events.APIGatewayProxyResponse{StatusCode: 500}, nil
	}
	body, err := json.Marshal(out)
	return events.APIGatewayProxyResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(body)}, err
}

// floor is the least that any library must do with the same body: decode it,
// call, encode, and quote the answer. It takes the body for granted.
type floor struct{ body []byte }

func (f floor) Invoke(ctx context.Context, _ []byte) ([]byte, error) {
	var p placement
	if err := json.Unmarshal(f.body, &p); err != nil {
		return nil, err
	}
	p.Shop, p.Tenant, p.Page = "shop-7", "blue", 2
	out, err := accept(ctx, p)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return json.Marshal(string(body))
}

// answerOf decodes what every front has: status and body.
func answerOf(tb testing.TB, out []byte) (status int, body string) {
	var v struct {
		StatusCode int
		Body       string
	}
	if err := json.Unmarshal(out, &v); err != nil {
		tb.Fatalf("%s: %v", out, err)
	}
	return v.StatusCode, v.Body
}

func benchmarkHTTP(b *testing.B, event string, peer lambda.Handler) {
	payload := recorded(b, event)
	r, err := gateway.Parse(payload)
	if err != nil {
		b.Fatal(err)
	}
	body, err := r.AppendBody(nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Release()
	for _, c := range []struct {
		impl string
		inv  handler.Invoker
	}{
		{"lambda.NewHandler", peer},
		{"handler.HTTP", handler.HTTP(accept)},
		{"floor", floor{body}},
	} {
		b.Run("impl="+c.impl, func(b *testing.B) {
			ctx := invocationContext(b)
			out, err := c.inv.Invoke(ctx, payload)
			if err != nil {
				b.Fatal(err)
			}
			if c.impl != "floor" {
				if status, body := answerOf(b, out); status != 200 || body != acceptedBody {
					b.Fatalf("%d %s", status, body)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.inv.Invoke(ctx, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHTTPv2 is an HTTP API's JSON request: the whole Invoke.
func BenchmarkHTTPv2(b *testing.B) { benchmarkHTTP(b, "httpv2", lambda.NewHandler(peerV2)) }

// BenchmarkREST is the same with a REST API's event.
func BenchmarkREST(b *testing.B) { benchmarkHTTP(b, "rest", lambda.NewHandler(peerREST)) }

// router is what both adapters serve. The work of its two handlers is the same
// on both sides, so the JSON one hides a part of the difference.
func router() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{shop}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, acceptedBody) //nolint:errcheck // it is buffered
	})
	return mux
}

// jsonRouter decodes and encodes.
func jsonRouter() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{shop}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		var p placement
		if err := json.Unmarshal(body, &p); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		p.Shop, p.Tenant, p.Page = r.PathValue("shop"), r.Header.Get("X-Tenant"), len(r.URL.Query().Get("page"))+1
		out, err := accept(r.Context(), p)
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		answer, _ := json.Marshal(out)
		w.Write(answer) //nolint:errcheck // it is buffered
	})
	return mux
}

func benchmarkHandler(b *testing.B, event string, h http.Handler, peer lambda.Handler) {
	payload := recorded(b, event)
	for _, c := range []struct {
		impl string
		inv  handler.Invoker
	}{
		{"httpadapter", peer},
		{"handler.HTTPHandler", handler.HTTPHandler(h)},
	} {
		b.Run("impl="+c.impl, func(b *testing.B) {
			ctx := invocationContext(b)
			out, err := c.inv.Invoke(ctx, payload)
			if err != nil {
				b.Fatal(err)
			}
			if status, body := answerOf(b, out); status != 200 || body != acceptedBody {
				b.Fatalf("%d %s", status, body)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.inv.Invoke(ctx, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHTTPHandlerV2 is an http.Handler behind an HTTP API.
func BenchmarkHTTPHandlerV2(b *testing.B) {
	benchmarkHandler(b, "httpv2", router(), lambda.NewHandler(httpadapter.NewV2(router()).ProxyWithContext))
}

// BenchmarkHTTPHandlerREST is an http.Handler behind a REST API.
func BenchmarkHTTPHandlerREST(b *testing.B) {
	benchmarkHandler(b, "rest", router(), lambda.NewHandler(httpadapter.New(router()).ProxyWithContext))
}

// BenchmarkHTTPHandlerJSONV2 is an http.Handler that decodes and encodes.
func BenchmarkHTTPHandlerJSONV2(b *testing.B) {
	benchmarkHandler(b, "httpv2", jsonRouter(), lambda.NewHandler(httpadapter.NewV2(jsonRouter()).ProxyWithContext))
}

// BenchmarkHTTPHandlerJSONREST is the same behind a REST API.
func BenchmarkHTTPHandlerJSONREST(b *testing.B) {
	benchmarkHandler(b, "rest", jsonRouter(), lambda.NewHandler(httpadapter.New(jsonRouter()).ProxyWithContext))
}

// TestHTTPAllocations is the goal of 12 allocations for a whole Invoke.
func TestHTTPAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	ctx := invocationContext(t)
	for _, event := range []string{"httpv2", "rest"} {
		payload, inv := recorded(t, event), handler.HTTP(accept)
		if n := testing.AllocsPerRun(200, func() {
			if _, err := inv.Invoke(ctx, payload); err != nil {
				t.Fatal(err)
			}
		}); n > 12 {
			t.Errorf("%s: %v allocations, want at most 12", event, n)
		}
	}
}
