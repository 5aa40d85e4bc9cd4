// Package protobufx is Protocol Buffers for Lambda functions: a core function
// over messages behind any HTTP front, with protobuf and JSON by negotiation.
//
//	func Get(ctx context.Context, req *pb.GetRequest) (*pb.Person, error)
//
//	func main() { handler.Start(protobufx.Handle(Get)) }
//
// # Binary over a front of text
//
// Events and answers are JSON, so a body of protobuf crosses them in base64. The
// client sees neither base64 nor the third that it adds. What each front does:
//
//   - An API Gateway REST API sends and takes base64 only for what its
//     binaryMediaTypes match: the Content-Type of the request, and the first type
//     of its Accept header for the answer. */* matches everything, and then JSON
//     requests come in base64 too. See [BinaryMediaTypes].
//   - An HTTP API, a function URL and an ALB need no configuration.
//   - 6,291,556 bytes of answer are about 4.5 MiB of protobuf; an ALB takes 1 MB,
//     about 768 KiB.
//
// # Two ways
//
// [Handle] does it all. Those who keep handlers of their own use the pieces of a
// [Codec]: Unmarshal, Negotiate, AppendResponse and AppendError.
//
// # Limits
//
// What a client sends is checked before it is decoded: its size (MaxBytes), how
// many messages are in it (MaxMessages), and how deep they nest (MaxDepth). A body
// in gzip is held to the same once inflated, and refused before that where its end
// tells its size.
//
// # Speed
//
// The event is scanned, not decoded; its body is decoded from base64 by vector
// instructions into memory that is used again; the answer is written once, its
// message encoded where base64 is then written over it. Messages that have
// vtprotobuf's methods (UnmarshalVT, SizeVT and MarshalToSizedBufferVT) or those of
// gogo/protobuf are encoded by them.
//
// # Elsewhere
//
// pbjson is JSON, record is queues and streams, and advise a command that tells
// whether protobuf pays for given messages; see [Advise].
package protobufx
