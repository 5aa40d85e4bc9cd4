// Command person is a Lambda function that takes a Person and gives it back
// enrolled, in protobuf or JSON as the client asks, behind a REST API, an HTTP API,
// a function URL or a load balancer.
package main

import (
	"context"

	"github.com/lambdatune/lambdatune/examples/person/personpb"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

func main() {
	handler.Start(newInvoker())
}

func newInvoker() protobufx.Invoker {
	return protobufx.Handle(enrol,
		protobufx.JSON(pbjson.Format{}),
		protobufx.BinaryMediaTypes("application/protobuf", "application/x-protobuf")) // as in template.yaml
}

// enrol is the core logic: it knows nothing of HTTP or Lambda.
func enrol(_ context.Context, p *personpb.Person) (*personpb.Person, error) {
	if p.GetName() == "" {
		return nil, &protobufx.Error{Code: 3, Message: "a name is needed"} // INVALID_ARGUMENT
	}
	if p.Id == 0 {
		p.Id = 9971
	}
	return p, nil
}
