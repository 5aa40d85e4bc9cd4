// Package connect answers clients of the Connect protocol, from browsers' to
// connect-go's, without linking connect-go: unary procedures over messages, behind
// any HTTP front of Lambda.
//
//	func Get(ctx context.Context, req *pb.GetRequest) (*pb.Person, error)
//
//	func main() {
//		handler.Start(connect.Handle(connect.Service{
//			Procedures: []connect.Procedure{connect.Unary("/acme.v1.PersonService/Get", Get)},
//			Options:    []protobufx.Option{protobufx.JSON(pbjson.Format{})},
//		}))
//	}
//
// The protocol is described at https://connectrpc.com/docs/protocol; its conformance
// suite (https://github.com/connectrpc/conformance) is among the tests. What
// interceptors do elsewhere is for the middleware of handler.Use.
//
// # What is answered
//
// POST with application/proto and, with the option protobufx.JSON,
// application/json; without it JSON is a 415, and protojson is not linked. GET,
// with the message in the query, for procedures with NoSideEffects. Requests in
// gzip are undone; answers are compressed with protobufx.CompressMin only, where
// the client's Accept-Encoding asks for it. Connect-Timeout-Ms ends the context of
// the call, with the reserve before the platform's deadline where that is earlier.
// What is none of this is refused as connect-go refuses it: an unknown procedure
// with 404, another method with 405 and Allow, another content type, those of
// streams, gRPC and gRPC-Web included, with 415 and Accept-Post, another
// compression with the code unimplemented.
//
// Streams cannot cross fronts that take a request and an answer as one event each.
// A browser's preflight (OPTIONS) is for the CORS settings of HTTP APIs and
// function URLs, or a middleware.
//
// # Errors
//
// An [*Error] is told as it is. A [*protobufx.Error], and any error with a method
// HTTPStatus() int, is told by the rules of protobufx.Handle: with the code that
// belongs to its status, and from 500 on without its text. context.Canceled is
// canceled, context.DeadlineExceeded and os.ErrDeadlineExceeded are
// deadline_exceeded, with no more text than that. Any other error is unknown, and
// a panic internal: the log gets to know what happened, and the client does not,
// which is where this package departs from connect-go. Errors carry the AWS
// request ID in a google.rpc.RequestInfo. Details are sent without their debug
// member, which is for people and would link protojson.
//
// What a client sends is held to the limits of protobufx: above MaxBytes or
// MaxMessages it is resource_exhausted, otherwise invalid_argument. An answer
// larger than its front takes is resource_exhausted.
//
// # Metadata
//
// protobufx.CallFrom tells the request's headers, and its AddHeader adds leading
// metadata, to an error too; [AddTrailer] adds trailing metadata. HTTP APIs and
// function URLs join the values of one name by commas. An ALB whose target group
// has no multi-value headers passes the last value of a request's header alone;
// several values of an answer's are joined here.
//
// # API Gateway REST APIs
//
// A REST API passes protobuf only with */* in its binaryMediaTypes: it compares
// them with the Accept header before it decodes an answer, and Connect clients do
// not ask for protobuf there. JSON, and errors, which are always JSON, need nothing. A message that
// came as text is failed_precondition, which says so; with
// protobufx.BinaryMediaTypes told, so is one whose answer would not get through,
// before the procedure is called. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
// Other fronts need no configuration. A message in a query must keep to what the
// front takes: API Gateway 10,240 bytes of request line and headers, an ALB 16 KB
// of request line.
package connect
