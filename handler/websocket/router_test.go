package websocket_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/websocket"
)

var _ handler.Invoker = (*websocket.Router)(nil)

type say struct {
	Action string `json:"action"`
	Text   string `json:"text"`
	Times  int    `json:"times"`
}

type said struct {
	Echo string `json:"echo"`
	From string `json:"from"`
}

func echo(ctx context.Context, s say) (said, error) {
	return said{s.Text, websocket.From(ctx).ConnectionID}, nil
}

// invoke returns the response in parts.
func invoke(t *testing.T, inv handler.Invoker, event []byte) (status int, body string, header map[string]string, err error) {
	t.Helper()
	out, err := inv.Invoke(t.Context(), event)
	if err != nil {
		return 0, "", nil, err
	}
	var r struct {
		StatusCode      int               `json:"statusCode"`
		Headers         map[string]string `json:"headers"`
		Body            *string           `json:"body"`
		IsBase64Encoded bool              `json:"isBase64Encoded"`
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("response %s: %v", out, err)
	}
	switch {
	case r.Body == nil:
		body = "(none)"
	case r.IsBase64Encoded:
		raw, err := base64.StdEncoding.DecodeString(*r.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = "binary " + string(raw)
	default:
		body = *r.Body
	}
	return r.StatusCode, body, r.Headers, nil
}

func TestMessage(t *testing.T) {
	type none struct{}
	r := websocket.New(
		websocket.Message("say", echo),
		websocket.Message("strict", echo, handler.DisallowUnknownFields()),
		websocket.Message("quiet", func(context.Context, say) (struct{}, error) { return struct{}{}, nil }),
		websocket.Message("nil", func(context.Context, say) (*said, error) { return nil, nil }),
		websocket.Message("refuse", func(context.Context, say) (none, error) {
			return none{}, fmt.Errorf("audit: %w", &websocket.Refusal{Status: 429, Message: "slow \"down\""})
		}),
		websocket.Message("fail", func(context.Context, say) (none, error) { return none{}, errors.New("db-7 is down") }),
		websocket.Message("refuse500", func(context.Context, say) (none, error) { return none{}, &websocket.Refusal{Status: 503} }),
		websocket.Message("wrapped", func(context.Context, say) (none, error) {
			return none{}, &handler.DecodeError{Err: errors.New("of a file of ours")}
		}),
		websocket.Message("panic", func(context.Context, say) (none, error) { panic("boom") }),
		websocket.Message("large", func(context.Context, say) (string, error) { return strings.Repeat("x", websocket.MaxMessage-1), nil }),
		websocket.Message("largest", func(context.Context, say) (string, error) { return strings.Repeat("x", websocket.MaxMessage-2), nil }),
		websocket.Raw(websocket.DefaultRoute, func(_ context.Context, b []byte) ([]byte, error) { return append(b, '!'), nil }),
		websocket.Raw("rawnil", func(_ context.Context, b []byte) ([]byte, error) { return nil, nil }),
		websocket.Raw("rawpanic", func(_ context.Context, b []byte) ([]byte, error) { panic("boom") }),
	)
	if err := r.ConfigError(); err != nil {
		t.Fatal(err)
	}
	fault := func(message string) string {
		m, _ := json.Marshal(message)
		return `{"message":` + string(m) + `,"connectionId":"VNRUSeldSwMCIRQ=","requestId":"VNRXVFJOywMF3-Q="}`
	}
	for _, c := range []struct {
		name, route, body string
		base64            bool
		status            int
		want              string // of the reply, or of the error
	}{
		{"reply", "say", `{"action":"say","text":"hé\n😀"}`, false, 200, `{"echo":"hé\n😀","from":"VNRUSeldSwMCIRQ="}`},
		{"base64", "say", base64.StdEncoding.EncodeToString([]byte(`{"text":"hé"}`)), true, 200, `{"echo":"hé","from":"VNRUSeldSwMCIRQ="}`},
		{"unknown member", "say", `{"text":"a","other":1}`, false, 200, `{"echo":"a","from":"VNRUSeldSwMCIRQ="}`},
		{"unknown member, strict", "strict", `{"text":"a","other":1}`, false, 400, fault(`invalid JSON of member "other" at offset 20: a member of this name is not known`)},
		{"no output", "quiet", `{}`, false, 200, "(none)"},
		{"nil output", "nil", `{}`, false, 200, "(none)"},
		{"trailing", "say", `{"text":"a"} x`, false, 400, fault("invalid JSON at offset 13: found 'x' where the end of the text is expected")},
		{"null", "say", ` null`, false, 400, fault("invalid JSON at offset 1: null where a value is expected")},
		{"type", "say", `{"text":"a","times":"3"}`, false, 400, fault(`invalid JSON of member "times" at offset 20: a string where an integer from -9223372036854775808 to 9223372036854775807 is expected`)},
		{"empty", "say", ``, false, 400, fault("invalid JSON at offset 0: the text is empty")},
		{"refused", "refuse", `{}`, false, 429, fault(`slow "down"`)},
		{"error", "fail", `{}`, false, 0, "db-7 is down"},
		{"5xx is an error", "refuse500", `{}`, false, 0, "Service Unavailable"},
		{"a DecodeError of logic", "wrapped", `{}`, false, 0, "of a file of ours"},
		{"panic", "panic", `{}`, false, 0, "panic: boom"},
		{"too large", "large", `{}`, false, 0, "131072 bytes, a message's limit: it has 131073"},
		{"as large as can be", "largest", `{}`, false, 200, `"` + strings.Repeat("x", websocket.MaxMessage-2) + `"`},
		{"raw", websocket.DefaultRoute, "ping\t\"é\"", false, 200, "ping\t\"é\"!"},
		{"raw binary", websocket.DefaultRoute, base64.StdEncoding.EncodeToString([]byte{0xff, 0}), true, 200, "binary \xff\x00!"},
		{"raw, empty", websocket.DefaultRoute, "", false, 200, "!"},
		{"raw, none", "rawnil", "x", false, 200, "(none)"},
		{"raw, panic", "rawpanic", "x", false, 0, "panic: boom"},
		{"raw, not base64", websocket.DefaultRoute, "a", true, 0, `member "body" at offset`},
		{"not base64", "say", "a", true, 0, `member "body" at offset`},
		{"unknown route", "custom", "x", false, 200, "x!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body, _, err := invoke(t, r, message(c.route, c.body, c.base64))
			if c.status == 0 {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error = %v (%d %s), want %q", err, status, body, c.want)
				}
				return
			}
			if err != nil || status != c.status || body != c.want {
				t.Errorf("%d %s, %v; want %d %s", status, body, err, c.status, c.want)
			}
		})
	}
	_, err := r.Invoke(t.Context(), message("panic", "{}", false))
	if e, ok := errors.AsType[*handler.PanicError](err); !ok || len(e.Stack) == 0 {
		t.Errorf("a panic is %T", err)
	}
	_, err = r.Invoke(t.Context(), message("large", "{}", false))
	if !errors.Is(err, websocket.ErrTooLarge) {
		t.Errorf("too large is %v", err)
	}
}

