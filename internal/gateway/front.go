package gateway

// Front is a service that turns HTTP requests into events, with the form of
// event and answer that it uses.
type Front uint8

const (
	REST        Front = iota + 1 // API Gateway REST API, payload format 1.0
	HTTPv1                       // API Gateway HTTP API, payload format 1.0
	HTTPv2                       // API Gateway HTTP API, payload format 2.0
	FunctionURL                  // Lambda function URL, buffered; payload format 2.0
	ALB                          // Application Load Balancer
	ALBMulti                     // Application Load Balancer, target group with multi-value headers
)

// String returns the service's name.
func (f Front) String() string {
	switch f {
	case REST:
		return "API Gateway REST API"
	case HTTPv1:
		return "API Gateway HTTP API (payload format 1.0)"
	case HTTPv2:
		return "API Gateway HTTP API"
	case FunctionURL:
		return "Lambda function URL"
	case ALB:
		return "Application Load Balancer"
	case ALBMulti:
		return "Application Load Balancer (multi-value headers)"
	}
	return "unknown front"
}

// Payload2 reports whether events and answers have payload format 2.0.
func (f Front) Payload2() bool { return f == HTTPv2 || f == FunctionURL }

// Balancer reports whether the front is an ALB.
func (f Front) Balancer() bool { return f == ALB || f == ALBMulti }

// Capped reports whether the front gives up after [Timeout].
func (f Front) Capped() bool { return f == REST || f == HTTPv1 || f == HTTPv2 }
