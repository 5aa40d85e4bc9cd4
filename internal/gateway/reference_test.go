package gateway_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// FuzzReference: what is read from an event is what encoding/json reads from it,
// in whatever order, escapes and white space its members come.
func FuzzReference(f *testing.F) {
	for _, event := range []string{
		`{"resource":"/a","path":"/a","httpMethod":"GET","headers":{"Accept":"b","Content-Type":"x"},"multiValueHeaders":{"accept":["b","c"],"Content-Type":["y"],"content-encoding":[]},"queryStringParameters":null,"multiValueQueryStringParameters":{"a":["1"]},"requestContext":{"stage":"p","requestId":"i","identity":{"x":{"sourceIp":"no"},"sourceIp":"::1"}},"body":null,"isBase64Encoded":false}`,
		`{"multiValueHeaders":{},"headers":{"A":"b","content-encoding":"gzip"},"multiValueQueryStringParameters":{},"queryStringParameters":{"a":"c"},"httpMethod":"PUT","path":"/"}`,
		`{"version":"2.0","rawPath":"/p","headers":{"accept":"b"},"multiValueHeaders":null,"queryStringParameters":{"a":"b"},"requestContext":{"domainName":"d","http":{"method":"GET","protocol":"HTTP/1.1","sourceIp":"1.2.3.4"},"stage":"p","requestId":"q"}}`,
		`{"version":"2.0","rawPath":"/p","multiValueHeaders":{"a":["1"]},"headers":{"a":"b"},"multiValueQueryStringParameters":{"a":["b"]},"rawQueryString":"","requestContext":{"http":{"method":"GET"}}}`,
		"{\"\\u0070ath\" :\t\"\\u002fa\" , \"httpMethod\":\"GET\",\n\"headers\":{\"\\u0061ccept\":\"\\u0062\",\"a\" : null },\"requestContext\":{ \"requestI\\u0064\" : \"1\" , \"identity\":{\"s\\u006furceIp\":\"::1\" } } }",
		`{"httpMethod":"GET","multiValueHeaders":{"a":[ "1" , null,"2"],"b":null},"requestContext":{"elb":{}},"headers":{"a":"x"}}`,
	} {
		f.Add([]byte(event))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		r, err := gateway.Parse(event)
		if err != nil {
			return
		}
		defer r.Release()
		if !utf8.Valid(event) {
			return // values are not repaired before they are decoded
		}
		members, ok := object(event)
		if !ok {
			return // a name comes twice: there is no telling which one counts
		}
		request := toMap(members)
		if context, ok := object(request["requestContext"]); ok {
			if got, want := r.RequestID(), text(toMap(context)["requestId"]); got != want {
				t.Errorf("request ID %q, want %q", got, want)
			}
		}
		headers, ok := pairs(request["multiValueHeaders"], request["headers"])
		if !ok || r.Front.Payload2() && request["multiValueHeaders"] != nil {
			return // payload format 2.0 has no lists
		}
		names := []string{"accept", "content-type", "content-encoding"}
		for _, h := range headers {
			names = append(names, h.name)
		}
		for _, name := range names {
			var want []string
			for _, h := range headers {
				if strings.EqualFold(h.name, name) && isASCII(h.name+name) {
					want = append(want, h.value)
				}
			}
			if !isASCII(name) || strings.EqualFold(name, "cookie") {
				continue
			}
			var got []string
			for v := range r.Headers(name) {
				got = append(got, string(v))
			}
			if !slices.Equal(got, want) || len(want) > 0 && string(r.Header(name)) != want[0] {
				t.Errorf("header %q: %q, first %q; want %q", name, got, r.Header(name), want)
			}
		}
		query, ok := pairs(request["multiValueQueryStringParameters"], request["queryStringParameters"])
		if !ok || r.Front.Payload2() || r.Front.Balancer() {
			return // these are encoded, and tested elsewhere
		}
		for _, q := range query {
			var got, want []string
			for v := range r.Query(q.name) {
				got = append(got, string(v))
			}
			for _, other := range query {
				if other.name == q.name {
					want = append(want, other.value)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("query %q: %q, want %q", q.name, got, want)
			}
		}
	})
}

type member struct {
	name  string
	value json.RawMessage
}

// object returns the members of an object in order, and whether it is one whose
// names differ.
func object(b []byte) (members []member, ok bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	seen := map[string]bool{}
	for d.More() {
		var m member
		name, err := d.Token()
		if err != nil || d.Decode(&m.value) != nil {
			return nil, false
		}
		if m.name = name.(string); seen[m.name] {
			return nil, false
		}
		seen[m.name] = true
		members = append(members, m)
	}
	return members, true
}

func toMap(members []member) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, m := range members {
		out[m.name] = m.value
	}
	return out
}

type nameValue struct{ name, value string }

// pairs returns what the lists hold, or else the plain members.
func pairs(lists, plain json.RawMessage) (out []nameValue, ok bool) {
	for _, b := range []json.RawMessage{lists, plain} {
		if b == nil || string(b) == "null" {
			continue
		}
		members, ok := object(b)
		if !ok {
			return nil, false
		}
		for _, m := range members {
			many := make([]*string, 1)
			if json.Unmarshal(m.value, &many[0]) != nil && json.Unmarshal(m.value, &many) != nil {
				return nil, false // of the wrong type in the member that doesn't count
			}
			for _, v := range many {
				if v != nil {
					out = append(out, nameValue{m.name, *v})
				}
			}
		}
		if len(out) > 0 {
			break
		}
	}
	return out, true
}

func text(b json.RawMessage) (s string) {
	json.Unmarshal(b, &s) //nolint:errcheck // what is no string is empty
	return s
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
