// Command whoami is a Lambda function behind a WebSocket API. It tells a client
// its connection's ID, which the client sends along with its jobs so that the
// queue's function knows whom to answer.
package main

import (
	"context"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/websocket"
)

func main() {
	handler.Start(websocket.New(websocket.Message("whoami", whoami)))
}

type identity struct {
	ConnectionID string `json:"connectionId"`
}

func whoami(ctx context.Context, _ struct{}) (identity, error) {
	return identity{websocket.From(ctx).ConnectionID}, nil
}
