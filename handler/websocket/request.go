package websocket

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"time"
)

// A Request is what API Gateway says about an event and its connection: the
// requestContext of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html.
// What the event does not have is zero. It is not to be changed, and may be kept.
type Request struct {
	RouteKey     string // $connect, $disconnect, $default or a custom one
	EventType    string // CONNECT, DISCONNECT or MESSAGE
	ConnectionID string // names the connection as long as it lasts
	MessageID    string // of a message, by the server
	RequestID    string // of API Gateway, not of Lambda
	APIID        string
	DomainName   string // api.execute-api.region.amazonaws.com or a custom domain name
	Stage        string
	SourceIP     string
	UserAgent    string

	ConnectedAt time.Time // in milliseconds
	RequestTime time.Time // in milliseconds

	// Authorizer is what the authorizer of $connect returned, a JSON object:
	// principalId and its context, in every event of the connection.
	Authorizer json.RawMessage

	disconnect Closing
}

// Endpoint returns the URL for sending to the connection from anywhere, as
// package replier takes it: https://api.execute-api.region.amazonaws.com/stage.
// An API behind a custom domain name has it too, and then the region is that of
// AWS_REGION. It is empty where the event has neither kind of domain name.
func (r *Request) Endpoint() string {
	if strings.HasPrefix(r.DomainName, r.APIID+".execute-api.") {
		return "https://" + r.DomainName + "/" + r.Stage
	}
	region := os.Getenv("AWS_REGION")
	if r.APIID == "" || region == "" {
		return ""
	}
	suffix := ".amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		suffix += ".cn"
	}
	return "https://" + r.APIID + ".execute-api." + region + suffix + "/" + r.Stage
}

type callKey struct{}

// From returns the event that is being handled in ctx, nil if that is not one of
// a [Router].
func From(ctx context.Context) *Request {
	if c := callFrom(ctx); c != nil {
		return &c.Request
	}
	return nil
}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}
