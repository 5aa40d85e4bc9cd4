package gateway

import (
	"bytes"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// HTTPRequest returns the event as a server's request with this context. It
// holds nothing of the event. The path is without an HTTP API's stage; where
// the front gives it decoded, URL.RawPath is empty. RemoteAddr is the client's
// address as the front saw it, with port 0 where that is not known. TLS is nil:
// it ends at the front, which says so in X-Forwarded-Proto. The front's path
// parameters are path values, which a ServeMux sets anew.
func (r *Request) HTTPRequest(ctx context.Context) (*http.Request, error) {
	u := r.url()
	var empty http.Request
	req := empty.WithContext(ctx) // before it is filled: it copies
	req.Method, req.URL, req.RequestURI = r.Method, u, u.RequestURI()
	req.Proto, req.ProtoMajor, req.ProtoMinor = "HTTP/1.1", 1, 1
	req.Header, req.Body, req.RemoteAddr = r.header(), http.NoBody, r.remoteAddr()
	if p := r.bytes(r.protocol); string(p) != "HTTP/1.1" {
		if major, minor, ok := http.ParseHTTPVersion(string(p)); ok {
			req.Proto, req.ProtoMajor, req.ProtoMinor = string(p), major, minor
		}
	}
	for i := range r.params {
		name := r.text(r.params[i].name)
		if v, ok := r.PathParameter(name); ok {
			req.SetPathValue(name, string(v))
		}
	}
	if req.Host = req.Header.Get("Host"); req.Host == "" {
		req.Host = r.text(r.domain)
	}
	delete(req.Header, "Host") // as net/http does
	if r.HasBody() {
		body, err := r.AppendBody(make([]byte, 0, r.MaxBody()))
		if err != nil {
			return nil, err
		}
		req.Body = &requestBody{*bytes.NewReader(body)}
		req.ContentLength = int64(len(body))
	}
	return req, nil
}

type requestBody struct{ bytes.Reader }

func (*requestBody) Close() error { return nil }

// Path returns the path and whether it is percent-encoded. An HTTP API's stage
// is taken off; a base path of a REST API's custom domain stays, as the service
// has no member that names it.
func (r *Request) Path() (path []byte, encoded bool) {
	path = r.bytes(r.path)
	if r.Front == HTTPv1 || r.Front == HTTPv2 {
		path = r.withoutStage(path)
	}
	if len(path) == 0 {
		path = []byte("/")
	}
	return path, r.Front != HTTPv2
}

// withoutStage takes a named stage off an HTTP API's path. Behind a custom
// domain name a path can begin like a stage without holding it; then
// the route tells: it begins like that too.
func (r *Request) withoutStage(path []byte) []byte {
	if r.stage.hi == 0 || jsonscan.Escaped(r.event[r.stage.lo:r.stage.hi]) {
		return path
	}
	stage := r.event[r.stage.lo+1 : r.stage.hi-1] // [A-Za-z0-9_-] or $default
	rest, ok := cutSegment(path, stage)
	if !ok || string(stage) == "$default" {
		return path
	}
	if r.domain.hi != 0 && !bytes.Contains(r.event[r.domain.lo:r.domain.hi], []byte(".execute-api.")) && r.routeKey.hi != 0 {
		if _, route, ok := bytes.Cut(r.event[r.routeKey.lo+1:r.routeKey.hi-1], []byte(" ")); ok {
			_, routed := cutSegment(route, stage)
			if _, twice := cutSegment(rest, stage); routed && !twice {
				return path
			}
		}
	}
	return rest
}

// cutSegment takes the first segment off the path if it is segment.
func cutSegment(path, segment []byte) (rest []byte, ok bool) {
	if len(path) == 0 || path[0] != '/' || !bytes.HasPrefix(path[1:], segment) {
		return path, false
	}
	rest = path[1+len(segment):]
	return rest, len(rest) == 0 || rest[0] == '/'
}

func (r *Request) url() *url.URL {
	u := new(url.URL)
	path, encoded := r.Path()
	p := string(path)
	if p[0] != '/' && p != "*" {
		p = "/" + p
	}
	// What is not validly encoded was not encoded: a path that an HTTP API has
	// decoded, or a test event's.
	u.Path = p
	if decoded, err := url.PathUnescape(p); encoded && err == nil {
		if u.Path = decoded; u.EscapedPath() != p {
			if u.RawPath = p; u.EscapedPath() != p {
				u.RawPath = ""
			}
		}
	}
	if len(r.query) > 0 || r.rawQuery.hi != 0 {
		u.RawQuery = string(r.appendRawQuery(nil))
	}
	return u
}

// header returns the headers with canonical names. Their values are parts of
// one string.
func (r *Request) header() http.Header {
	h := make(http.Header, len(r.headers)+1)
	if len(r.headers) == 0 && len(r.cookies) == 0 {
		return h
	}
	values := make([]string, 0, len(r.headers)+1)
	var text string
	base := 0
	if len(r.headers) > 0 {
		first, last := r.headers[0], r.headers[len(r.headers)-1]
		base = first.name.lo
		text = string(r.event[base:last.value.hi])
	}
	var room [256]byte // for values with escapes
	add := func(key, value string) {
		values = append(values, value)
		if old, ok := h[key]; ok {
			h[key] = append(old, value)
			return
		}
		n := len(values)
		h[key] = values[n-1 : n : n]
	}
	for i := range r.headers {
		p := &r.headers[i]
		key := text[p.name.lo+1-base : p.name.hi-1-base]
		if !isCanonical(key) {
			key = canonicalKey(r.bytes(p.name))
		}
		if key == "Cookie" && len(r.cookies) > 0 {
			continue // function URLs repeat them
		}
		if token := r.event[p.value.lo:p.value.hi]; jsonscan.Escaped(token) {
			add(key, string(jsonscan.AppendString(room[:0], token)))
		} else {
			add(key, text[p.value.lo+1-base:p.value.hi-1-base])
		}
	}
	if len(r.cookies) > 0 {
		add("Cookie", string(r.appendCookies(room[:0])))
	}
	return h
}

// isCanonical reports whether the header's name is in the form of net/http.
func isCanonical(name string) bool {
	upper := true
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z':
			if upper {
				return false
			}
		case 'A' <= c && c <= 'Z':
			if !upper {
				return false
			}
		case c != '-' && (c < '0' || c > '9'):
			return false // rare; textproto knows
		}
		upper = c == '-'
	}
	return true
}

// remoteAddr returns the client's address in the form IP:port.
func (r *Request) remoteAddr() string {
	ip := r.bytes(r.sourceIP)
	if len(ip) == 0 && r.Front.Balancer() {
		// An ALB appends the address that it saw to what the client claims.
		for v := range r.Headers("x-forwarded-for") {
			ip = v
		}
		if i := bytes.LastIndexByte(ip, ','); i >= 0 {
			ip = ip[i+1:]
		}
	}
	s := string(bytes.TrimSpace(ip))
	if s == "" {
		return ""
	}
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		if addr.Is4() {
			return s + ":0"
		}
		return netip.AddrPortFrom(addr, 0).String()
	}
	if addrPort, err := netip.ParseAddrPort(s); err == nil {
		return addrPort.String()
	}
	return s
}
