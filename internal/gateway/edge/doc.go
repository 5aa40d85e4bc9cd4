// Package edge is the other side of package gateway: what the four HTTP fronts
// do themselves. It turns an HTTP request into the event that the service would
// send, and the function's payload into the HTTP answer that the client would
// get, malformed payloads and broken limits included. Local runs and tests use
// it; no function links it.
//
// Sources are the services' documentation and, where it is silent, what the
// emulator of AWS's own .NET tools does, which is tested against the services
// (aws-lambda-dotnet, Tools/LambdaTestTool-v2). Notable:
//
//   - A REST API answers 502 {"message": "Internal server error"} to a function
//     error or a payload that it does not understand, an HTTP API 500
//     {"message":"Internal Server Error"}, a function URL 502 with the text
//     Internal Server Error, an ALB 502 with an HTML page.
//   - With payload format 2.0, a payload without a statusCode is the body of a
//     200 in application/json, be it JSON or not.
//   - A REST API decodes a base64 body only if the first media type of the
//     request's Accept header is one of its binaryMediaTypes.
package edge
