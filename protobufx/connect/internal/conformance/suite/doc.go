// Package suite runs the conformance suite of the Connect protocol
// (https://github.com/connectrpc/conformance) against a function behind each
// front. go.mod pins the suite.
//
// suitepb is generated, in its directory, by
//
//	protoc --go_out=. --go_opt=paths=source_relative suite.proto
package suite
