// Command connect is a function that answers Connect clients.
package main

import (
	"context"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/protobufx/connect"
)

func place(_ context.Context, o *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	return o, nil
}

func main() {
	handler.Start(connect.Handle(connect.Service{
		Procedures: []connect.Procedure{connect.Unary("/orders.v1.OrderService/Place", place)},
	}))
}
