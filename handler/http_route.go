package handler

import (
	"net/url"
	"strings"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// A routedRequest is an event of a front that does not route, with the path
// parameters that [Route] finds.
type routedRequest struct {
	*gateway.Request
	params [][2]string // name and decoded value
}

func (r *routedRequest) PathParameter(name string) ([]byte, bool) {
	for _, p := range r.params {
		if p[0] == name {
			return []byte(p[1]), true
		}
	}
	return nil, false
}

// match reports whether the request's path has the form of the template.
func (r *routedRequest) match(template string) bool {
	path, encoded := r.Path()
	rest := strings.TrimPrefix(string(path), "/")
	for want := template[1:]; ; {
		var segment, have string
		var more, moreWanted bool
		segment, want, moreWanted = strings.Cut(want, "/")
		name, isParameter := parameterName(segment)
		if isParameter && strings.HasSuffix(segment, "+}") {
			have, rest, more = rest, "", false
		} else {
			have, rest, more = strings.Cut(rest, "/")
		}
		if encoded {
			decoded, err := url.PathUnescape(have)
			if err != nil {
				return false
			}
			have = decoded
		}
		switch {
		case isParameter && have == "", !isParameter && have != segment, more != moreWanted:
			return false
		case isParameter:
			r.params = append(r.params, [2]string{name, have})
		}
		if !more {
			return true
		}
	}
}