type join struct {
	Room  string   `query:"room"`
	Tags  []string `query:"tag"`
	Token string   `header:"authorization"`
	User  *string  `cookie:"user"`
	Limit int      `query:"limit"`
}

type accepted struct{}

func (accepted) HTTPHeader() http.Header {
	return http.Header{"Sec-WebSocket-Protocol": {"chat.v2"}}
}

func TestConnect(t *testing.T) {
	var got join
	var fault error
	r := websocket.New(websocket.Connect(func(ctx context.Context, j join) (accepted, error) {
		if got = j; j.Room == "panic" {
			panic("boom")
		}
		return accepted{}, fault
	}))
	if err := r.ConfigError(); err != nil {
		t.Fatal(err)
	}
	status, body, header, err := invoke(t, r, []byte(connectEvent))
	if err != nil || status != 200 || body != "(none)" || len(header) != 1 || header["Sec-Websocket-Protocol"] != "chat.v2" {
		t.Errorf("%d %s %v %v", status, body, header, err)
	}
	if got.Room != "tea & cakes" || len(got.Tags) != 2 || got.Token != "Bearer t-1" || got.User == nil || *got.User != "zoe" {
		t.Errorf("input = %+v", got)
	}
	for _, c := range []struct {
		name   string
		err    error
		event  string
		status int
		want   string
	}{
		{"refused", &websocket.Refusal{Status: 401, Message: "no token"}, connectEvent, 401, `"message":"no token"`},
		{"forbidden", fmt.Errorf("x: %w", &websocket.Refusal{}), connectEvent, 403, `"message":"Forbidden"`},
		{"error", errors.New("db-7 is down"), connectEvent, 500, `"message":"Internal Server Error"`},
		{"parameter", nil, strings.ReplaceAll(strings.ReplaceAll(connectEvent, `"tag":["a","b"]`, `"limit":["x"]`), `"tag":"b"`, `"limit":"x"`), 400, "limit"},
		{"panic", nil, strings.ReplaceAll(connectEvent, "tea & cakes", "panic"), 500, `"message":"Internal Server Error"`},
	} {
		fault = c.err
		status, body, _, err := invoke(t, r, []byte(c.event))
		if err != nil || status != c.status || !strings.Contains(body, c.want) || strings.Contains(body, "db-7") {
			t.Errorf("%s: %d %s, %v; want %d %s", c.name, status, body, err, c.status, c.want)
		}
	}
	// Single values, where there are no lists.
	fault = nil
	single := strings.ReplaceAll(strings.ReplaceAll(connectEvent, "multiValueHeaders", "x"), "multiValueQueryStringParameters", "y")
	if status, _, _, err := invoke(t, r, []byte(single)); err != nil || status != 200 || got.Token != "Bearer t-1" || len(got.Tags) != 1 || got.Tags[0] != "b" {
		t.Errorf("single values: %d, %v, %+v", status, err, got)
	}
}

