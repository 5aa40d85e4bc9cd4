package handler

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// httpOptions are the options of HTTP and HTTPHandler alone.
type httpOptions struct {
	policy gateway.Policy
	route  string
}

// BinaryMediaTypes, an option of HTTP and HTTPHandler, tells the
// binaryMediaTypes of the API Gateway REST API in front, as "image/*" or "*/*".
// The API's own list decides whether the client gets a body in base64 or
// decoded; what is told here only makes it safe to compress answers there,
// which then happens where the first type of the request's Accept header
// matches. No other front needs it. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
func BinaryMediaTypes(types ...string) Option {
	return Option{"BinaryMediaTypes", onHTTP | onHTTPHandler, func(o *options) error {
		for _, t := range types {
			if major, minor, ok := strings.Cut(t, "/"); !ok || major == "" || minor == "" {
				return fmt.Errorf("%q must have the form type/subtype, type/* or */*", t)
			}
		}
		o.http.policy.BinaryMediaTypes = types
		return nil
	}}
}

// CompressMin, an option of HTTP and HTTPHandler, sets from how many bytes on a
// body is compressed with gzip: 1024 without the option, below which there is
// little to gain. It happens where the client's Accept-Encoding asks for it, the
// content type promises a gain, the answer has no Content-Encoding and no
// Cache-Control: no-transform, and its size shrinks by an eighth at least. Vary
// says so, and a strong ETag becomes weak. Behind an API Gateway REST API it
// needs [BinaryMediaTypes]; its own minimumCompressionSize does the same without
// using the function's time. Negative means never.
func CompressMin(bytes int) Option {
	return Option{"CompressMin", onHTTP | onHTTPHandler, func(o *options) error {
		if o.http.policy.CompressMin = bytes; bytes == 0 {
			o.http.policy.CompressMin = 1
		}
		return nil
	}}
}

// Route, an option of HTTP, is the template of the path, as
// "/orders/{id}/files/{name+}", on fronts that have none: it gives the fields
// with a path tag their values behind function URLs and load balancers, where a
// path that does not match is answered with 404. API Gateway routes by itself.
// A greedy last segment {name+} takes the rest of the path, slashes included.
func Route(template string) Option {
	return Option{"Route", onHTTP, func(o *options) error {
		if !strings.HasPrefix(template, "/") {
			return fmt.Errorf("%q must begin with a slash", template)
		}
		for segment, rest := template[1:], ""; segment != ""; segment = rest {
			segment, rest, _ = strings.Cut(segment, "/")
			if name, ok := parameterName(segment); ok && (name == "" || (strings.HasSuffix(segment, "+}") && rest != "")) {
				return errors.New("a parameter needs a name, and {name+} must be the last segment")
			} else if !ok && strings.ContainsAny(segment, "{}") {
				return fmt.Errorf("the segment %q must be text or one {parameter}", segment)
			}
		}
		o.http.route = template
		return nil
	}}
}

// parameterName returns the name in {name} or {name+}.
func parameterName(segment string) (name string, ok bool) {
	if len(segment) < 2 || segment[0] != '{' || segment[len(segment)-1] != '}' {
		return "", false
	}
	return strings.TrimSuffix(segment[1:len(segment)-1], "+"), true
}
