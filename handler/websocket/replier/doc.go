// Package replier sends messages to the clients of an API Gateway WebSocket API,
// from any function: the one that serves the API, or one behind its queue.
//
//	replies, err := replier.New(replier.Options{
//		Endpoint:    endpoint,        // websocket.Request.Endpoint, sent along with the connection's ID
//		Credentials: cfg.Credentials, // of aws.Config
//	})
//	…
//	err = replies.Post(ctx, connectionID, message)
//	if errors.Is(err, replier.ErrGone) {
//		// the client has hung up: forget the connection
//	}
//
// It signs the one request that the API Gateway Management API takes with the
// SDK's Signature Version 4 signer, and links that, but no service client. The
// function's role needs execute-api:ManageConnections on
// arn:aws:execute-api:region:account:api/stage/METHOD/@connections/*.
//
// Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
package replier
