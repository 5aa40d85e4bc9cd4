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
	headerMap, headerLists    span // values
	queryMap, queryLists      span
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
	o := jsonscan.WalkObject(event, start)
	for p.err == nil && o.Next() {
		p.member(&o, o.Name(r.scratch[:0]))
	}
	if p.err != nil {
		return p.err
	}
	if err := o.Err(); err != nil {
		return syntaxError("", err)
	}
	if err := jsonscan.End(event, o.End()); err != nil {
		return syntaxError("", err)
	}
	return p.finish(start)
}

// member takes one member of the event.
func (p *reader) member(o *jsonscan.ObjectWalk, name []byte) {
	switch string(name) {
	case "version":
		p.string(o, &p.version, "version")
	case "httpMethod":
		p.string(o, &p.httpMethod, "httpMethod")
	case "path":
		p.string(o, &p.plainPath, "path")
	case "rawPath":
		p.string(o, &p.rawPath, "rawPath")
	case "rawQueryString":
		p.string(o, &p.rawQuery, "rawQueryString")
	case "routeKey":
		p.string(o, &p.routeKey, "routeKey")
	case "headers":
		if p.version.hi != 0 && p.isVersion2() && jsonscan.KindAt(p.event, o.Pos()) == jsonscan.Object {
			// Nothing else can hold the headers: read them on the way.
			p.headers = p.headers[:0]
			end, err := p.pairs(&p.headers, o.Pos(), "headers", false)
			if err != nil {
				p.err = err
				return
			}
			p.headersRead = true
			o.Resume(end)
			return
		}
		p.value(o, &p.headerMap, "headers", jsonscan.Object, "an object")
	case "multiValueHeaders":
		p.value(o, &p.headerLists, "multiValueHeaders", jsonscan.Object, "an object")
	case "queryStringParameters":
		p.value(o, &p.queryMap, "queryStringParameters", jsonscan.Object, "an object")
	case "multiValueQueryStringParameters":
		p.value(o, &p.queryLists, "multiValueQueryStringParameters", jsonscan.Object, "an object")
	case "pathParameters":
		p.params = p.params[:0]
		if at := o.Pos(); p.object(o, "pathParameters") {
			end, err := p.pairs(&p.params, at, "pathParameters", false)
			if err != nil {
				p.err = err
				return
			}
			o.Resume(end)
		}
	case "cookies":
		p.readCookies(o)
	case "requestContext":
		p.readContext(o)
	case "body":
		p.string(o, &p.body, "body")
	case "isBase64Encoded":
		switch jsonscan.KindAt(p.event, o.Pos()) {
		case jsonscan.True:
			p.base64 = true
		case jsonscan.False, jsonscan.Null:
			p.base64 = false
		default:
			p.err = kindError("isBase64Encoded", p.event, o.Pos(), "true or false")
			return
		}
		p.skip(o, "isBase64Encoded")
	default:
		// Validated, and named if it is not valid.
		if o.Value() == nil {
			p.err = syntaxError(string(name), o.Err())
		}
	}
}

// string takes a value that must be a string; null leaves the span empty.
func (p *reader) string(o *jsonscan.ObjectWalk, s *span, member string) {
	p.value(o, s, member, jsonscan.String, "a string")
}

// value takes a value of one kind; null leaves the span empty.
func (p *reader) value(o *jsonscan.ObjectWalk, s *span, member string, kind jsonscan.Kind, want string) {
	at := o.Pos()
	*s = span{}
	switch jsonscan.KindAt(p.event, at) {
	case kind, jsonscan.Null:
	default:
		p.err = kindError(member, p.event, at, want)
		return
	}
	v := o.Value()
	switch {
	case v == nil:
		p.err = syntaxError(member, o.Err())
	case v[0] != 'n':
		*s = span{at, at + len(v)}
	}
}

func (p *reader) skip(o *jsonscan.ObjectWalk, member string) {
	if o.Value() == nil {
		p.err = syntaxError(member, o.Err())
	}
}

// object reports whether the value is an object. It takes null, and reports
// anything else.
func (p *reader) object(o *jsonscan.ObjectWalk, member string) bool {
	switch jsonscan.KindAt(p.event, o.Pos()) {
	case jsonscan.Object:
		return true
	case jsonscan.Null:
		p.skip(o, member)
	default:
		p.err = kindError(member, p.event, o.Pos(), "an object")
	}
	return false
}

// pairs appends the members of the object at i, strings or (lists) arrays of
// strings, and returns the index just past it. A null counts as absent.
func (p *reader) pairs(dst *[]pair, i int, member string, lists bool) (int, error) {
	o := jsonscan.WalkObject(p.event, i)
	for o.Next() {
		at := o.Pos()
		name := span{o.NamePos(), o.NamePos() + len(o.NameToken())}
		switch kind := jsonscan.KindAt(p.event, at); {
		case kind == jsonscan.String && !lists:
			if v := o.Value(); v != nil {
				*dst = append(*dst, pair{name, span{at, at + len(v)}})
			}
		case kind == jsonscan.Array && lists:
			end, err := p.list(dst, name, at, member)
			if err != nil {
				return end, err
			}
			o.Resume(end)
		case kind == jsonscan.Null:
			o.Value()
		default:
			want := "a string"
			if lists {
				want = "an array of strings"
			}
			return at, kindError(member+"."+string(o.Name(nil)), p.event, at, want)
		}
	}
	if err := o.Err(); err != nil {
		return o.End(), syntaxError(member, err)
	}
	return o.End(), nil
}

