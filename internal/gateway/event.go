package gateway

import (
	"bytes"
	"sync"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A Request is an HTTP request as an event holds it. Get one from [Parse] and
// give it back with Release. Not safe for concurrent use.
type Request struct {
	// Front is where the event comes from.
	Front Front
	// Method is the request's method, upper case as the client sent it.
	Method string

	event []byte

	version, path, rawQuery      span // tokens
	stage, domain, protocol      span
	sourceIP, requestID, context span // context is a value
	routeKey                     span
	headers, query, params       []pair
	known                        [knownHeaders]int32 // see findKnown
	escapedNames                 bool                // of headers
	cookies                      []span
	body                         span
	base64                       bool

	scratch []byte
}

// A span is a part of the event. The zero span is absent: no member's value can
// begin at 0.
type span struct{ lo, hi int }

// A pair is a name and a value, as string tokens.
type pair struct{ name, value span }

var requests = sync.Pool{New: func() any { return new(Request) }}

// Parse reads an event. Every error is an [*EventError]. The event must not
// change before Release, and nothing of it is retained after.
func Parse(event []byte) (*Request, error) {
	r := requests.Get().(*Request)
	if err := r.parse(event); err != nil {
		r.Release()
		return nil, err
	}
	return r, nil
}

// Release gives r back. Nothing that r returned as []byte may be used after.
func (r *Request) Release() {
	*r = Request{headers: r.headers[:0], query: r.query[:0], params: r.params[:0], cookies: r.cookies[:0], scratch: r.scratch[:0]}
	if cap(r.headers) <= 256 && cap(r.query) <= 256 && cap(r.cookies) <= 256 && cap(r.scratch) <= 16<<10 {
		requests.Put(r)
	}
}

// A reader is the state of one parse.
type reader struct {
	*Request
	err error // the first error; the walks stop at it

	// What is chosen from when all is known.
	httpMethod, contextMethod span
	plainPath, rawPath        span
	headerMap, queryMap       span // values, read if there are no lists
	headerLists, queryLists   bool // there is such a member
	headersRead               bool
	httpContext, balancer     bool
}

func (r *Request) parse(event []byte) error {
	r.event = event
	p := reader{Request: r}
	start := jsonscan.Space(event, 0)
	if jsonscan.KindAt(event, start) != jsonscan.Object {
		return kindError("", event, start, "an object")
	}
	end := start
	for i, sep := start, byte('{'); p.err == nil; sep = ',' {
		name, at, more := nextMember(event, i, sep)
		if !more {
			end = p.leave(start, at, "")
			break
		}
		i = p.member(name, at)
	}
	if p.err != nil {
		return p.err
	}
	if err := jsonscan.End(event, end); err != nil {
		return syntaxError("", err)
	}
	return p.finish(start)
}

// member takes the member of the event whose value begins at i, and returns
// where it ends.
func (p *reader) member(name span, i int) int {
	key := p.event[name.lo+1 : name.hi-1] // as it stands: known names hardly ever have escapes
again:
	switch string(key) {
	case "version":
		return p.string(&p.version, i, "version")
	case "httpMethod":
		return p.string(&p.httpMethod, i, "httpMethod")
	case "path":
		return p.string(&p.plainPath, i, "path")
	case "rawPath":
		return p.string(&p.rawPath, i, "rawPath")
	case "rawQueryString":
		return p.string(&p.rawQuery, i, "rawQueryString")
	case "routeKey":
		return p.string(&p.routeKey, i, "routeKey")
	case "headers":
		if p.version.hi != 0 && p.isVersion2() && jsonscan.KindAt(p.event, i) == jsonscan.Object {
			// Nothing else can hold the headers: read them on the way.
			p.headers, p.headersRead = p.headers[:0], true
			return p.pairs(&p.headers, i, "headers")
		}
		return p.value(&p.headerMap, i, "headers", jsonscan.Object, "an object")
	case "multiValueHeaders":
		if p.headersRead {
			return p.skip(i, "multiValueHeaders")
		}
		p.headers = p.headers[:0]
		return p.lists(&p.headers, &p.headerLists, i, "multiValueHeaders")
	case "queryStringParameters":
		return p.value(&p.queryMap, i, "queryStringParameters", jsonscan.Object, "an object")
	case "multiValueQueryStringParameters":
		p.query = p.query[:0]
		return p.lists(&p.query, &p.queryLists, i, "multiValueQueryStringParameters")
	case "pathParameters":
		p.params = p.params[:0]
		if end, yes := p.noObject(i, "pathParameters"); yes {
			return end
		}
		return p.pairs(&p.params, i, "pathParameters")
	case "cookies":
		return p.readCookies(i)
	case "requestContext":
		return p.readContext(i)
	case "body":
		return p.string(&p.body, i, "body")
	case "isBase64Encoded":
		switch jsonscan.KindAt(p.event, i) {
		case jsonscan.True:
			p.base64 = true
		case jsonscan.False, jsonscan.Null:
			p.base64 = false
		default:
			return p.fail(kindError("isBase64Encoded", p.event, i, "true or false"))
		}
		return p.skip(i, "isBase64Encoded")
	}
	if plain := p.bytes(name); len(plain) != len(key) { // it has escapes after all
		key = plain
		goto again
	}
	// Validated, and named if it is not valid.
	end, err := jsonscan.Skip(p.event, i)
	if err != nil {
		return p.fail(syntaxError(string(key), err))
	}
	return end
}

// fail ends the parse.
func (p *reader) fail(err error) int {
	p.err = err
	return 0
}

// string takes a value that must be a string; null leaves the span empty.
func (p *reader) string(s *span, i int, member string) int {
	if uint(i) < uint(len(p.event)) && p.event[i] == '"' {
		if end, err := jsonscan.SkipString(p.event, i); err == nil {
			*s = span{i, end}
			return end
		}
	}
	return p.value(s, i, member, jsonscan.String, "a string")
}

// value takes a value of one kind; null leaves the span empty.
func (p *reader) value(s *span, i int, member string, kind jsonscan.Kind, want string) int {
	*s = span{}
	k := jsonscan.KindAt(p.event, i)
	if k != kind && k != jsonscan.Null {
		return p.fail(kindError(member, p.event, i, want))
	}
	end := p.skip(i, member)
	if k == kind {
		*s = span{i, end}
	}
	return end
}

// skip validates the value at i and returns where it ends.
func (p *reader) skip(i int, member string) int {
	end, err := jsonscan.Skip(p.event, i)
	if err != nil {
		return p.fail(syntaxError(member, err))
	}
	return end
}

// noObject reports whether the value at i is no object. Then it is null, which it
// skips, or the parse fails.
func (p *reader) noObject(i int, member string) (end int, yes bool) {
	switch jsonscan.KindAt(p.event, i) {
	case jsonscan.Object:
		return 0, false
	case jsonscan.Null:
		return p.skip(i, member), true
	}
	return p.fail(kindError(member, p.event, i, "an object")), true
}

// nextMember goes on from i, the brace that opens an object or just past a
// member's value, to the next member: sep is that brace or a comma. It returns the
// name's token and where the value begins; without another member where the object
// ends, 0 where the text is broken. It is a jsonscan.ObjectWalk whose state is in
// the caller's registers.
func nextMember(b []byte, i int, sep byte) (name span, at int, more bool) {
	if i = jsonscan.Space(b, i); uint(i) >= uint(len(b)) {
		return name, 0, false
	}
	if b[i] == sep {
		if i = jsonscan.Space(b, i+1); uint(i) < uint(len(b)) && b[i] == '"' {
			end, err := jsonscan.SkipString(b, i)
			if err != nil {
				return name, 0, false
			}
			if at = jsonscan.Space(b, end); uint(at) >= uint(len(b)) || b[at] != ':' {
				return name, 0, false
			}
			return span{i, end}, jsonscan.Space(b, at+1), true
		}
		if sep == ',' || uint(i) >= uint(len(b)) {
			return name, 0, false
		}
	}
	if b[i] == '}' {
		return name, i + 1, false
	}
	return name, 0, false
}

// leave is for the end of the members of the object at start: end is just past
// it, or 0 where they are broken.
func (p *reader) leave(start, end int, member string) int {
	if end > 0 || p.err != nil {
		return end
	}
	return p.skip(start, member) // which says what is wrong
}

// pairs appends the members of the object at start, strings, and returns where
// it ends. A null counts as absent.
func (p *reader) pairs(dst *[]pair, start int, member string) int {
	for i, sep := start, byte('{'); ; sep = ',' {
		name, at, more := nextMember(p.event, i, sep)
		if !more {
			return p.leave(start, at, member)
		}
		switch jsonscan.KindAt(p.event, at) {
		case jsonscan.String:
			end, err := jsonscan.SkipString(p.event, at)
			if err != nil {
				return p.fail(syntaxError(member, err))
			}
			*dst = append(*dst, pair{name, span{at, end}})
			i = end
		case jsonscan.Null:
			i = p.skip(at, member)
		default:
			p.fail(kindError(member+"."+p.text(name), p.event, at, "a string"))
		}
		if p.err != nil {
			return 0
		}
	}
}

// lists appends the members of the object at start, arrays of strings, one pair
// for each string, and returns where it ends. A null counts as absent.
func (p *reader) lists(dst *[]pair, present *bool, start int, member string) int {
	end, no := p.noObject(start, member)
	if *present = !no; no {
		return end
	}
	for i, sep := start, byte('{'); ; sep = ',' {
		name, at, more := nextMember(p.event, i, sep)
		if !more {
			return p.leave(start, at, member)
		}
		// Nearly all have one string.
		if b := p.event; at+1 < len(b) && b[at] == '[' && b[at+1] == '"' {
			if end, err := jsonscan.SkipString(b, at+1); err == nil && end < len(b) && b[end] == ']' {
				*dst = append(*dst, pair{name, span{at + 1, end}})
				i = end + 1
				continue
			}
		}
		if i = p.list(dst, name, at, member); p.err != nil {
			return 0
		}
	}
}

// list appends one pair for each string of the array at i.
func (p *reader) list(dst *[]pair, name span, i int, member string) int {
	switch jsonscan.KindAt(p.event, i) {
	case jsonscan.Array:
	case jsonscan.Null:
		return p.skip(i, member)
	default:
		return p.fail(kindError(member+"."+p.text(name), p.event, i, "an array of strings"))
	}
	a := jsonscan.WalkArray(p.event, i)
	for a.Next() {
		at := a.Pos()
		switch jsonscan.KindAt(p.event, at) {
		case jsonscan.String:
			if v := a.Value(); v != nil {
				*dst = append(*dst, pair{name, span{at, at + len(v)}})
			}
		case jsonscan.Null:
			a.Value()
		default:
			return p.fail(kindError(member+"."+p.text(name), p.event, at, "a string"))
		}
	}
	if err := a.Err(); err != nil {
		return p.fail(syntaxError(member+"."+p.text(name), err))
	}
	return a.End()
}

func (p *reader) readCookies(i int) int {
	p.cookies = p.cookies[:0]
	switch jsonscan.KindAt(p.event, i) {
	case jsonscan.Array:
	case jsonscan.Null:
		return p.skip(i, "cookies")
	default:
		return p.fail(kindError("cookies", p.event, i, "an array of strings"))
	}
	a := jsonscan.WalkArray(p.event, i)
	for a.Next() {
		at := a.Pos()
		if jsonscan.KindAt(p.event, at) != jsonscan.String {
			return p.fail(kindError("cookies", p.event, at, "a string"))
		}
		if v := a.Value(); v != nil {
			p.cookies = append(p.cookies, span{at, at + len(v)})
		}
	}
	if err := a.Err(); err != nil {
		return p.fail(syntaxError("cookies", err))
	}
	return a.End()
}

// readContext takes what is needed of the request context.
func (p *reader) readContext(start int) int {
	p.context, p.httpContext, p.balancer = span{}, false, false
	if end, yes := p.noObject(start, "requestContext"); yes {
		return end
	}
	i := start
	for sep := byte('{'); p.err == nil; sep = ',' {
		name, at, more := nextMember(p.event, i, sep)
		if !more {
			i = p.leave(start, at, "requestContext")
			break
		}
		key := p.event[name.lo+1 : name.hi-1]
	again:
		switch string(key) {
		case "stage":
			i = p.string(&p.stage, at, "requestContext.stage")
		case "domainName":
			i = p.string(&p.domain, at, "requestContext.domainName")
		case "protocol":
			i = p.string(&p.protocol, at, "requestContext.protocol")
		case "httpMethod":
			i = p.string(&p.contextMethod, at, "requestContext.httpMethod")
		case "requestId":
			i = p.string(&p.requestID, at, "requestContext.requestId")
		case "elb":
			p.balancer = true
			i = p.skip(at, "requestContext.elb")
		case "http":
			p.httpContext = true
			i = p.readHTTP(at)
		case "identity":
			i = p.readIdentity(at)
		default:
			if plain := p.bytes(name); len(plain) != len(key) { // it has escapes after all
				key = plain
				goto again
			}
			i = p.skip(at, "requestContext")
		}
	}
	p.context = span{start, i}
	return i
}

func (p *reader) readHTTP(start int) int {
	if end, yes := p.noObject(start, "requestContext.http"); yes {
		return end
	}
	i := start
	for sep := byte('{'); p.err == nil; sep = ',' {
		name, at, more := nextMember(p.event, i, sep)
		if !more {
			return p.leave(start, at, "requestContext.http")
		}
		switch {
		case p.is(name, "method"):
			i = p.string(&p.contextMethod, at, "requestContext.http.method")
		case p.is(name, "protocol"):
			i = p.string(&p.protocol, at, "requestContext.http.protocol")
		case p.is(name, "sourceIp"):
			i = p.string(&p.sourceIP, at, "requestContext.http.sourceIp")
		default:
			i = p.skip(at, "requestContext.http")
		}
	}
	return 0
}

func (p *reader) readIdentity(start int) int {
	if end, yes := p.noObject(start, "requestContext.identity"); yes {
		return end
	}
	i := start
	for sep := byte('{'); p.err == nil; sep = ',' {
		name, at, more := nextMember(p.event, i, sep)
		if !more {
			return p.leave(start, at, "requestContext.identity")
		}
		if p.is(name, "sourceIp") {
			i = p.string(&p.sourceIP, at, "requestContext.identity.sourceIp")
		} else {
			i = p.skip(at, "requestContext.identity")
		}
	}
	return 0
}

func (p *reader) isVersion2() bool {
	return string(p.event[p.version.lo:p.version.hi]) == `"2.0"`
}

// finish decides which front it is, and which of several members holds what.
func (p *reader) finish(start int) error {
	switch {
	case p.balancer && (p.headerLists || p.queryLists):
		p.Front = ALBMulti
	case p.balancer:
		p.Front = ALB
	case p.httpContext || p.isVersion2():
		p.Front = HTTPv2
		if bytes.Contains(p.bytes(p.domain), []byte(".lambda-url.")) {
			p.Front = FunctionURL
		}
	case string(p.bytes(p.version)) == "1.0":
		p.Front = HTTPv1
	default:
		p.Front = REST
	}
	method := p.httpMethod
	if method.hi == 0 {
		method = p.contextMethod
	}
	if p.Method = methodName(p.bytes(method)); p.Method == "" {
		return &EventError{Offset: start, Msg: "neither httpMethod nor requestContext.http.method names a method: not an event of API Gateway, a function URL or an ALB"}
	}
	if p.path = p.rawPath; p.path.hi == 0 {
		p.path = p.plainPath
	}
	if err := p.choose(); err != nil {
		return err
	}
	p.findKnown()
	return nil
}

// choose reads the plain members where there are no lists, or empty ones.
func (p *reader) choose() error {
	if len(p.headers) == 0 && !p.headersRead && p.headerMap.hi != 0 {
		p.pairs(&p.headers, p.headerMap.lo, "headers")
	}
	if p.Front.Payload2() && p.rawQuery.hi != 0 {
		p.query = p.query[:0]
	} else if len(p.query) == 0 && p.queryMap.hi != 0 && p.err == nil {
		p.pairs(&p.query, p.queryMap.lo, "queryStringParameters")
	}
	return p.err
}

// methodName returns the method without allocating where it is a known one.
func methodName(b []byte) string {
	switch string(b) {
	case "GET":
		return "GET"
	case "POST":
		return "POST"
	case "PUT":
		return "PUT"
	case "PATCH":
		return "PATCH"
	case "DELETE":
		return "DELETE"
	case "HEAD":
		return "HEAD"
	case "OPTIONS":
		return "OPTIONS"
	}
	return string(b)
}

// bytes returns what the token stands for, in place where it has no escapes,
// else in scratch space that the next call overwrites.
func (r *Request) bytes(s span) []byte {
	if s.hi == 0 {
		return nil
	}
	token := r.event[s.lo:s.hi]
	if !jsonscan.Escaped(token) {
		return token[1 : len(token)-1]
	}
	r.scratch = jsonscan.AppendString(r.scratch[:0], token)
	return r.scratch
}

// text is bytes as a string of its own.
func (r *Request) text(s span) string { return string(r.bytes(s)) }
