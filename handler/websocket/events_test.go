package websocket_test

import (
	"encoding/json"
	"fmt"
)

// connectEvent, messageEvent and disconnectEvent have the members that API
// Gateway sends, with made-up values.
const connectEvent = `{
 "headers":{"Host":"a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com","Authorization":"Bearer t-1","Sec-WebSocket-Extensions":"permessage-deflate; client_max_window_bits","Sec-WebSocket-Key":"3q2+7w==","Sec-WebSocket-Protocol":"chat.v2, chat.v1","Sec-WebSocket-Version":"13","Cookie":"user=zoe; x=y","X-Forwarded-For":"203.0.113.24"},
 "multiValueHeaders":{"Host":["a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"],"Authorization":["Bearer t-1"],"Sec-WebSocket-Protocol":["chat.v2, chat.v1"],"Cookie":["user=zoe; x=y"],"X-Forwarded-For":["203.0.113.24"]},
 "queryStringParameters":{"room":"tea & cakes","tag":"b"},"multiValueQueryStringParameters":{"room":["tea & cakes"],"tag":["a","b"]},
 "requestContext":{"routeKey":"$connect","eventType":"CONNECT","extendedRequestId":"VNRX=","requestTime":"18/Sep/2026:09:24:51 +0000","messageDirection":"IN","stage":"prod","connectedAt":1789723491123,"requestTimeEpoch":1789723491124,
  "identity":{"userAgent":"wscat \"6\"","sourceIp":"203.0.113.24"},"requestId":"VNRXVFJOywMF3-Q=","domainName":"a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com","connectionId":"VNRUSeldSwMCIRQ=","apiId":"a1b2c3d4e5"},
 "isBase64Encoded":false}`

const disconnectEvent = `{"headers":{"Host":"a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com","x-api-key":"","x-restapi":""},"multiValueHeaders":{"Host":["a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"]},
 "requestContext":{"routeKey":"$disconnect","disconnectStatusCode":1001,"eventType":"DISCONNECT","extendedRequestId":"VNRX=","requestTime":"18/Sep/2026:09:26:51 +0000","messageDirection":"IN","disconnectReason":"Going away","stage":"prod","connectedAt":1789723491123,"requestTimeEpoch":1789723611124,
  "identity":{"userAgent":"wscat","sourceIp":"203.0.113.24"},"requestId":"VNRXVFJOywMF3-Q=","domainName":"a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com","connectionId":"VNRUSeldSwMCIRQ=","apiId":"a1b2c3d4e5"},"isBase64Encoded":false}`

// message is a MESSAGE event.
func message(routeKey, body string, isBase64 bool) []byte {
	quoted, _ := json.Marshal(body)
	key, _ := json.Marshal(routeKey)
	return fmt.Appendf(nil, `{"requestContext":{"routeKey":%s,"messageId":"VNRXVdWEywMCIRQ=","eventType":"MESSAGE","extendedRequestId":"VNRXVFJOywMF3-Q=","requestTime":"18/Sep/2026:09:25:51 +0000","messageDirection":"IN","stage":"prod","connectedAt":1789723491123,"requestTimeEpoch":1789723551124,"identity":{"userAgent":"wscat","sourceIp":"203.0.113.24"},"requestId":"VNRXVFJOywMF3-Q=","domainName":"a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com","connectionId":"VNRUSeldSwMCIRQ=","apiId":"a1b2c3d4e5","authorizer":{"principalId":"zoe","tier":"gold"}},"body":%s,"isBase64Encoded":%v}`, key, quoted, isBase64)
}
