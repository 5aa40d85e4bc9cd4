// Command orders is a Lambda function that places orders over HTTP, behind any
// of API Gateway (REST or HTTP API), a function URL or a load balancer.
package main

import (
	"github.com/lambdatune/lambdatune/examples/orders/orders"
	"github.com/lambdatune/lambdatune/handler"
)

func main() { handler.Start(handler.HTTP(orders.Place)) }
