package websocket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/lambdatune/lambdatune/handler"
)

// Connect returns the Route for $connect, the HTTP request that asks for a
// connection. It has no body: the fields of In take its query parameters, headers
// and cookies by the tags query, header and cookie, as [handler.HTTP] has them.
//
//	type Join struct {
//		Room     string `query:"room"`
//		Token    string `header:"Authorization"`
//		Protocol string `header:"Sec-WebSocket-Protocol"`
//	}
//
// The connection is there once f has returned without an error. An error refuses
// it, with the error's HTTPStatus, from 400 on, or 500, which is logged; see
// [Refusal]. A parameter that does not fit its field is a 400. The methods of Out
// are those of [handler.HTTP]; of its HTTPHeader, clients that offered subprotocols
// need Sec-WebSocket-Protocol with the one that was chosen. A panic in f is
// logged and refuses with 500.
func Connect[In, Out any](f handler.Func[In, Out]) Route {
	route := Route{key: connectRoute, err: checkTags(reflect.TypeFor[In]())}
	if f == nil {
		route.err = errors.Join(route.err, errors.New("websocket: Connect needs a function, not nil"))
	}
	endpoint := handler.Endpoint(f)
	route.serve = func(ctx context.Context, c *call) (_ reply, err error) {
		req, err := c.upgrade(ctx)
		if err != nil {
			return reply{}, err
		}
		defer func() {
			v := recover()
			if e, ok := v.(*handler.PanicError); ok { // the process is to end
				err = e
			} else if v != nil {
				panic(v)
			}
		}()
		w := writer{header: http.Header{}}
		endpoint.ServeHTTP(&w, req)
		return w.reply(), nil
	}
	return route
}

// checkTags reports fields that no event can set.
func checkTags(t reflect.Type) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("websocket: Connect needs a struct to decode into, not a value of kind %s", t.Kind())
	}
	var errs []error
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() || field.Anonymous {
			continue
		}
		_, query := field.Tag.Lookup("query")
		_, header := field.Tag.Lookup("header")
		_, cookie := field.Tag.Lookup("cookie")
		inner := field.Type.Kind() == reflect.Struct
		if !query && !header && !cookie && !inner && field.Tag.Get("json") != "-" {
			errs = append(errs, fmt.Errorf("websocket: field %s of Connect's input has none of the tags query, header and cookie: $connect has no body or path to set it from", field.Name))
		}
	}
	return errors.Join(errs...)
}

// upgrade returns the HTTP request of a $connect.
func (c *call) upgrade(ctx context.Context) (*http.Request, error) {
	header, err := c.lists("headers", c.headers, "multiValueHeaders", c.headerLists)
	if err != nil {
		return nil, err
	}
	query, err := c.lists("queryStringParameters", c.query, "multiValueQueryStringParameters", c.queryLists)
	if err != nil {
		return nil, err
	}
	req := &http.Request{
		Method: http.MethodGet, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, len(header)),
		URL: &url.URL{Path: "/", RawQuery: url.Values(query).Encode()}, Host: c.DomainName, RemoteAddr: c.SourceIP, Body: http.NoBody,
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if strings.EqualFold(name, "Host") && len(header[name]) > 0 {
			req.Host = header[name][0]
		}
		key := http.CanonicalHeaderKey(name)
		req.Header[key] = append(req.Header[key], header[name]...)
	}
	return req.WithContext(ctx), nil
}

// lists returns the values of each name, from the member that has them all or,
// without it, from the one that has the last of each.
func (c *call) lists(member string, values span, listsMember string, lists span) (map[string][]string, error) {
	if lists.hi != 0 {
		var all map[string][]string
		if err := json.Unmarshal(lists.of(c.json), &all); err != nil {
			return nil, &EventError{Member: listsMember, Offset: lists.lo, Msg: "other values than arrays of strings"}
		}
		return all, nil
	}
	all := map[string][]string{}
	if values.hi != 0 {
		var last map[string]string
		if err := json.Unmarshal(values.of(c.json), &last); err != nil {
			return nil, &EventError{Member: member, Offset: values.lo, Msg: "other values than strings"}
		}
		for name, value := range last {
			all[name] = []string{value}
		}
	}
	return all, nil
}

// A writer is the http.ResponseWriter of a $connect.
type writer struct {
	header http.Header
	status int
	body   []byte
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body = append(w.body, b...)
	return len(b), nil
}

// reply leaves out the body of a connection that is accepted, which has none.
func (w *writer) reply() reply {
	rep := reply{status: w.status, header: w.header, body: w.body}
	if rep.status < 300 {
		rep.body = nil
		rep.header.Del("Content-Type")
	}
	return rep
}

func sortedNames(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }

func joined(values []string) string { return strings.Join(values, ", ") }
