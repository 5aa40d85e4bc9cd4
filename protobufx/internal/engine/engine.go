// Package engine is what protobufx lends to the packages beneath it: the parts of
// a call that an adapter for another protocol has in common with
// protobufx.Handle, and that are not for export. protobufx implements it; who uses
// it imports protobufx, too.
package engine

import (
	"context"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// New returns a Codec made of options, a []protobufx.Option. protobufx sets it
// when it is initialized.
var New func(protocol Protocol, options any) (Codec, error)

// A Protocol is what its adapter determines instead of the user.
type Protocol struct {
	Name      string // for errors
	MediaType string // of protobuf
}

// FaultOf returns what to tell of an error, by the rules of protobufx.Handle.
// protobufx sets it when it is initialized.
var FaultOf func(error) Fault

// A Fault is what a client is told of an error.
type Fault struct {
	Code    int32 // of google.rpc.Code
	Message string
	Details []proto.Message
	Header  http.Header
	Log     bool // the error is for the log
}

// A Codec is a protobufx.Codec that takes what a newer schema may send: unknown
// names in JSON, and messages whose fields are all unknown. It is safe for
// concurrent use.
type Codec interface {
	// HasJSON reports whether there is a format for JSON.
	HasJSON() bool
	// BinaryMediaTypes is what the option of that name says, nil without it.
	BinaryMediaTypes() []string
	// Begin begins a call. Its context has it for protobufx.CallFrom.
	Begin(ctx context.Context, r *gateway.Request) Call
}

// A Call is one call. Errors of reading are [*protobufx.Error]s.
type Call interface {
	// ReadBody decodes the body of the request, if there is one, into m.
	ReadBody(json, zipped bool, m proto.Message) error
	// ReadBytes decodes what stood elsewhere in the request.
	ReadBytes(b []byte, json, zipped bool, m proto.Message) error
	// Do calls core logic with a context that ends before the platform's
	// deadline, and not later than limit after the invocation began where that is
	// zero or more. It contains panics.
	Do(limit time.Duration, f func(context.Context, proto.Message) (proto.Message, error), in proto.Message) (proto.Message, error)
	// Said returns what core logic has said of the answer.
	Said() (status int, header http.Header)
	// Answer builds an answer of status 200, of protobuf's or a JSON type.
	Answer(header http.Header, contentType string, m proto.Message) ([]byte, error)
	// Finish ends the call for core logic that still holds it.
	Finish()
}
