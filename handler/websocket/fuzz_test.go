package websocket_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/handler/websocket"
)

// member returns the value of a member as encoding/json reads it, which for a
// struct would take names in another case, too.
func member[T any](t *testing.T, object []byte, path ...string) (v T) {
	for _, name := range path {
		var all map[string]json.RawMessage
		if err := json.Unmarshal(object, &all); err != nil {
			t.Fatalf("served what encoding/json refuses: %v", err)
		}
		if object = all[name]; object == nil {
			return v
		}
	}
	if err := json.Unmarshal(object, &v); err != nil {
		t.Fatalf("member %v was served, but: %v", path, err)
	}
	return v
}

// FuzzInvoke compares with encoding/json: what is served is what it reads, and
// what goes out is what API Gateway accepts.
func FuzzInvoke(f *testing.F) {
	f.Add(message("say", "plain \u00e9 \" text", false))
	f.Add(message("say", base64.StdEncoding.EncodeToString([]byte{0, 0xff, 1}), true))
	f.Add([]byte(connectEvent))
	f.Add([]byte(disconnectEvent))
	f.Add([]byte(`{"requestContext":{"routeKey":"\u0073ay","eventType":"MESSAGE","connectionId":"\ud800","connectedAt":1},"body":"\/\u0000"}`))
	f.Add([]byte("{\"requestContext\":{\"routeKey\":\"k\",\"eventType\":\"MESSAGE\",\"connectionId\":\"c\",\"stage\":\"not \xff UTF-8\"}}"))
	f.Add([]byte(`{"requestContext":{"routeKey":"k","eventType":"MESSAGE","connectionId":"c","identity":{"sourceIp":"1"},"identity":{}}}`))
	var req *websocket.Request
	var body []byte
	r := websocket.New(
		websocket.Raw(websocket.DefaultRoute, func(ctx context.Context, b []byte) ([]byte, error) {
			req, body = websocket.From(ctx), b
			return b, nil
		}),
		websocket.Connect(func(ctx context.Context, _ join) (accepted, error) { return accepted{}, nil }),
		websocket.Disconnect(func(context.Context, websocket.Closing) error { return nil }),
	)
	f.Fuzz(func(t *testing.T, event []byte) {
		req = nil
		out, err := r.Invoke(t.Context(), event)
		if err != nil {
			_, known := errors.AsType[*websocket.EventError](err)
			if !known && !errors.Is(err, websocket.ErrTooLarge) {
				t.Fatalf("error %T: %v", err, err)
			}
			return
		}
		var resp struct {
			StatusCode      int
			Headers         map[string]string
			Body            *string
			IsBase64Encoded bool
		}
		if err := json.Unmarshal(out, &resp); err != nil || resp.StatusCode < 200 || resp.StatusCode > 599 {
			t.Fatalf("response %s: %v", out, err)
		}
		if req == nil {
			return // not a message
		}
		for _, m := range []struct {
			got  string
			path []string
		}{
			{req.RouteKey, []string{"routeKey"}}, {req.EventType, []string{"eventType"}}, {req.ConnectionID, []string{"connectionId"}},
			{req.Stage, []string{"stage"}}, {req.SourceIP, []string{"identity", "sourceIp"}},
		} {
			if want := member[string](t, event, append([]string{"requestContext"}, m.path...)...); m.got != want {
				t.Fatalf("%v = %q, want %q", m.path, m.got, want)
			}
		}
		if ms := member[int64](t, event, "requestContext", "connectedAt"); ms != 0 && !time.UnixMilli(ms).Equal(req.ConnectedAt) {
			t.Fatalf("connectedAt = %v, want %d", req.ConnectedAt, ms)
		}
		want := []byte(member[string](t, event, "body"))
		if member[bool](t, event, "isBase64Encoded") {
			if want, err = base64.StdEncoding.DecodeString(string(want)); err != nil {
				t.Fatalf("served a body that is not base64: %v", err)
			}
		}
		if string(want) != string(body) {
			t.Fatalf("body %q, want %q", body, want)
		}
		if resp.Body == nil {
			if body != nil {
				t.Fatalf("no reply, want %q", body)
			}
			return
		}
		reply := []byte(*resp.Body)
		if resp.IsBase64Encoded {
			reply, _ = base64.StdEncoding.DecodeString(*resp.Body)
		}
		if string(reply) != string(body) || resp.IsBase64Encoded == utf8.Valid(body) {
			t.Fatalf("reply %q (base64 %v), want %q", reply, resp.IsBase64Encoded, body)
		}
	})
}
