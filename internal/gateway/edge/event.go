package edge

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// AppendEvent appends the event that the front sends for the request. body is
// the request's body; r.Body is not read. The error is a [*RefusedError] where
// the front would not invoke the function, as for a body that is too large.
func (c *Config) AppendEvent(dst []byte, r *http.Request, body []byte) ([]byte, error) {
	if err := c.checkRequest(r, body); err != nil {
		return dst, err
	}
	params, ok := c.match(r)
	if !ok {
		return dst, c.refuse(http.StatusNotFound, "Not Found", "the path does not match the route "+c.Route)
	}
	e := event{Config: c, r: r, b: dst, params: params}
	start := len(dst)
	switch {
	case c.Front.Balancer():
		e.balancer(body)
	case c.Front.Payload2():
		e.payload2(body)
	default:
		e.payload1(body)
	}
	if n := len(e.b) - start; n > gateway.MaxPayload {
		return dst, c.refuse(http.StatusRequestEntityTooLarge, "Request Too Long",
			"the event has "+strconv.Itoa(n)+" bytes, Lambda takes "+strconv.Itoa(gateway.MaxPayload))
	}
	return e.b, nil
}

func (c *Config) checkRequest(r *http.Request, body []byte) error {
	limit := gateway.MaxRequest
	switch {
	case c.Front.Balancer():
		limit = gateway.MaxALB
		if r.Header.Get("Upgrade") != "" {
			return c.refuse(http.StatusBadRequest, "Bad Request", "an ALB does not upgrade connections to a function")
		}
	case c.Front == gateway.FunctionURL:
		limit = gateway.MaxPayload
	}
	if len(body) > limit {
		message := "Request Too Long"
		if c.Front == gateway.HTTPv1 || c.Front == gateway.HTTPv2 {
			message = "Request Entity Too Large"
		}
		return c.refuse(http.StatusRequestEntityTooLarge, message,
			"the body has "+strconv.Itoa(len(body))+" bytes, "+c.Front.String()+" takes "+strconv.Itoa(limit))
	}
	return nil
}

func (c *Config) refuse(status int, message, reason string) error {
	a := Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: gateway.AppendFault(nil, message, "")}
	if c.Front.Balancer() {
		a = page(status)
	}
	return &RefusedError{Answer: a, Reason: reason}
}

// An event is one being written.
type event struct {
	*Config
	r      *http.Request
	b      []byte
	params [][2]string
}

func (e *event) raw(s string)   { e.b = append(e.b, s...) }
func (e *event) quote(s string) { e.b = jsonscan.AppendQuote(e.b, s) }
func (e *event) number(n int64) { e.b = strconv.AppendInt(e.b, n, 10) }
func (e *event) text(m, s string) { // a member after others
	e.raw(`,"` + m + `":`)
	e.quote(s)
}

// strings writes an object of strings, or null if it is empty.
func (e *event) strings(names []string, value func(string) string) {
	if len(names) == 0 {
		e.raw("null")
		return
	}
	for i, name := range names {
		e.raw(sep(i, '{'))
		e.quote(name)
		e.raw(":")
		e.quote(value(name))
	}
	e.raw("}")
}

// lists writes an object of arrays of strings, or null if it is empty.
func (e *event) lists(names []string, values func(string) []string) {
	if len(names) == 0 {
		e.raw("null")
		return
	}
	for i, name := range names {
		e.raw(sep(i, '{'))
		e.quote(name)
		e.raw(":[")
		for j, v := range values(name) {
			if j > 0 {
				e.raw(",")
			}
			e.quote(v)
		}
		e.raw("]")
	}
	e.raw("}")
}

func sep(i int, open byte) string {
	if i == 0 {
		return string(open)
	}
	return ","
}