func TestDisconnect(t *testing.T) {
	var got websocket.Closing
	fail := false
	r := websocket.New(websocket.Disconnect(func(_ context.Context, c websocket.Closing) error {
		if got = c; fail {
			return errors.New("db-7 is down")
		}
		return nil
	}))
	status, body, _, err := invoke(t, r, []byte(disconnectEvent))
	if want := (websocket.Closing{Code: 1001, Reason: "Going away"}); err != nil || status != 200 || body != "(none)" || got != want {
		t.Errorf("%d %s, %v, %+v", status, body, err, got)
	}
	fail = true
	if _, _, _, err := invoke(t, r, []byte(disconnectEvent)); err == nil || err.Error() != "db-7 is down" {
		t.Errorf("error = %v", err)
	}
}

func TestFrom(t *testing.T) {
	if websocket.From(t.Context()) != nil {
		t.Error("a request without an event")
	}
	var kept *websocket.Request
	r := websocket.New(websocket.Message("k\"é", func(ctx context.Context, _ say) (struct{}, error) {
		kept = websocket.From(ctx)
		return struct{}{}, nil
	}))
	event := message("k\"é", `{}`, false)
	if _, err := r.Invoke(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	clear(event) // as the runtime will use its buffer again
	want := `{"RouteKey":"k\"é","EventType":"MESSAGE","ConnectionID":"VNRUSeldSwMCIRQ=","MessageID":"VNRXVdWEywMCIRQ=","RequestID":"VNRXVFJOywMF3-Q=","APIID":"a1b2c3d4e5","DomainName":"a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com","Stage":"prod","SourceIP":"203.0.113.24","UserAgent":"wscat",` +
		`"ConnectedAt":"2026-09-18T09:24:51.123Z","RequestTime":"2026-09-18T09:25:51.124Z","Authorizer":{"principalId":"zoe","tier":"gold"}}`
	kept.ConnectedAt, kept.RequestTime = kept.ConnectedAt.UTC(), kept.RequestTime.UTC()
	if got, _ := json.Marshal(kept); string(got) != want {
		t.Errorf("request =\n%s, want\n%s", got, want)
	}
}

func TestEndpoint(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-west-1")
	for _, c := range []struct {
		r    websocket.Request
		want string
	}{
		{websocket.Request{APIID: "a1", DomainName: "a1.execute-api.us-east-1.amazonaws.com", Stage: "prod"}, "https://a1.execute-api.us-east-1.amazonaws.com/prod"},
		{websocket.Request{APIID: "a1", DomainName: "a1.execute-api.cn-north-1.amazonaws.com.cn", Stage: "p"}, "https://a1.execute-api.cn-north-1.amazonaws.com.cn/p"},
		{websocket.Request{APIID: "a1", DomainName: "ws.example.com", Stage: "prod"}, "https://a1.execute-api.eu-west-1.amazonaws.com/prod"},
		{websocket.Request{}, ""},
	} {
		if got := c.r.Endpoint(); got != c.want {
			t.Errorf("Endpoint of %+v = %q, want %q", c.r, got, c.want)
		}
	}
}

func TestRefusedEvents(t *testing.T) {
	r := websocket.New(
		websocket.Message("say", echo),
		websocket.Connect(func(context.Context, struct{}) (struct{}, error) { t.Error("connected"); return struct{}{}, nil }),
		websocket.Disconnect(func(context.Context, websocket.Closing) error { t.Error("disconnected"); return nil }),
	)
	if err := r.ConfigError(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, event, want string }{
		{"no object", `[]`, "at offset 0: another type of value than an object"},
		{"empty", ``, "at offset 0"},
		{"syntax", `{"requestContext":{"routeKey":}}`, `member "requestContext" at offset 30`},
		{"syntax elsewhere", `{"other":tru}`, `member "other" at offset 12`},
		{"trailing", `{"requestContext":{}} x`, "at offset 22"},
		{"HTTP event", `{"version":"2.0","requestContext":{"http":{}}}`, `member "requestContext.routeKey"`},
		{"no context", `{"Records":[]}`, `member "requestContext"`},
		{"body", strings.Replace(string(message("say", "x", false)), `"x"`, `7`, 1), `member "body" at offset`},
		{"isBase64Encoded", strings.Replace(string(message("say", "x", false)), `:false`, `:"no"`, 1), `member "isBase64Encoded" at offset`},
		{"stage", strings.Replace(string(message("say", "x", false)), `"prod"`, `7`, 1), `member "requestContext.stage" at offset`},
		{"connectedAt", strings.Replace(string(message("say", "x", false)), `1789723491123`, `1e99`, 1), `member "requestContext.connectedAt" at offset`},
		// A client chooses its messages' route key.
		{"forged connect", string(message("$connect", "{}", false)), "not of the type CONNECT"},
		{"forged disconnect", string(message("$disconnect", "{}", false)), "not of the type DISCONNECT"},
		{"no route", string(message("other", "{}", false)), `no function for route "other"`},
	} {
		_, err := r.Invoke(t.Context(), []byte(c.event))
		e, ok := errors.AsType[*websocket.EventError](err)
		if !ok || !strings.Contains(err.Error(), c.want) || e.ErrorType() != "InvalidWebSocketEvent" {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestMistakes(t *testing.T) {
	ok := websocket.Message("say", echo)
	for _, c := range []struct {
		name   string
		routes []websocket.Route
		want   string
	}{
		{"none", nil, "at least one Route"},
		{"twice", []websocket.Route{ok, ok}, `"say" has two functions`},
		{"zero", []websocket.Route{{}}, "Route is zero"},
		{"empty key", []websocket.Route{websocket.Message("", echo)}, "route key is empty"},
		{"connect", []websocket.Route{websocket.Message("$connect", echo)}, "use Connect"},
		{"nil", []websocket.Route{websocket.Message[say, said]("say", nil)}, `"say" needs a function`},
		{"nil raw", []websocket.Route{websocket.Raw("say", nil)}, `"say" needs a function`},
		{"nil connect", []websocket.Route{websocket.Connect[join, accepted](nil)}, "Connect needs a function"},
		{"nil disconnect", []websocket.Route{websocket.Disconnect(nil)}, "Disconnect needs a function"},
		{"option", []websocket.Route{websocket.Message("say", echo, handler.CompressMin(1))}, "CompressMin is not an option"},
		{"range", []websocket.Route{websocket.Message("say", echo, handler.DeadlineReserve(-1))}, "out of range"},
		{"untagged", []websocket.Route{websocket.Connect(func(context.Context, say) (accepted, error) { return accepted{}, nil })}, "field Text of Connect's input"},
	} {
		r := websocket.New(c.routes...)
		if err := r.ConfigError(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if _, err := r.Invoke(t.Context(), message("say", "{}", false)); err != r.ConfigError() {
			t.Errorf("%s: Invoke = %v", c.name, err)
		}
	}
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			remaining, want time.Duration
			opts            []handler.Option
		}{
			{10 * time.Second, 9500 * time.Millisecond, nil},
			{15 * time.Minute, 27550 * time.Millisecond, nil},
			{10 * time.Second, 7 * time.Second, []handler.Option{handler.DeadlineReserve(2500 * time.Millisecond)}},
		} {
			var kept context.Context
			var left time.Duration
			r := websocket.New(websocket.Message("say", func(ctx context.Context, _ say) (struct{}, error) {
				d, _ := ctx.Deadline()
				kept, left = ctx, time.Until(d)
				return struct{}{}, nil
			}, c.opts...))
			ctx, cancel := context.WithTimeout(t.Context(), c.remaining)
			if _, err := r.Invoke(ctx, message("say", "{}", false)); err != nil {
				t.Error(err)
			}
			if left != c.want {
				t.Errorf("of %v logic has %v, want %v", c.remaining, left, c.want)
			}
			if kept.Err() == nil {
				t.Error("the context outlives the invocation")
			}
			cancel()
		}
	})
}

func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under -race")
	}
	r := websocket.New(websocket.Message("say", echo))
	event := message("say", `{"action":"say","text":"hello"}`, false)
	if n := testing.AllocsPerRun(200, func() {
		if _, err := r.Invoke(context.Background(), event); err != nil {
			t.Error(err)
		}
	}); n > 12 {
		t.Errorf("%v allocations per message, want at most 12", n)
	}
}
