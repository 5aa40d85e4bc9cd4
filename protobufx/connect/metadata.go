package connect

import (
	"context"
	"net/http"

	"github.com/lambdatune/lambdatune/protobufx"
)

// AddTrailer adds trailing metadata to the answer of the call in ctx, an error or
// not, as protobufx.CallFrom(ctx).AddHeader adds leading metadata. Unary calls of
// the Connect protocol send it as a header whose name begins with Trailer-. It
// does nothing outside of a call, as in a unit test. Safe for concurrent use.
func AddTrailer(ctx context.Context, name, value string) {
	protobufx.CallFrom(ctx).AddHeader(trailerPrefix+name, value)
}

const trailerPrefix = "Trailer-"

// metadata returns what is in either header, without what the protocol itself or
// HTTP determines.
func metadata(a, b http.Header) http.Header {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := make(http.Header, len(a)+len(b))
	for _, h := range [...]http.Header{a, b} {
		for name, values := range h {
			if name = http.CanonicalHeaderKey(name); !ofProtocol(name) {
				all[name] = append(all[name], values...)
			}
		}
	}
	return all
}

func ofProtocol(name string) bool {
	switch name {
	case "Content-Type", "Content-Length", "Content-Encoding", "Host", "User-Agent", "Trailer", "Date",
		"Accept-Encoding", trailerPrefix, "Connect-Content-Encoding", "Connect-Accept-Encoding",
		"Connect-Timeout-Ms", "Connect-Protocol-Version", "Grpc-Encoding", "Grpc-Accept-Encoding",
		"Grpc-Timeout", "Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin":
		return true
	}
	return false
}
