// Command protobufx is a function that takes and gives Protocol Buffers.
package main

import (
	"context"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/protobufx"
)

func place(_ context.Context, o *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	return o, nil
}

func main() { handler.Start(protobufx.Handle(place)) }
