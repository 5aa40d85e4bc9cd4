package connect_test

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/connect"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

// Greet is core logic: it knows nothing of Lambda.
func Greet(_ context.Context, in *structpb.Struct) (*structpb.Value, error) {
	name := in.Fields["name"].GetStringValue()
	if name == "" {
		return nil, &connect.Error{Code: connect.CodeInvalidArgument, Message: "the name is missing"}
	}
	return structpb.NewStringValue("Hello, " + name), nil
}

// What handler.Start does with an event of an HTTP API or a function URL.
func ExampleHandle() {
	inv := connect.Handle(connect.Service{
		Procedures: []connect.Procedure{connect.Unary("/greet.v1.GreetService/Greet", Greet).NoSideEffects()},
		Options:    []protobufx.Option{protobufx.JSON(pbjson.Format{})},
	})
	for _, body := range []string{`{\"name\":\"Ada\"}`, `{}`} {
		answer, err := inv.Invoke(context.Background(), []byte(`{"version":"2.0","rawPath":"/greet.v1.GreetService/Greet",
			"headers":{"content-type":"application/json","connect-protocol-version":"1"},
			"requestContext":{"http":{"method":"POST"}},"body":"`+body+`"}`))
		fmt.Printf("%s %v\n", answer, err)
	}
	// Output:
	// {"statusCode":200,"headers":{"Content-Type":"application/json"},"isBase64Encoded":false,"body":"\"Hello, Ada\""} <nil>
	// {"statusCode":400,"headers":{"Content-Type":"application/json"},"isBase64Encoded":false,"body":"{\"code\":\"invalid_argument\",\"message\":\"the name is missing\"}"} <nil>
}
