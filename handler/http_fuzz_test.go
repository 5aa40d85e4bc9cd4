package handler

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// FuzzHTTP: whatever the event is, logic is called with what a plain reading by
// encoding/json finds in it, or not at all, and there is an answer or an error
// that says where.
func FuzzHTTP(f *testing.F) {
	for _, event := range []string{
		`{"version":"2.0","rawPath":"/a","rawQueryString":"page=7&page=8","headers":{"x-tenant":"blue","content-type":"application/json"},"requestContext":{"http":{"method":"POST"}},"body":"{\"text\":\"a\",\"list\":[1,2]}"}`,
		`{"version":"2.0","rawQueryString":"p%61ge=%37","headers":{"X-TENANT":"b\u0041"},"requestContext":{"http":{"method":"PUT"}},"body":"eyJ0ZXh0IjoiYSIsInRlbmFudCI6ImV2aWwifQ==","isBase64Encoded":true}`,
		`{"version":"2.0","requestContext":{"http":{"method":"GET"}},"headers":null,"body":null}`,
		`{"version":"2.0","requestContext":{"http":{"method":"POST"}},"body":"{\"Tenant\":{},\"text\":\"\\ud83d\\ude00\",\"inner\":{\"a\":1.5}} "}`,
	} {
		f.Add([]byte(event))
	}
	type in struct {
		Tenant string `header:"X-Tenant"`
		Page   int    `query:"page"`
		Text   string `json:"text"`
		List   []int  `json:"list"`
		Inner  map[string]any
	}
	var got *in
	inv := HTTP(func(_ context.Context, i in) (in, error) { got = &i; return i, nil })
	f.Fuzz(func(t *testing.T, event []byte) {
		got = nil
		out, err := inv.Invoke(t.Context(), event)
		if err != nil {
			if _, ok := err.(*gateway.EventError); !ok || got != nil {
				t.Fatalf("%T %v, called with %+v", err, err, got)
			}
			return
		}
		if !json.Valid(out) {
			t.Fatalf("answer %s", out)
		}
		if got == nil {
			if !strings.HasPrefix(string(out), `{"statusCode":4`) {
				t.Fatalf("not called, and the answer is %s", out)
			}
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(event, &members); err != nil {
			t.Fatalf("called for %q: %v", event, err)
		}
		if strings.Trim(string(members["version"]), ` `) != `"2.0"` || members["multiValueHeaders"] != nil || members["multiValueQueryStringParameters"] != nil {
			return // another front, and another test
		}
		var want in
		var body, query *string
		var isBase64 bool
		for name, to := range map[string]any{"body": &body, "rawQueryString": &query, "isBase64Encoded": &isBase64} {
			if raw := members[name]; raw != nil && json.Unmarshal(raw, to) != nil {
				t.Fatalf("called for %q", event)
			}
		}
		if body == nil || *body == "" {
			t.Fatal("called without a body")
		}
		text := []byte(*body)
		if isBase64 {
			if text, err = base64.StdEncoding.DecodeString(*body); err != nil {
				t.Fatal(err)
			}
		}
		want.Tenant, want.Page = got.Tenant, got.Page
		var plain struct { // In without what a body must not set
			Text  string `json:"text"`
			List  []int  `json:"list"`
			Inner map[string]any
		}
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatalf("called for the body %q: %v", text, err)
		}
		want.Text, want.List, want.Inner = plain.Text, plain.List, plain.Inner
		if query != nil {
			values, _ := url.ParseQuery(*query)
			page := 0
			if v := values.Get("page"); v != "" && !strings.Contains(*query, ";") && json.Unmarshal([]byte(strings.TrimLeft(v, "+0")), &page) == nil {
				want.Page = page
			}
		}
		if !reflect.DeepEqual(*got, want) {
			t.Fatalf("called with %+v, want %+v", *got, want)
		}
	})
}
