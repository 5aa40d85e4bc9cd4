package handler_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lambdatune/lambdatune/handler"
)

// A ShopOrder is what core logic knows. Tags tell where HTTP finds the fields.
type ShopOrder struct {
	Shop     string `path:"shop"`
	Tenant   string `header:"X-Tenant"`
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// A ShopReceipt is the answer. It is a 201 with a Location.
type ShopReceipt struct {
	ID string `json:"id"`
}

func (ShopReceipt) HTTPStatus() int           { return http.StatusCreated }
func (r ShopReceipt) HTTPHeader() http.Header { return http.Header{"Location": {"/orders/" + r.ID}} }

// SoldOut is an error that says what it is in HTTP.
type SoldOut struct{ SKU string }

func (e SoldOut) Error() string   { return e.SKU + " is sold out" }
func (e SoldOut) HTTPStatus() int { return http.StatusConflict }

func PlaceInShop(_ context.Context, o ShopOrder) (ShopReceipt, error) {
	if o.Quantity > 10 {
		return ShopReceipt{}, SoldOut{o.SKU}
	}
	return ShopReceipt{ID: o.Shop + "-" + o.Tenant + "-1842"}, nil
}

func ExampleHTTP() {
	inv := handler.HTTP(PlaceInShop) // handler.Start(inv) in main

	event := `{"version":"2.0","rawPath":"/shops/7/orders","headers":{"content-type":"application/json","x-tenant":"blue"},
		"pathParameters":{"shop":"7"},"requestContext":{"http":{"method":"POST"}},"body":"{\"sku\":\"TEA\",\"quantity\":%d}"}`
	for _, quantity := range []int{2, 11} {
		answer, err := inv.Invoke(context.Background(), fmt.Appendf(nil, event, quantity))
		fmt.Println(string(answer), err)
	}
	// Output:
	// {"statusCode":201,"headers":{"Content-Type":"application/json","Location":"/orders/7-blue-1842"},"isBase64Encoded":false,"body":"{\"id\":\"7-blue-1842\"}"} <nil>
	// {"statusCode":409,"headers":{"Content-Type":"application/json"},"isBase64Encoded":false,"body":"{\"message\":\"TEA is sold out\"}"} <nil>
}

func ExampleHTTPHandler() {
	mux := http.NewServeMux()
	mux.Handle("POST /shops/{shop}/orders", handler.Endpoint(PlaceInShop))
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "fine") })
	inv := handler.HTTPHandler(mux) // handler.Start(inv) in main

	event := `{"requestContext":{"elb":{"targetGroupArn":"arn"}},"httpMethod":"GET","path":"/health","headers":{"accept":"*/*"},"body":""}`
	answer, err := inv.Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// {"statusCode":200,"statusDescription":"200 OK","headers":{"Content-Type":"text/plain; charset=utf-8"},"isBase64Encoded":false,"body":"fine\n"} <nil>
}
