// Package gateway knows the HTTP fronts of Lambda, as a function sees them: it
// reads their events and appends the answers that they expect. handler and
// protobufx stand on it, so that both give the same answers; what the services
// themselves do is in the package edge beneath it.
//
// # Fronts
//
// An API Gateway REST API (payload format 1.0), an HTTP API (2.0 by default, 1.0
// on request), a Lambda function URL, and an Application Load Balancer (ALB)
// with and without multi-value headers. They differ in more than names:
//
//   - The path is percent-encoded on REST, function URLs and ALB, and decoded
//     in an HTTP API's rawPath, so that %2F and / are the same there.
//   - Path parameters are percent-encoded on REST and decoded on HTTP APIs. All
//     are decoded here. ALB and function URLs have none.
//   - Query parameters are decoded on REST and in HTTP API 1.0, not decoded on
//     ALB; HTTP API 2.0 and function URLs have rawQueryString.
//   - Several headers of one name are a list in 1.0 and on ALB with multi-value
//     headers, one value joined by commas in 2.0, and the last of them on ALB
//     without multi-value headers.
//   - An HTTP API's path begins with a named stage; it is taken off here.
//
// # Reading
//
// [Request.Parse] walks the event once, validates all of it, and remembers
// where things are. Nothing is copied or decoded before it is asked for, and
// the event must not change until [Request.Release].
//
// # Answering
//
// [Policy.AppendResponse] appends the front's envelope once into one buffer.
// Whether a body is text or base64 is decided by its content type ([IsText]),
// never by looking at the bytes, because an API Gateway REST API must know the
// type in advance: it decodes base64 only where the API's binaryMediaTypes
// match the first media type of the request's Accept header. The other fronts
// always decode it.
//
// [AppendHead], [EncodeBase64] and [AppendTail] are the same in pieces, for
// bodies that are produced in place.
//
// # Errors
//
// [AppendFault] makes the one JSON error body: {"message":"…","requestId":"…"}.
// What it says is the caller's to decide; an envelope that breaks a limit is
// refused by a [*TooLargeError], so that the caller can answer and log instead of
// leaving the client with the gateway's own bare 502.
package gateway
