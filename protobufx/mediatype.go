package protobufx

import (
	"net/http"
	"strings"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/protobufx/internal/rank"
)

// Fronts, for those who keep raw handlers: what sends the event, and gets the
// answer.
const (
	REST        = gateway.REST        // API Gateway REST API
	HTTPv1      = gateway.HTTPv1      // API Gateway HTTP API, payload format 1.0
	HTTPv2      = gateway.HTTPv2      // API Gateway HTTP API, payload format 2.0
	FunctionURL = gateway.FunctionURL // Lambda function URL, buffered
	ALB         = gateway.ALB         // Application Load Balancer
	ALBMulti    = gateway.ALBMulti    // Application Load Balancer with multi-value headers
)

// Front is a service that turns HTTP requests into events. The zero value is none.
type Front = gateway.Front

const (
	jsonType         = "application/json"
	protobufJSONType = "application/protobuf+json" // RFC 9996, as is its deprecated alias
	aliasJSONType    = "application/x-protobuf+json"
)

// Negotiate returns the content type to answer with, given the request's Accept
// header and, for a client that leaves the choice, its Content-Type; either may be
// empty. Qualities and parameters count as RFC 9110 says; among equals the more
// specific range wins, then the earlier one, then the type of the request. A range
// stands for the first of [MediaTypes] and the type of the request, not for other
// names of the same: a client that wants */* but application/protobuf;q=0 doesn't
// want it under its alias. Behind an API Gateway REST API it sees to it that the
// answer gets through; see [BinaryMediaTypes].
//
// The error is an [*Error] with status 406.
func (c *Codec) Negotiate(front Front, accept, contentType string) (string, error) {
	t, ok := c.negotiate(front, accept, contentType, c.json != nil)
	if ok {
		return t, nil
	}
	message := "the Accept header must allow " + c.accepted()
	if front == gateway.REST && c.binary != nil && c.typeIndex(gateway.MediaType(accept)) < 0 {
		message = "the first type of the Accept header must be one of BinaryMediaTypes, which the API Gateway REST API in front compares it with: " + strings.Join(c.binary, ", ")
	}
	return "", newError(http.StatusNotAcceptable, message)
}

// negotiate chooses among the types of protobuf and, if withJSON, those of JSON.
func (c *Codec) negotiate(front Front, accept, contentType string, withJSON bool) (string, bool) {
	through := true // whether protobuf gets to the client as it is
	if front == gateway.REST && c.binary != nil {
		through = gateway.MatchMediaType(c.binary, accept)
	}
	if through {
		if i := c.exactIndex(accept); i >= 0 { // what most clients send
			return c.types[i], true
		}
	}
	own := c.typeIndex(contentType)
	preferJSON := withJSON && own < 0 && gateway.IsJSON(contentType)
	if front == gateway.REST && c.binary == nil && withJSON && c.typeIndex(gateway.MediaType(accept)) < 0 {
		// It gets through only if the API lists */*, which a client that sends
		// protobuf without asking for it needs anyway. Others don't.
		preferJSON = preferJSON || own < 0
		if r := rank.Of(accept, jsonType); r.Q > 0 && r.Specificity == 3 {
			through = false
		}
	}
	best := rank.Rank{}
	var chosen string
	offer := func(t string, least int) {
		if r := rank.Of(accept, t); r.Specificity >= least && r.Better(best) {
			best, chosen = r, t
		}
	}
	const byRange, byName = 1, 3
	jsons := func() {
		if !withJSON {
			return
		}
		if preferJSON {
			for _, t := range [...]string{protobufJSONType, aliasJSONType} {
				if strings.EqualFold(gateway.MediaType(contentType), t) {
					offer(t, byRange)
				}
			}
		}
		offer(jsonType, byRange)
		offer(protobufJSONType, byName)
		offer(aliasJSONType, byName)
	}
	if preferJSON {
		jsons()
	}
	if through {
		if own >= 0 {
			offer(c.types[own], byRange)
		}
		offer(c.types[0], byRange)
		for _, t := range c.types[1:] {
			offer(t, byName)
		}
	}
	if !preferJSON {
		jsons()
	}
	if chosen == protobufJSONType || chosen == aliasJSONType {
		chosen += "; charset=utf-8" // which RFC 9996 demands
	}
	return chosen, chosen != ""
}

// exactIndex returns which of the types of protobuf t is, letter for letter.
func (c *Codec) exactIndex(t string) int {
	for i, own := range c.types {
		if t == own {
			return i
		}
	}
	return -1
}

// typeIndex returns which of the types of protobuf the content type is, -1 if
// it is none.
func (c *Codec) typeIndex(contentType string) int {
	if i := c.exactIndex(contentType); i >= 0 {
		return i
	}
	contentType = gateway.MediaType(contentType)
	for i, own := range c.types {
		if strings.EqualFold(contentType, own) {
			return i
		}
	}
	return -1
}