// list appends one pair for each string of the array at i.
func (p *reader) list(dst *[]pair, name span, i int, member string) (int, error) {
	// Nearly all have one string.
	if at := jsonscan.Space(p.event, i+1); jsonscan.KindAt(p.event, at) == jsonscan.String {
		if end, err := jsonscan.SkipString(p.event, at); err == nil {
			if next := jsonscan.Space(p.event, end); next < len(p.event) && p.event[next] == ']' {
				*dst = append(*dst, pair{name, span{at, end}})
				return next + 1, nil
			}
		}
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
			return at, kindError(member+"."+p.text(name), p.event, at, "a string")
		}
	}
	if err := a.Err(); err != nil {
		return a.End(), syntaxError(member+"."+p.text(name), err)
	}
	return a.End(), nil
}

func (p *reader) readCookies(o *jsonscan.ObjectWalk) {
	p.cookies = p.cookies[:0]
	switch jsonscan.KindAt(p.event, o.Pos()) {
	case jsonscan.Array:
	case jsonscan.Null:
		p.skip(o, "cookies")
		return
	default:
		p.err = kindError("cookies", p.event, o.Pos(), "an array of strings")
		return
	}
	a := jsonscan.WalkArray(p.event, o.Pos())
	for a.Next() {
		at := a.Pos()
		if jsonscan.KindAt(p.event, at) != jsonscan.String {
			p.err = kindError("cookies", p.event, at, "a string")
			return
		}
		if v := a.Value(); v != nil {
			p.cookies = append(p.cookies, span{at, at + len(v)})
		}
	}
	if err := a.Err(); err != nil {
		p.err = syntaxError("cookies", err)
		return
	}
	o.Resume(a.End())
}

// readContext takes what is needed of the request context.
func (p *reader) readContext(outer *jsonscan.ObjectWalk) {
	p.context, p.httpContext, p.balancer = span{}, false, false
	if !p.object(outer, "requestContext") {
		return
	}
	at := outer.Pos()
	o := jsonscan.WalkObject(p.event, at)
	for p.err == nil && o.Next() {
		switch string(o.Name(p.scratch[:0])) {
		case "stage":
			p.string(&o, &p.stage, "requestContext.stage")
		case "domainName":
			p.string(&o, &p.domain, "requestContext.domainName")
		case "protocol":
			p.string(&o, &p.protocol, "requestContext.protocol")
		case "httpMethod":
			p.string(&o, &p.contextMethod, "requestContext.httpMethod")
		case "requestId":
			p.string(&o, &p.requestID, "requestContext.requestId")
		case "elb":
			p.balancer = true
			p.skip(&o, "requestContext.elb")
		case "http":
			p.httpContext = true
			p.readHTTP(&o)
		case "identity":
			p.readIdentity(&o)
		default:
			p.skip(&o, "requestContext")
		}
	}
	p.leave(outer, &o, "requestContext")
	p.context = span{at, o.End()}
}

func (p *reader) readHTTP(outer *jsonscan.ObjectWalk) {
	if !p.object(outer, "requestContext.http") {
		return
	}
	o := jsonscan.WalkObject(p.event, outer.Pos())
	for p.err == nil && o.Next() {
		switch string(o.Name(p.scratch[:0])) {
		case "method":
			p.string(&o, &p.contextMethod, "requestContext.http.method")
		case "protocol":
			p.string(&o, &p.protocol, "requestContext.http.protocol")
		case "sourceIp":
			p.string(&o, &p.sourceIP, "requestContext.http.sourceIp")
		default:
			p.skip(&o, "requestContext.http")
		}
	}
	p.leave(outer, &o, "requestContext.http")
}

func (p *reader) readIdentity(outer *jsonscan.ObjectWalk) {
	if !p.object(outer, "requestContext.identity") {
		return
	}
	o := jsonscan.WalkObject(p.event, outer.Pos())
	for p.err == nil && o.Next() {
		if string(o.Name(p.scratch[:0])) == "sourceIp" {
			p.string(&o, &p.sourceIP, "requestContext.identity.sourceIp")
		} else {
			p.skip(&o, "requestContext.identity")
		}
	}
	p.leave(outer, &o, "requestContext.identity")
}

// leave ends the walk of the member o of outer.
func (p *reader) leave(outer, o *jsonscan.ObjectWalk, member string) {
	if p.err != nil {
		return
	}
	if err := o.Err(); err != nil {
		p.err = syntaxError(member, err)
		return
	}
	outer.Resume(o.End())
}

func (p *reader) isVersion2() bool {
	return string(p.event[p.version.lo:p.version.hi]) == `"2.0"`
}

// finish decides which front it is, and which of several members holds what.
func (p *reader) finish(start int) error {
	switch {
	case p.balancer && (p.headerLists.hi != 0 || p.queryLists.hi != 0):
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
	if !p.headersRead {
		if err := p.choose(&p.headers, p.headerLists, p.headerMap, "multiValueHeaders", "headers"); err != nil {
			return err
		}
	}
	if p.Front.Payload2() && p.rawQuery.hi != 0 {
		return nil
	}
	return p.choose(&p.query, p.queryLists, p.queryMap, "multiValueQueryStringParameters", "queryStringParameters")
}

// choose reads the lists, or where they are absent or empty the plain members.
func (p *reader) choose(dst *[]pair, lists, plain span, listsName, plainName string) error {
	*dst = (*dst)[:0]
	if lists.hi != 0 {
		if _, err := p.pairs(dst, lists.lo, listsName, true); err != nil {
			return err
		}
	}
	if len(*dst) == 0 && plain.hi != 0 {
		if _, err := p.pairs(dst, plain.lo, plainName, false); err != nil {
			return err
		}
	}
	return nil
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
