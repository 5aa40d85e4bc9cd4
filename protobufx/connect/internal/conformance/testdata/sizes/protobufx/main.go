// The same core logic by protobufx.Handle.
package main

import (
	"context"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/protobufx"
)

func do(_ context.Context, p *wrapperspb.StringValue) (*wrapperspb.StringValue, error) { return p, nil }

func main() { handler.Start(protobufx.Handle(do)) }
