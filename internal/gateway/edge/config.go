package edge

import (
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// A Config describes one front. Everything but Front may be left zero. Safe for
// concurrent use once it no longer changes.
type Config struct {
	Front gateway.Front
	// Stage is the stage: by default prod on REST, $default on HTTP APIs.
	Stage string
	// BasePath is the API mapping of a custom domain name, as /shop. It needs
	// DomainName.
	BasePath string
	// DomainName is the custom domain name. By default the event has one that
	// the service could have made.
	DomainName string
	// Route is the resource or route path, as /orders/{id} or /files/{name+}. By
	// default it is /{proxy+} on REST and the route $default on HTTP APIs.
	Route string
	// StageVariables are the stage variables.
	StageVariables map[string]string
	// BinaryMediaTypes is the REST API's binaryMediaTypes.
	BinaryMediaTypes []string
	// RequestID is the front's ID of the request.
	RequestID string
	// Time is when the request arrives; zero means the Unix epoch.
	Time time.Time
}

const (
	accountID = "123456789012"
	apiID     = "a1b2c3d4e5"
	region    = "eu-central-1"
)

func (c *Config) stage() string {
	switch {
	case c.Stage != "":
		return c.Stage
	case c.Front == gateway.REST:
		return "prod"
	}
	return "$default"
}

func (c *Config) domain() string {
	switch {
	case c.DomainName != "":
		return c.DomainName
	case c.Front == gateway.FunctionURL:
		return apiID + ".lambda-url." + region + ".on.aws"
	}
	return apiID + ".execute-api." + region + ".amazonaws.com"
}

func (c *Config) requestID() string {
	if c.RequestID != "" {
		return c.RequestID
	}
	return "5c1f1e3a-0000-4000-8000-000000000000"
}

// An Answer is what the client gets.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// A RefusedError says that the front answers by itself, without the function.
type RefusedError struct {
	Answer Answer
	Reason string
}

func (e *RefusedError) Error() string {
	return "refused with " + strconv.Itoa(e.Answer.Status) + ": " + e.Reason
}

// client returns the client's IP address and port, as far as they are known.
func client(r *http.Request) (ip, port string) {
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return a.Addr().String(), strconv.Itoa(int(a.Port()))
	}
	return "203.0.113.7", "0"
}
