package websocket_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/lambdatune/lambdatune/handler/websocket"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// BenchmarkInvoke compares one message, event in and response out, with the
// events package and encoding/json, and with the floor, which is to look at
// every byte of the event once.
func BenchmarkInvoke(b *testing.B) {
	event := message("say", `{"action":"say","text":"hello, everybody in the room","times":3}`, false)
	run := func(name string, inv func(context.Context, []byte) ([]byte, error)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := inv(context.Background(), event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("floor", func(_ context.Context, event []byte) ([]byte, error) { return nil, jsonscan.Valid(event) })
	run("websocket", websocket.New(websocket.Message("say", echo)).Invoke)
	run("events", func(ctx context.Context, event []byte) ([]byte, error) {
		var e events.APIGatewayWebsocketProxyRequest
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		var in say
		if err := json.Unmarshal([]byte(e.Body), &in); err != nil {
			return nil, err
		}
		out, err := json.Marshal(said{in.Text, e.RequestContext.ConnectionID})
		if err != nil {
			return nil, err
		}
		return json.Marshal(events.APIGatewayProxyResponse{StatusCode: 200, Body: string(out)})
	})
}
