package front

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Route sends requests to a function: those of a method, or any, and a path
// such as /orders/{id} or /files/{name+}.
type Route struct {
	Method   string // empty for any
	Path     string
	Function string // empty for the only one
}

// Routes are the routes of an API.
type Routes []Route

// ParseRoute reads a route as [METHOD ]PATH[=FUNCTION], such as
// "GET /orders/{id}=orders".
func ParseRoute(s string) (Route, error) {
	fail := func(what string) (Route, error) {
		return Route{}, fmt.Errorf("route %q: %s: want [METHOD ]/path/{name}/{rest+}[=FUNCTION]", s, what)
	}
	var r Route
	rest := strings.TrimSpace(s)
	if method, path, ok := strings.Cut(rest, " "); ok {
		r.Method, rest = strings.ToUpper(method), strings.TrimSpace(path)
		if r.Method == "ANY" {
			r.Method = ""
		}
	}
	r.Path, r.Function, _ = strings.Cut(rest, "=")
	if !strings.HasPrefix(r.Path, "/") {
		return fail("the path does not begin with a slash")
	}
	segments := r.segments()
	for i, segment := range segments {
		name, open := strings.CutPrefix(segment, "{")
		name, closed := strings.CutSuffix(name, "}")
		name, greedy := strings.CutSuffix(name, "+")
		switch {
		case open != closed, open && name == "":
			return fail(fmt.Sprintf("segment %q is no parameter", segment))
		case open && greedy && i != len(segments)-1:
			return fail(fmt.Sprintf("%q is not the last segment", segment))
		}
	}
	return r, nil
}

func (r Route) segments() []string { return strings.Split(strings.Trim(r.Path, "/"), "/") }

// matches tells whether a path, in segments, is of the route, and how
// specifically: a literal segment counts more than a parameter, and that more
// than a greedy one, from the left on.
func (r Route) matches(path []string) (rank string, ok bool) {
	var b strings.Builder
	segments := r.segments()
	for i, segment := range segments {
		param := strings.HasPrefix(segment, "{")
		if param && strings.HasSuffix(segment, "+}") {
			b.WriteByte('1')
			return b.String(), i < len(path) && path[i] != ""
		}
		switch {
		case i >= len(path):
			return "", false
		case param:
			b.WriteByte('2')
		case segment == path[i]:
			b.WriteByte('3')
		default:
			return "", false
		}
	}
	return b.String(), len(segments) == len(path)
}

// find returns the most specific route of a request, see
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation.
func (rs Routes) find(req *http.Request) (Route, bool) {
	path := strings.Split(strings.TrimPrefix(req.URL.EscapedPath(), "/"), "/")
	best, bestRank, found := Route{}, "", false
	for _, r := range rs {
		if r.Method != "" && r.Method != req.Method {
			continue
		}
		rank, ok := r.matches(path)
		if r.Method != "" {
			rank += "m"
		}
		if ok && (!found || rank > bestRank) {
			best, bestRank, found = r, rank, true
		}
	}
	return best, found
}

// requestID is an ID of the front's, a UUID as REST APIs have it.
func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func newTrace(now time.Time) string {
	var b [12]byte
	rand.Read(b[:])
	return fmt.Sprintf("Root=1-%08x-%x", now.Unix(), b)
}
