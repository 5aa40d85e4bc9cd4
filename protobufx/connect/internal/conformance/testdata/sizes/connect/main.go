// One procedure by protobufx/connect, in protobuf alone.
package main

import (
	"context"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/protobufx/connect"
)

func do(_ context.Context, p *wrapperspb.StringValue) (*wrapperspb.StringValue, error) { return p, nil }

func main() {
	handler.Start(connect.Handle(connect.Service{
		Procedures: []connect.Procedure{connect.Unary("/lambdatune.test.v1.PersonService/Do", do)},
	}))
}
