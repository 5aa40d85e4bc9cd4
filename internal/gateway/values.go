package gateway

import (
	"bytes"
	"errors"
	"iter"
	"net/url"
	"strings"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// ErrEscape is the error of a value with a percent sign that begins no escape.
var ErrEscape = errors.New("invalid percent-encoding")

// PathParameter returns the path parameter of that name, decoded, and whether
// there is one. ALB and function URLs have none.
func (r *Request) PathParameter(name string) (value []byte, ok bool) {
	for _, p := range r.params {
		if r.is(p.name, name) {
			v := r.bytes(p.value)
			if r.Front == REST {
				// A test event may hold what no client can send, such as 100%:
				// it is then taken as it is.
				if decoded, err := r.unescape(v, false); err == nil {
					v = decoded
				}
			}
			return v, true
		}
	}
	return nil, false
}

// A knownHeader is one that every invocation is asked for.
type knownHeader uint8

const (
	accept knownHeader = iota
	contentType
	contentEncoding
	knownHeaders
)

// findKnown looks once where the known headers are, and whether any name has
// escapes. An index is that of the first header of that name and one more.
func (r *Request) findKnown() {
	if len(r.headers) == 0 {
		return
	}
	lo, hi := r.headers[0].name.lo, r.headers[len(r.headers)-1].name.hi
	escapes := jsonscan.Escaped(r.event[lo:hi]) // most likely of values
	for i := range r.headers {
		if escapes && jsonscan.Escaped(r.event[r.headers[i].name.lo:r.headers[i].name.hi]) {
			r.escapedNames = true
		}
		var k knownHeader
		var name string
		switch s := r.headers[i].name; s.hi - s.lo - len(`""`) {
		case len("accept"):
			k, name = accept, "accept"
		case len("content-type"):
			k, name = contentType, "content-type"
		case len("content-encoding"):
			k, name = contentEncoding, "content-encoding"
		default:
			continue
		}
		if r.known[k] == 0 && r.isFold(r.headers[i].name, name) {
			r.known[k] = int32(i) + 1
		}
	}
}

// knownOf returns which of the known headers the name, in lower case, is.
func knownOf(name string) (k knownHeader, ok bool) {
	switch name {
	case "accept":
		return accept, true
	case "content-type":
		return contentType, true
	case "content-encoding":
		return contentEncoding, true
	}
	return 0, false
}

// firstHeader returns the index of the first header that may have that name.
func (r *Request) firstHeader(name string) int {
	if k, ok := knownOf(name); ok && !r.escapedNames {
		if r.known[k] == 0 {
			return len(r.headers)
		}
		return int(r.known[k]) - 1
	}
	return 0
}

// Headers yields the values of the headers of that name, in any case, one for
// each that the event still tells apart. A value is valid until the next step.
func (r *Request) Headers(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := r.firstHeader(name); i < len(r.headers); i++ {
			if p := &r.headers[i]; r.isFold(p.name, name) && !yield(r.bytes(p.value)) {
				return
			}
		}
	}
}

// Header returns the first header of that name, nil if there is none. It is
// valid until the next call.
func (r *Request) Header(name string) []byte {
	for i := r.firstHeader(name); i < len(r.headers); i++ {
		if p := &r.headers[i]; r.isFold(p.name, name) {
			return r.bytes(p.value)
		}
	}
	if len(r.cookies) > 0 && strings.EqualFold(name, "cookie") {
		return r.appendCookies(nil) // payload format 2.0 keeps them apart
	}
	return nil
}

// appendCookies appends what was the Cookie header.
func (r *Request) appendCookies(dst []byte) []byte {
	for i, c := range r.cookies {
		if i > 0 {
			dst = append(dst, "; "...)
		}
		dst = append(dst, r.bytes(c)...)
	}
	return dst
}

// Query yields the decoded values of the query parameter of that name. A value
// is valid until the next step; its error is nil or [ErrEscape].
func (r *Request) Query(name string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if r.Front.Payload2() && r.rawQuery.hi != 0 {
			r.rawValues(name, yield)
			return
		}
		for i := range r.query {
			p := &r.query[i]
			if !r.Front.Balancer() {
				if r.is(p.name, name) && !yield(r.bytes(p.value), nil) {
					return
				}
				continue
			}
			// ALB leaves names and values as the client encoded them.
			if key, err := r.unescape(r.bytes(p.name), true); err != nil || string(key) != name {
				continue
			}
			if !yield(r.unescape(r.bytes(p.value), true)) {
				return
			}
		}
	}
}

// QueryValue returns the first value of the query parameter of that name,
// decoded, nil if there is none. It is valid until the next call.
func (r *Request) QueryValue(name string) (value []byte, err error) {
	r.Query(name)(func(v []byte, e error) bool {
		value, err = v, e
		return false
	})
	return value, err
}

