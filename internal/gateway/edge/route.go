package edge

import (
	"net/http"
	"strings"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// match returns the path parameters, percent-encoded, and whether the request's
// path matches the route.
func (c *Config) match(r *http.Request) (params [][2]string, ok bool) {
	path := escapedPath(r)
	route := c.Route
	switch {
	case c.Front.Balancer() || c.Front == gateway.FunctionURL || route == "$default":
		return nil, true
	case route == "" && c.Front == gateway.REST:
		if path == "/" {
			return nil, true
		}
		route = "/{proxy+}"
	case route == "":
		return nil, true
	}
	want := strings.Split(strings.Trim(route, "/"), "/")
	have := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range want {
		name, isParam := strings.CutPrefix(segment, "{")
		name = strings.TrimSuffix(name, "}")
		if greedy, ok := strings.CutSuffix(name, "+"); ok && isParam {
			if i >= len(have) || have[i] == "" {
				return nil, false
			}
			return append(params, [2]string{greedy, strings.Join(have[i:], "/")}), true
		}
		switch {
		case i >= len(have):
			return nil, false
		case isParam:
			params = append(params, [2]string{name, have[i]})
		case segment != have[i]:
			return nil, false
		}
	}
	return params, len(want) == len(have)
}
