package protobufx

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/internal/gateway"
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
// want it under its alias. Behind
// an API Gateway REST API it sees to it that the answer gets through; see
// [BinaryMediaTypes].
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
		if r := rank(accept, jsonType); r.q > 0 && r.specificity == 3 {
			through = false
		}
	}
	best := ranking{}
	var chosen string
	offer := func(t string, least int) {
		if r := rank(accept, t); r.specificity >= least && r.better(best) {
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

// A ranking says how welcome a type is. The zero ranking: not at all.
type ranking struct {
	q           int // quality in thousandths
	specificity int // of the range that decides: 3 for a type, 2 for type/*, 1 for */*
	index       int // of that range in the header
}

func (r ranking) better(than ranking) bool {
	switch {
	case r.q != than.q:
		return r.q > than.q
	case r.q == 0:
		return false
	case r.specificity != than.specificity:
		return r.specificity > than.specificity
	}
	return r.index < than.index
}

// rank returns how welcome t is under an Accept header: what the most specific
// range that covers it says. Without a header everything is welcome.
func rank(accept, t string) ranking {
	if strings.TrimSpace(accept) == "" {
		return ranking{q: 1000, specificity: 1}
	}
	var best ranking
	index := 0
	for element := range splitList(accept, ',') {
		index++
		name, params, _ := strings.Cut(element, ";")
		name = strings.TrimSpace(name)
		specificity := 0
		switch {
		case strings.EqualFold(name, t):
			specificity = 3
		case name == "*/*":
			specificity = 1
		default:
			if major, ok := strings.CutSuffix(name, "/*"); ok && len(t) > len(major) && t[len(major)] == '/' && strings.EqualFold(t[:len(major)], major) {
				specificity = 2
			}
		}
		if specificity > best.specificity {
			best = ranking{q: quality(params), specificity: specificity, index: index}
		}
	}
	return best
}

// splitList yields the parts of a header between separators, which don't count in
// quotes.
func splitList(s string, sep byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i < len(s); i++ {
			switch {
			case quoted && s[i] == '\\':
				i++
			case s[i] == '"':
				quoted = !quoted
			case s[i] == sep && !quoted:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:])
	}
}

// quality returns the q of parameters in thousandths: 1000 without one, 0 for one
// that is not from 0 to 1.
func quality(params string) int {
	for p := range splitList(params, ';') {
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return int(q*1000 + .5)
	}
	return 1000
}
