package protobufx

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lambdatune/lambdatune/internal/deadline"
	"github.com/lambdatune/lambdatune/internal/gateway"
)

// An Option tunes a [Codec], and with it what [Handle] returns. A value outside
// its range is an error of [New]; what Handle returns then gives it from every
// Invoke. The zero Option does nothing.
type Option struct {
	name string
	set  func(*config) error
}

// config is what all options say together.
type config struct {
	types         []string // media types of protobuf, the default first
	binary        []string // the REST API's binaryMediaTypes, nil if not told
	maxBytes      int
	maxMessages   int
	maxDepth      int
	discard       bool
	lenient       bool // takes what only a newer schema knows; see package engine
	deterministic bool
	compressMin   int // -1: never
	json          Format
	reserve       time.Duration
	timeout       time.Duration
}

func newConfig(opts []Option) (config, error) {
	c := config{
		types:       []string{"application/protobuf", "application/x-protobuf", "application/proto"},
		maxBytes:    gateway.MaxPayload,
		maxMessages: 100_000,
		maxDepth:    100,
		compressMin: -1,
		reserve:     deadline.DefaultReserve,
		timeout:     gateway.Timeout,
	}
	var errs []error
	for _, o := range opts {
		if o.set == nil {
			continue
		}
		if err := o.set(&c); err != nil {
			errs = append(errs, fmt.Errorf("protobufx: option %s: %w", o.name, err))
		}
	}
	return c, errors.Join(errs...)
}

// MediaTypes sets the media types that mean protobuf, the one to answer with
// where the client has no preference first. Without the option they are
// application/protobuf (RFC 9996), its deprecated alias application/x-protobuf,
// and application/proto, which Connect uses.
func MediaTypes(types ...string) Option {
	return Option{"MediaTypes", func(c *config) error {
		if len(types) == 0 {
			return errors.New("at least one media type is needed")
		}
		c.types = nil
		for _, t := range types {
			if !mediaType(t) || strings.Contains(t, "*") {
				return fmt.Errorf("%q must have the form type/subtype", t)
			}
			if gateway.IsText(t) {
				return fmt.Errorf("%q is a type of text, which a front would not decode from base64", t)
			}
			c.types = append(c.types, strings.ToLower(t))
		}
		return nil
	}}
}

// BinaryMediaTypes tells the binaryMediaTypes of the API Gateway REST API in
// front, as "application/protobuf" or "*/*". A REST API decodes an answer in
// base64 only where they match the first media type of the request's Accept
// header; the client gets base64 text otherwise. Once they are told, such a
// request is answered in JSON, or with 406 where there is no [JSON] or the client
// doesn't want it. Without the option protobuf is answered to whoever takes it,
// and JSON is preferred where nothing says that protobuf gets through. No other
// front needs it. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
func BinaryMediaTypes(types ...string) Option {
	return Option{"BinaryMediaTypes", func(c *config) error {
		c.binary = []string{}
		for _, t := range types {
			t = strings.ReplaceAll(t, "~1", "/") // as templates write them
			if !mediaType(t) {
				return fmt.Errorf("%q must have the form type/subtype, type/* or */*", t)
			}
			c.binary = append(c.binary, t)
		}
		return nil
	}}
}

func mediaType(t string) bool {
	major, minor, ok := strings.Cut(t, "/")
	return ok && major != "" && minor != "" && !strings.ContainsAny(t, " \t;,\"")
}

// MaxBytes sets the largest message that is decoded, in bytes, after base64 and
// gzip are undone: 6,291,556 without the option, what Lambda takes. A larger one
// is refused with 413 before it is decoded.
func MaxBytes(n int) Option {
	return Option{"MaxBytes", func(c *config) error {
		c.maxBytes = n
		return atLeast1(n)
	}}
}

// MaxMessages sets how many messages within a message are decoded, entries of
// maps included, at every depth: 100,000 without the option. Two bytes of a body
// can become a message of more than a hundred bytes in memory, so that MaxBytes
// alone protects nothing. More of them are refused with 413 before anything is
// decoded. In JSON, objects are counted, and for messages with a
// google.protobuf.Struct, Value or ListValue every value.
func MaxMessages(n int) Option {
	return Option{"MaxMessages", func(c *config) error {
		c.maxMessages = n
		return atLeast1(n)
	}}
}

// MaxDepth sets how deep messages may nest, 100 without the option, as in the
// protobuf implementations of C++ and Java. Deeper ones are refused with 400.
func MaxDepth(n int) Option {
	return Option{"MaxDepth", func(c *config) error {
		c.maxDepth = n
		if n > 10_000 {
			return fmt.Errorf("%d is out of range: it must be from 1 to 10,000", n)
		}
		return atLeast1(n)
	}}
}

func atLeast1(n int) error {
	if n < 1 {
		return fmt.Errorf("%d is out of range: it must be 1 or more", n)
	}
	return nil
}

// DiscardUnknown drops fields that a message type does not have. Without it
// they are kept, and a function that answers with what it was sent sends them
// back. [JSON] with unknown names is refused without it.
func DiscardUnknown() Option {
	return Option{"DiscardUnknown", func(c *config) error {
		c.discard = true
		return nil
	}}
}

// Deterministic makes one program encode equal messages to equal bytes, by
// sorting maps. It costs maps half as much time again, and makes marshallers
// other than the official one go unused.
func Deterministic() Option {
	return Option{"Deterministic", func(c *config) error {
		c.deterministic = true
		return nil
	}}
}

// CompressMin makes [Handle] compress answers of that many bytes or more with
// gzip where the client's Accept-Encoding asks for it and they shrink by an
// eighth at least. Without the option, and below zero, it never does: gzip takes
// longer than all the rest of an answer. [Advise] tells what it saves. Behind an
// API Gateway REST API it needs [BinaryMediaTypes]; its own minimumCompressionSize
// does the same without using the function's time.
func CompressMin(bytes int) Option {
	return Option{"CompressMin", func(c *config) error {
		c.compressMin = max(bytes, -1)
		return nil
	}}
}

// JSON makes application/json (and application/protobuf+json, as every type that
// ends in +json) another format of requests and answers. The format is usually
// pbjson.Format of the package protobufx/pbjson, which costs a function 0.4 MB.
func JSON(f Format) Option {
	return Option{"JSON", func(c *config) error {
		if f == nil {
			return errors.New("a format is needed, not nil")
		}
		c.json = f
		return nil
	}}
}

// DeadlineReserve sets by how much the context of core logic ends earlier than
// the platform's deadline, so that an answer can still be sent. Without the
// option it is 5 % of what remains, at least 200 ms, at most 2 s and at most a
// quarter of it. A given reserve is never more than half of what remains. Zero
// hands logic the platform's own deadline.
func DeadlineReserve(d time.Duration) Option {
	return Option{"DeadlineReserve", func(c *config) error {
		c.reserve = d
		return notNegative(d)
	}}
}

// GatewayTimeout says how long the API Gateway in front waits for an answer, 29 s
// without the option. Behind a REST or HTTP API the context of core logic ends a
// reserve before that. Zero sets no limit.
func GatewayTimeout(d time.Duration) Option {
	return Option{"GatewayTimeout", func(c *config) error {
		c.timeout = d
		return notNegative(d)
	}}
}

func notNegative(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("%v is out of range: it must be zero or more", d)
	}
	return nil
}
