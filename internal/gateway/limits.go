package gateway

import "time"

const (
	// Timeout is how long an API Gateway REST or HTTP API waits for a function
	// by default. Regional and private REST APIs may raise it by quota; the
	// maximum of an HTTP API is 30 s.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
	Timeout = 29 * time.Second

	// MaxPayload is the largest event or answer of a synchronous invocation,
	// in bytes: the 6 MB of the quotas, as the service's error states it
	// ("exceeded maximum allowed payload size (6291556 bytes)").
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	MaxPayload = 6291556

	// MaxALB is the largest request body, and the largest answer (the whole
	// JSON text), between an ALB and a function, in bytes.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
	MaxALB = 1 << 20

	// MaxRequest is the largest request that API Gateway accepts, in bytes. Before it
	// comes MaxPayload, which the event around it must keep to.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
	MaxRequest = 10 << 20
)

// MaxAnswer returns the largest answer that the front takes, as the length of
// the JSON text.
func (f Front) MaxAnswer() int {
	if f.Balancer() {
		return MaxALB
	}
	return MaxPayload
}
