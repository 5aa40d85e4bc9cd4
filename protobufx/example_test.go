package protobufx_test

import (
	"context"
	"fmt"
	"net/http"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

// Greet is core logic: it knows nothing of Lambda.
func Greet(_ context.Context, name *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	if name.Value == "" {
		return nil, &protobufx.Error{Status: http.StatusBadRequest, Message: "the name is missing"}
	}
	return wrapperspb.String("Hello, " + name.Value), nil
}

// What handler.Start does with an event of an HTTP API: protobuf in, and what the
// Accept header asks for out.
func ExampleHandle() {
	inv := protobufx.Handle(Greet, protobufx.JSON(pbjson.Format{}))
	for _, accept := range []string{"application/protobuf", "application/json"} {
		answer, err := inv.Invoke(context.Background(), []byte(`{"version":"2.0","rawPath":"/greet",
			"headers":{"content-type":"application/protobuf","accept":"`+accept+`"},
			"requestContext":{"http":{"method":"POST"}},"body":"CgNBZGE=","isBase64Encoded":true}`))
		fmt.Printf("%s %v\n", answer, err)
	}
	// Output:
	// {"statusCode":200,"headers":{"Content-Type":"application/protobuf"},"isBase64Encoded":true,"body":"CgpIZWxsbywgQWRh"} <nil>
	// {"statusCode":200,"headers":{"Content-Type":"application/json"},"isBase64Encoded":false,"body":"\"Hello, Ada\""} <nil>
}

// The pieces, for a handler of one's own.
func ExampleCodec() {
	codec, err := protobufx.New(protobufx.MaxBytes(64 << 10))
	if err != nil {
		panic(err) // at INIT
	}
	var name wrapperspb.StringValue
	if err := codec.Unmarshal([]byte("CgNBZGE="), true, "application/protobuf", &name); err != nil {
		panic(err)
	}
	answer, err := codec.AppendResponse(nil, protobufx.HTTPv2, http.StatusOK, "application/protobuf", &name)
	fmt.Printf("%s\n%s %v\n", name.Value, answer, err)
	// Output:
	// Ada
	// {"statusCode":200,"headers":{"Content-Type":"application/protobuf"},"isBase64Encoded":true,"body":"CgNBZGE="} <nil>
}
