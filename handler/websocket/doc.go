// Package websocket serves an API Gateway WebSocket API with plain Go functions,
// one per route:
//
//	handler.Start(websocket.New(
//		websocket.Connect(chat.Join),              // $connect
//		websocket.Disconnect(chat.Leave),          // $disconnect
//		websocket.Message("say", chat.Say),        // {"action":"say", …}
//		websocket.Raw(websocket.DefaultRoute, chat.Echo), // all else, JSON or not
//	))
//
// What a function gets is its input alone. Who sent it, over which connection, is
// in the context: [From].
//
// # Replies
//
// A function's result is the reply to its client if the route is set up for
// two-way communication, that is if it has a route response
// (RouteResponseSelectionExpression $default). API Gateway drops it otherwise.
// To send at other times, or from another function, use package
// handler/websocket/replier, whose endpoint is [Request.Endpoint]. A connection
// takes no message while $connect is still being answered.
//
// # Errors
//
// What is the client's fault is answered: a body that does not fit its Go type
// with status 400, and an error that has a method HTTPStatus() int between 400
// and 499, at any depth of wrapping, with that status. The body has the form of
// API Gateway's own errors,
//
//	{"message":"…","connectionId":"…","requestId":"…"}
//
// and on a one-way route reaches nobody; API Gateway's metric IntegrationError
// counts these. Everything else is an error of the invocation, panics included:
// Lambda's Errors metric counts it, and API Gateway tells the client "Internal
// server error". On $connect see [Connect].
//
// # Deadlines
//
// Logic's context ends a reserve before the invocation does, or before API
// Gateway's 29 s are over, whichever is earlier. The reserve is that of package
// handler; handler.DeadlineReserve can lengthen it.
//
// # What it costs
//
// It links nothing beyond package handler. An event is scanned once, and only a
// route's body is decoded.
package websocket
