package main

import (
	"encoding/json"
	"fmt"

	"github.com/lambdatune/lambdatune/examples/lab/order"
	"github.com/lambdatune/lambdatune/examples/lab/world"
)

// event is the request with that number, as an HTTP API sends it to a function:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html.
func event(prefix string, n int) []byte {
	articles := world.Articles()
	body, _ := json.Marshal(map[string]any{"items": []order.Item{ // of strings and numbers
		{SKU: articles[n%len(articles)], Quantity: 1 + n%3},
		{SKU: articles[(n+7)%len(articles)], Quantity: 1},
	}})
	id := fmt.Sprintf("%s-%06d", prefix, n)
	b, _ := json.Marshal(map[string]any{
		"version": "2.0", "routeKey": "POST /orders", "rawPath": "/orders", "rawQueryString": "",
		"headers": map[string]string{
			"accept": "application/json", "content-type": "application/json", "host": "abc123.execute-api.us-east-1.amazonaws.com",
			"user-agent": "shop/1.0", "x-amzn-trace-id": "Root=1-68a0c3a5-4f0c2b7d5d1f2e3a4b5c6d7e", "x-forwarded-for": "203.0.113.7",
			"x-forwarded-port": "443", "x-forwarded-proto": "https",
			"x-customer-id": fmt.Sprintf("customer-%d", n%1000), "idempotency-key": id,
		},
		"requestContext": map[string]any{
			"accountId": "123456789012", "apiId": "abc123", "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
			"domainPrefix": "abc123", "requestId": id, "routeKey": "POST /orders", "stage": "$default",
			"time": "14/Aug/2026:09:30:00 +0000", "timeEpoch": 1786699800000,
			"http": map[string]string{
				"method": "POST", "path": "/orders", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "shop/1.0",
			},
		},
		"body": string(body), "isBase64Encoded": false,
	})
	return b
}