func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// payload1 writes payload format 1.0, of REST and HTTP APIs.
func (e *event) payload1(body []byte) {
	path := escapedPath(e.r)
	full := path
	switch {
	case e.BasePath != "":
		path = e.BasePath + path
		full = path
	case e.Front == gateway.HTTPv1 && e.stage() != "$default":
		path = "/" + e.stage() + path
		full = path
	case e.Front == gateway.REST:
		full = "/" + e.stage() + path
	}
	resource := e.Route
	if resource == "" {
		if resource = "/{proxy+}"; e.Front == gateway.HTTPv1 {
			resource = "$default"
		}
	}
	if e.Front == gateway.HTTPv1 {
		e.raw(`{"version":"1.0","resource":`)
	} else {
		e.raw(`{"resource":`)
	}
	e.quote(resource)
	e.text("path", path)
	e.text("httpMethod", e.r.Method)
	h := e.headers()
	names := sorted(h)
	e.raw(`,"headers":`)
	e.strings(names, func(n string) string { return last(h[n]) })
	e.raw(`,"multiValueHeaders":`)
	e.lists(names, func(n string) []string { return h[n] })
	query, order := parseQuery(e.r.URL.RawQuery, true)
	e.raw(`,"queryStringParameters":`)
	e.strings(order, func(n string) string { return last(query[n]) })
	e.raw(`,"multiValueQueryStringParameters":`)
	e.lists(order, func(n string) []string { return query[n] })
	e.raw(`,"pathParameters":`)
	e.pathParameters()
	e.raw(`,"stageVariables":`)
	e.strings(sorted(e.StageVariables), func(n string) string { return e.StageVariables[n] })

	ip, _ := client(e.r)
	e.raw(`,"requestContext":{"accountId":"` + accountID + `","apiId":"` + apiID + `","domainName":`)
	e.quote(e.domain())
	e.raw(`,"domainPrefix":"` + apiID + `","extendedRequestId":"JKJaXmPLvHcESHA=","httpMethod":`)
	e.quote(e.r.Method)
	e.raw(`,"identity":{"accessKey":null,"accountId":null,"caller":null,"cognitoAuthenticationProvider":null,` +
		`"cognitoAuthenticationType":null,"cognitoIdentityId":null,"cognitoIdentityPoolId":null,"principalOrgId":null,"sourceIp":`)
	e.quote(ip)
	e.raw(`,"user":null,"userAgent":`)
	e.quote(e.r.UserAgent())
	e.raw(`,"userArn":null}`)
	e.text("path", full)
	e.text("protocol", e.protocol())
	e.text("requestId", e.requestID())
	e.text("requestTime", e.Time.UTC().Format("02/Jan/2006:15:04:05 -0700"))
	e.raw(`,"requestTimeEpoch":`)
	e.number(e.Time.UnixMilli())
	e.raw(`,"resourceId":"123456"`)
	e.text("resourcePath", resource)
	e.text("stage", e.stage())
	e.raw("}")
	e.body(body)
	e.raw("}")
}

// payload2 writes payload format 2.0, of HTTP APIs and function URLs.
func (e *event) payload2(body []byte) {
	path, decoded := escapedPath(e.r), e.r.URL.Path
	if decoded == "" {
		decoded = "/"
	}
	route := "$default"
	if e.Front == gateway.HTTPv2 {
		if path = decoded; e.stage() != "$default" {
			path = "/" + e.stage() + decoded
			decoded = path
		}
		if e.Route != "" {
			route = e.r.Method + " " + e.Route
		}
	}
	e.raw(`{"version":"2.0"`)
	e.text("routeKey", route)
	e.text("rawPath", path)
	e.text("rawQueryString", e.r.URL.RawQuery)
	h := e.headers()
	if cookies := h["cookie"]; len(cookies) > 0 {
		delete(h, "cookie")
		e.raw(`,"cookies":[`)
		i := 0
		for _, line := range cookies {
			for c := range strings.SplitSeq(line, ";") {
				if i > 0 {
					e.raw(",")
				}
				e.quote(strings.TrimSpace(c))
				i++
			}
		}
		e.raw("]")
	}
	e.raw(`,"headers":`)
	e.strings(sorted(h), func(n string) string { return strings.Join(h[n], ",") })
	if query, order := parseQuery(e.r.URL.RawQuery, true); len(order) > 0 {
		e.raw(`,"queryStringParameters":`)
		e.strings(order, func(n string) string { return strings.Join(query[n], ",") })
	}
	if len(e.params) > 0 {
		e.raw(`,"pathParameters":`)
		e.pathParameters()
	}
	if len(e.StageVariables) > 0 {
		e.raw(`,"stageVariables":`)
		e.strings(sorted(e.StageVariables), func(n string) string { return e.StageVariables[n] })
	}
	ip, _ := client(e.r)
	e.raw(`,"requestContext":{"accountId":"` + accountID + `","apiId":"` + apiID + `","domainName":`)
	e.quote(e.domain())
	e.raw(`,"domainPrefix":"` + apiID + `","http":{"method":`)
	e.quote(e.r.Method)
	e.text("path", decoded)
	e.text("protocol", e.protocol())
	e.text("sourceIp", ip)
	e.text("userAgent", e.r.UserAgent())
	e.raw("}")
	e.text("requestId", e.requestID())
	e.text("routeKey", route)
	e.text("stage", e.stage())
	e.text("time", e.Time.UTC().Format("02/Jan/2006:15:04:05 -0700"))
	e.raw(`,"timeEpoch":`)
	e.number(e.Time.UnixMilli())
	e.raw("}")
	e.body(body)
	e.raw("}")
}