// rawValues is Query over rawQueryString.
func (r *Request) rawValues(name string, yield func([]byte, error) bool) {
	rest := r.bytes(r.rawQuery)
	if jsonscan.Escaped(r.event[r.rawQuery.lo:r.rawQuery.hi]) {
		rest = bytes.Clone(rest) // it is the scratch space that unescape needs
	}
	for len(rest) > 0 {
		var part []byte
		part, rest, _ = bytes.Cut(rest, []byte("&"))
		key, value, _ := bytes.Cut(part, []byte("="))
		if string(key) != name {
			if bytes.IndexByte(key, '%') < 0 && bytes.IndexByte(key, '+') < 0 {
				continue
			}
			if key, err := r.unescape(key, true); err != nil || string(key) != name {
				continue
			}
		}
		if !yield(r.unescape(value, true)) {
			return
		}
	}
}

// unescape decodes percent-encoding, and + as a space if plus. The result is s
// itself, or in scratch space; s may be that scratch space.
func (r *Request) unescape(s []byte, plus bool) ([]byte, error) {
	if bytes.IndexByte(s, '%') < 0 && (!plus || bytes.IndexByte(s, '+') < 0) {
		return s, nil
	}
	out := append(r.scratch[:0], s...) // an overlap is a copy onto itself
	n := 0
	for i := 0; i < len(out); i++ {
		c := out[i]
		switch {
		case c == '%':
			if i+2 >= len(out) || unhex(out[i+1]) > 15 || unhex(out[i+2]) > 15 {
				return s, ErrEscape
			}
			c = unhex(out[i+1])<<4 | unhex(out[i+2])
			i += 2
		case c == '+' && plus:
			c = ' '
		}
		out[n] = c
		n++
	}
	r.scratch = out
	return out[:n], nil
}

func unhex(c byte) byte {
	switch {
	case c-'0' <= 9:
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}

// Cookie returns the value of the first cookie of that name, as it was sent but
// without surrounding quotes, and whether there is one.
func (r *Request) Cookie(name string) (value []byte, ok bool) {
	for _, c := range r.cookies {
		if value, ok = findCookie(r.bytes(c), name); ok {
			return value, true
		}
	}
	if len(r.cookies) > 0 { // function URLs repeat them as a header
		return nil, false
	}
	for line := range r.Headers("cookie") {
		if value, ok = findCookie(line, name); ok {
			return value, true
		}
	}
	return nil, false
}

func findCookie(line []byte, name string) ([]byte, bool) {
	for len(line) > 0 {
		var part []byte
		part, line, _ = bytes.Cut(line, []byte(";"))
		key, value, ok := bytes.Cut(bytes.TrimSpace(part), []byte("="))
		if ok && string(key) == name {
			if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
				value = value[1 : n-1]
			}
			return value, true
		}
	}
	return nil, false
}

// is reports whether the token stands for name.
func (r *Request) is(s span, name string) bool {
	t := r.event[s.lo+1 : s.hi-1]
	if len(t) == len(name) {
		return string(t) == name
	}
	return len(t) > len(name) && jsonscan.EqualString(r.event[s.lo:s.hi], name)
}

// isFold is is for the ASCII names of headers, in any case. Only what differs in
// length can have escapes.
func (r *Request) isFold(s span, name string) bool {
	t := r.event[s.lo+1 : s.hi-1]
	if len(t) != len(name) {
		return r.escapedNames && len(t) > len(name) && jsonscan.Escaped(t) && strings.EqualFold(string(jsonscan.AppendString(nil, r.event[s.lo:s.hi])), name)
	}
	for i := range len(name) {
		a, b := t[i], name[i]
		if a != b && (a|0x20 != b|0x20 || a|0x20 < 'a' || a|0x20 > 'z') {
			return false
		}
	}
	return true
}

// RawContext returns the event's requestContext, a JSON object, nil if it has
// none. It is a part of the event.
func (r *Request) RawContext() []byte {
	if r.context.hi == 0 {
		return nil
	}
	return r.event[r.context.lo:r.context.hi]
}

// RequestID returns the front's own ID of the request, "" where it has none.
func (r *Request) RequestID() string { return r.text(r.requestID) }

// appendRawQuery appends the query string in encoded form.
func (r *Request) appendRawQuery(dst []byte) []byte {
	if r.Front.Payload2() && r.rawQuery.hi != 0 {
		return jsonscan.AppendString(dst, r.event[r.rawQuery.lo:r.rawQuery.hi])
	}
	for i, p := range r.query {
		if i > 0 {
			dst = append(dst, '&')
		}
		if r.Front.Balancer() {
			dst = append(append(append(dst, r.bytes(p.name)...), '='), r.bytes(p.value)...)
			continue
		}
		dst = append(append(dst, url.QueryEscape(r.text(p.name))...), '=')
		dst = append(dst, url.QueryEscape(r.text(p.value))...)
	}
	return dst
}
