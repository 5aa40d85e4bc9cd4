package websocket

import (
	"bytes"
	"encoding/base64"
	"time"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A span is a part of the event. The zero span is absent.
type span struct{ lo, hi int }

func (s span) of(b []byte) []byte { return b[s.lo:s.hi] }

// An event is what the routes need of one, in place.
type event struct {
	json                 []byte
	context              span // values
	headers, headerLists span
	query, queryLists    span
	body                 span // a string token
	base64               bool
	err                  error // the first; the walks stop at it
}

// parse reads an event into e and r.
func (e *event) parse(b []byte, r *Request) error {
	e.json = b
	start := jsonscan.Space(b, 0)
	if jsonscan.KindAt(b, start) != jsonscan.Object {
		return kindError("", b, start, "an object")
	}
	o := jsonscan.WalkObject(b, start)
	var scratch [64]byte
	for e.err == nil && o.Next() {
		switch name := o.Name(scratch[:0]); string(name) {
		case "requestContext":
			e.value(&o, &e.context, "requestContext", jsonscan.Object, "an object")
		case "headers":
			e.value(&o, &e.headers, "headers", jsonscan.Object, "an object")
		case "multiValueHeaders":
			e.value(&o, &e.headerLists, "multiValueHeaders", jsonscan.Object, "an object")
		case "queryStringParameters":
			e.value(&o, &e.query, "queryStringParameters", jsonscan.Object, "an object")
		case "multiValueQueryStringParameters":
			e.value(&o, &e.queryLists, "multiValueQueryStringParameters", jsonscan.Object, "an object")
		case "body":
			e.value(&o, &e.body, "body", jsonscan.String, "a string")
		case "isBase64Encoded":
			e.boolean(&o)
		default:
			if o.Value() == nil {
				e.err = syntaxError(string(name), o.Err())
			}
		}
	}
	switch {
	case e.err != nil:
		return e.err
	case o.Err() != nil:
		return syntaxError("", o.Err())
	}
	if err := jsonscan.End(b, o.End()); err != nil {
		return syntaxError("", err)
	}
	if e.context.hi == 0 {
		return &EventError{Member: "requestContext", Offset: start, Msg: "the member is missing: this is not an event of a WebSocket API"}
	}
	return e.readContext(r)
}

// value takes a value of one kind; null counts as absent.
func (e *event) value(o *jsonscan.ObjectWalk, s *span, member string, kind jsonscan.Kind, want string) {
	at := o.Pos()
	*s = span{}
	switch jsonscan.KindAt(e.json, at) {
	case kind, jsonscan.Null:
	default:
		e.err = kindError(member, e.json, at, want)
		return
	}
	switch v := o.Value(); {
	case v == nil:
		e.err = syntaxError(member, o.Err())
	case v[0] != 'n':
		*s = span{at, at + len(v)}
	}
}

func (e *event) boolean(o *jsonscan.ObjectWalk) {
	at := o.Pos()
	switch jsonscan.KindAt(e.json, at) {
	case jsonscan.True, jsonscan.False, jsonscan.Null:
		v := o.Value()
		if v == nil {
			e.err = syntaxError("isBase64Encoded", o.Err())
			return
		}
		e.base64 = v[0] == 't'
	default:
		e.err = kindError("isBase64Encoded", e.json, at, "true or false")
	}
}

// readContext fills r. Its strings are parts of one copy of the requestContext.
func (e *event) readContext(r *Request) error {
	text := string(e.context.of(e.json))
	o := jsonscan.WalkObject(e.json, e.context.lo) // known to be valid
	var scratch [64]byte
	for e.err == nil && o.Next() {
		switch string(o.Name(scratch[:0])) {
		case "routeKey":
			e.string(&o, &r.RouteKey, text, "requestContext.routeKey")
		case "eventType":
			e.string(&o, &r.EventType, text, "requestContext.eventType")
		case "connectionId":
			e.string(&o, &r.ConnectionID, text, "requestContext.connectionId")
		case "messageId":
			e.string(&o, &r.MessageID, text, "requestContext.messageId")
		case "requestId":
			e.string(&o, &r.RequestID, text, "requestContext.requestId")
		case "apiId":
			e.string(&o, &r.APIID, text, "requestContext.apiId")
		case "domainName":
			e.string(&o, &r.DomainName, text, "requestContext.domainName")
		case "stage":
			e.string(&o, &r.Stage, text, "requestContext.stage")
		case "connectedAt":
			e.millis(&o, &r.ConnectedAt, "requestContext.connectedAt")
		case "requestTimeEpoch":
			e.millis(&o, &r.RequestTime, "requestContext.requestTimeEpoch")
		case "disconnectStatusCode":
			var code int64
			e.integer(&o, &code, "requestContext.disconnectStatusCode")
			r.disconnect.Code = int(code)
		case "disconnectReason":
			e.string(&o, &r.disconnect.Reason, text, "requestContext.disconnectReason")
		case "authorizer":
			var s span
			e.value(&o, &s, "requestContext.authorizer", jsonscan.Object, "an object")
			if r.Authorizer = nil; s.hi != 0 {
				r.Authorizer = bytes.Clone(s.of(e.json))
			}
		case "identity":
			e.identity(&o, r, text)
		default:
			o.Value()
		}
	}
	if e.err != nil {
		return e.err
	}
	for _, m := range []struct{ name, value string }{{"routeKey", r.RouteKey}, {"eventType", r.EventType}, {"connectionId", r.ConnectionID}} {
		if m.value == "" {
			return &EventError{Member: "requestContext." + m.name, Offset: e.context.lo, Msg: "the member is missing or empty: this is not an event of a WebSocket API"}
		}
	}
	return nil
}

func (e *event) identity(outer *jsonscan.ObjectWalk, r *Request, text string) {
	var s span
	r.SourceIP, r.UserAgent = "", "" // the last of several counts
	e.value(outer, &s, "requestContext.identity", jsonscan.Object, "an object")
	if s.hi == 0 {
		return
	}
	o := jsonscan.WalkObject(e.json, s.lo)
	var scratch [64]byte
	for e.err == nil && o.Next() {
		switch string(o.Name(scratch[:0])) {
		case "sourceIp":
			e.string(&o, &r.SourceIP, text, "requestContext.identity.sourceIp")
		case "userAgent":
			e.string(&o, &r.UserAgent, text, "requestContext.identity.userAgent")
		default:
			o.Value()
		}
	}
}

// string takes a string of the requestContext, whose copy is text.
func (e *event) string(o *jsonscan.ObjectWalk, dst *string, text, member string) {
	var s span
	*dst = ""
	e.value(o, &s, member, jsonscan.String, "a string")
	if s.hi == 0 {
		return
	}
	token := s.of(e.json)
	if jsonscan.Escaped(token) || !utf8.Valid(token) {
		*dst = string(jsonscan.AppendString(nil, token))
		return
	}
	*dst = text[s.lo-e.context.lo+1 : s.hi-e.context.lo-1]
}

func (e *event) millis(o *jsonscan.ObjectWalk, dst *time.Time, member string) {
	var ms int64
	*dst = time.Time{}
	if e.integer(o, &ms, member); ms != 0 {
		*dst = time.UnixMilli(ms)
	}
}

func (e *event) integer(o *jsonscan.ObjectWalk, dst *int64, member string) {
	var s span
	*dst = 0
	e.value(o, &s, member, jsonscan.Number, "a number")
	if s.hi == 0 {
		return
	}
	v, ok := jsonscan.ParseInt(s.of(e.json))
	if !ok {
		e.err = &EventError{Member: member, Offset: s.lo, Msg: "a number where an integer of 64 bits is expected"}
		return
	}
	*dst = v
}

// appendBody appends the body, unescaped and decoded from base64, to dst.
func (e *event) appendBody(dst []byte) ([]byte, error) {
	if e.body.hi == 0 {
		return dst, nil
	}
	token := e.body.of(e.json)
	if !e.base64 {
		return jsonscan.AppendString(dst, token), nil
	}
	raw := token[1 : len(token)-1]
	if jsonscan.Escaped(token) {
		raw = jsonscan.AppendString(nil, token)
	}
	out, err := base64.StdEncoding.AppendDecode(dst, raw)
	if err != nil {
		return dst, &EventError{Member: "body", Offset: e.body.lo, Msg: "isBase64Encoded is true, but this is not base64", Err: err}
	}
	return out, nil
}