// balancer writes an ALB's event.
func (e *event) balancer(body []byte) {
	e.raw(`{"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:` + region + `:` + accountID +
		`:targetgroup/orders/50dc6c495c0c9188"}},"httpMethod":`)
	e.quote(e.r.Method)
	e.text("path", escapedPath(e.r))
	query, order := parseQuery(e.r.URL.RawQuery, false)
	h := e.headers()
	if e.Front == gateway.ALBMulti {
		e.raw(`,"multiValueQueryStringParameters":`)
		if len(order) == 0 {
			e.raw("{}")
		} else {
			e.lists(order, func(n string) []string { return query[n] })
		}
		e.raw(`,"multiValueHeaders":`)
		e.lists(sorted(h), func(n string) []string { return h[n] })
	} else {
		e.raw(`,"queryStringParameters":`)
		if len(order) == 0 {
			e.raw("{}")
		} else {
			e.strings(order, func(n string) string { return last(query[n]) })
		}
		e.raw(`,"headers":`)
		e.strings(sorted(h), func(n string) string { return last(h[n]) })
	}
	e.body(body)
	e.raw("}")
}

// headers returns the headers that the front sends on. Only a REST API keeps the
// case of names; the names that it adds are written as it writes them.
func (e *event) headers() map[string][]string {
	h := make(map[string][]string, len(e.r.Header)+4)
	name := func(s string) string {
		if e.Front == gateway.REST {
			return s
		}
		return strings.ToLower(s)
	}
	for k, v := range e.r.Header {
		switch http.CanonicalHeaderKey(k) {
		case "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "Te", "Trailer", "Host",
			"X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto":
			continue
		case "Content-Length":
			continue
		}
		if len(v) > 0 {
			h[name(k)] = append(h[name(k)], v...)
		}
	}
	host := e.r.Host
	if host == "" {
		host = e.domain()
	}
	h[name("Host")] = []string{host}
	ip, _ := client(e.r)
	if old := e.r.Header.Values("X-Forwarded-For"); len(old) > 0 {
		ip = strings.Join(old, ", ") + ", " + ip
	}
	h[name("X-Forwarded-For")] = []string{ip}
	h[name("X-Forwarded-Port")] = []string{"443"}
	h[name("X-Forwarded-Proto")] = []string{"https"}
	if e.r.ContentLength > 0 && e.Front != gateway.REST {
		h["content-length"] = []string{strconv.FormatInt(e.r.ContentLength, 10)}
	}
	return h
}

func (e *event) protocol() string {
	if e.r.Proto != "" {
		return e.r.Proto
	}
	return "HTTP/1.1"
}

func (e *event) pathParameters() {
	if len(e.params) == 0 {
		e.raw("null")
		return
	}
	for i, p := range e.params {
		e.raw(sep(i, '{'))
		e.quote(p[0])
		e.raw(":")
		value := p[1]
		if e.Front != gateway.REST {
			if decoded, err := url.PathUnescape(value); err == nil {
				value = decoded
			}
		}
		e.quote(value)
	}
	e.raw("}")
}

// body writes the two last members.
func (e *event) body(body []byte) {
	if len(body) == 0 {
		switch e.Front {
		case gateway.ALB, gateway.ALBMulti:
			e.raw(`,"body":"","isBase64Encoded":false`)
		case gateway.REST, gateway.HTTPv1:
			e.raw(`,"body":null,"isBase64Encoded":false`)
		default:
			e.raw(`,"isBase64Encoded":false`)
		}
		return
	}
	if e.binary() {
		e.raw(`,"body":"`)
		e.b = base64.StdEncoding.AppendEncode(e.b, body)
		e.raw(`","isBase64Encoded":true`)
		return
	}
	e.raw(`,"body":`)
	e.b = jsonscan.AppendQuoteBytes(e.b, body)
	e.raw(`,"isBase64Encoded":false`)
}

// binary reports whether the front sends the body in base64.
func (e *event) binary() bool {
	contentType := e.r.Header.Get("Content-Type")
	if e.Front == gateway.REST {
		return gateway.MatchMediaType(e.BinaryMediaTypes, contentType)
	}
	if e.r.Header.Get("Content-Encoding") != "" {
		return true
	}
	t := strings.ToLower(gateway.MediaType(contentType))
	switch t {
	case "application/json", "application/javascript", "application/xml":
		return false
	}
	return !strings.HasPrefix(t, "text/")
}

// escapedPath returns the path as the client sent it.
func escapedPath(r *http.Request) string {
	if p := r.URL.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

// parseQuery splits a query string and keeps the order of names.
func parseQuery(raw string, decode bool) (values map[string][]string, order []string) {
	values = make(map[string][]string)
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		if decode {
			if d, err := url.QueryUnescape(k); err == nil {
				k = d
			}
			if d, err := url.QueryUnescape(v); err == nil {
				v = d
			}
		}
		if _, ok := values[k]; !ok {
			order = append(order, k)
		}
		values[k] = append(values[k], v)
	}
	return values, order
}

func sorted[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
