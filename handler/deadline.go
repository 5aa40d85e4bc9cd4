package handler

import (
	"fmt"
	"time"
)

const (
	// defaultGatewayTimeout is how long API Gateway waits for an integration:
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
	defaultGatewayTimeout = 29 * time.Second
)

// DeadlineReserve, an option of every adapter, sets by how much the context of
// core logic ends earlier than the platform's deadline, so that an answer can
// still be sent. Without the option it is 5 % of what remains when the adapter
// is called, at least 200 ms, at most 2 s and at most a quarter of it. A given
// reserve is used as it is, but never more than half of what remains. Zero
// hands logic the platform's own deadline. Negative is a configuration error.
func DeadlineReserve(d time.Duration) Option {
	return Option{"DeadlineReserve", onAdapters, func(o *options) error {
		if d < 0 {
			return fmt.Errorf("%v is out of range: it must be zero or more", d)
		}
		o.reserve = d
		return nil
	}}
}

// GatewayTimeout, an option of HTTP and HTTPHandler, says how long the API
// Gateway in front waits for an answer, 29 s without the option: quotas can be
// raised, and integrations can be given less. Core logic behind a REST or HTTP
// API front gets a context that ends a reserve (see [DeadlineReserve]) before
// that, counted from the start of the invocation, however long the function may
// run. Function URLs and load balancers have no such limit. Zero sets no limit.
// Negative is a configuration error.
func GatewayTimeout(d time.Duration) Option {
	return Option{"GatewayTimeout", onHTTP | onHTTPHandler, func(o *options) error {
		if d < 0 {
			return fmt.Errorf("%v is out of range: it must be zero or more", d)
		}
		o.gatewayTimeout = d
		return nil
	}}
}
