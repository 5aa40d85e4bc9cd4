package gateway

import "github.com/lambdatune/lambdatune/internal/jsonscan"

// FaultType is the content type of the JSON error body.
const FaultType = "application/json"

// AppendFault appends the JSON error body:
//
//	{"message":"what went wrong, for the client","requestId":"the AWS request ID"}
//
// message is what API Gateway calls it in the errors of its own. requestId is
// left out where it is empty; it finds the invocation in the log, where the
// rest is told.
func AppendFault(dst []byte, message, requestID string) []byte {
	dst = append(dst, `{"message":`...)
	dst = jsonscan.AppendQuote(dst, message)
	if requestID != "" {
		dst = append(dst, `,"requestId":`...)
		dst = jsonscan.AppendQuote(dst, requestID)
	}
	return append(dst, '}')
}
