// The same procedure by connect-go behind awslabs' adapter.
package main

import (
	"context"
	"net/http"

	"connectrpc.com/connect"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func do(_ context.Context, p *wrapperspb.StringValue) (*wrapperspb.StringValue, error) { return p, nil }

func main() {
	mux := http.NewServeMux()
	const procedure = "/lambdatune.test.v1.PersonService/Do"
	mux.Handle(procedure, connect.NewUnaryHandlerSimple(procedure, do))
	lambda.Start(httpadapter.New(mux).ProxyWithContext)
}
