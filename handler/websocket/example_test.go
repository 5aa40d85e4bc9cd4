package websocket_test

import (
	"context"
	"fmt"

	"github.com/lambdatune/lambdatune/handler/websocket"
)

func Example() {
	type greeting struct {
		Name string `json:"name"`
	}
	greet := func(_ context.Context, g greeting) (string, error) { return "Hello, " + g.Name, nil }
	inv := websocket.New( // for handler.Start
		websocket.Connect(func(_ context.Context, in struct {
			Token string `query:"token"`
		}) (struct{}, error) {
			if in.Token == "" {
				return struct{}{}, &websocket.Refusal{Status: 401, Message: "a token is needed"}
			}
			return struct{}{}, nil
		}),
		websocket.Message("greet", greet),
	)
	for _, event := range []string{
		`{"requestContext":{"routeKey":"$connect","eventType":"CONNECT","connectionId":"c-1"},"queryStringParameters":{"token":"t"}}`,
		`{"requestContext":{"routeKey":"greet","eventType":"MESSAGE","connectionId":"c-1"},"body":"{\"action\":\"greet\",\"name\":\"Zoë\"}"}`,
	} {
		response, err := inv.Invoke(context.Background(), []byte(event))
		fmt.Println(string(response), err)
	}
	// Output:
	// {"statusCode":200} <nil>
	// {"statusCode":200,"body":"\"Hello, Zoë\""} <nil>
}
