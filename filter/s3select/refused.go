package s3select

import (
	"errors"
	"net/http"
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// refused reports that the account has no S3 Select, or the server none at all.
func refused(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "MethodNotAllowed", "NotImplemented":
			return true
		}
	}
	var reply *smithyhttp.ResponseError
	if errors.As(err, &reply) {
		code := reply.HTTPStatusCode()
		return code == http.StatusMethodNotAllowed || code == http.StatusNotImplemented
	}
	return false
}

// Where Auto need not ask again: clients and their regions. A function has few.
var refusals struct {
	sync.Mutex
	m map[refusal]bool
}

type refusal struct {
	client Client
	region string
}

const maxRefusals = 64

func refusalOf(c Client) refusal {
	r := refusal{client: c}
	if o, ok := c.(interface{ Options() s3.Options }); ok {
		r.region = o.Options().Region
	}
	return r
}

// A client that cannot be a map's key, as a struct with a function in it, is asked
// every time.
func hashable(c Client) bool { t := reflect.TypeOf(c); return t != nil && t.Comparable() }

func refusedBefore(c Client) bool {
	if !hashable(c) {
		return false
	}
	refusals.Lock()
	defer refusals.Unlock()
	return refusals.m[refusalOf(c)]
}

func remember(c Client) {
	if !hashable(c) {
		return
	}
	refusals.Lock()
	defer refusals.Unlock()
	if refusals.m == nil || len(refusals.m) >= maxRefusals {
		refusals.m = map[refusal]bool{}
	}
	refusals.m[refusalOf(c)] = true
}
