package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
	"github.com/lambdatune/lambdatune/internal/invocation"
)

var fronts = []gateway.Front{gateway.REST, gateway.HTTPv1, gateway.HTTPv2, gateway.FunctionURL, gateway.ALB, gateway.ALBMulti}

// send plays a request through a front to inv and returns what its client gets.
func send(t testing.TB, front gateway.Front, inv Invoker, route string, r *http.Request) edge.Answer {
	t.Helper()
	c := edge.Config{Front: front, Route: route, BinaryMediaTypes: []string{"image/*"}}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	event, err := c.AppendEvent(nil, r, body)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := inv.Invoke(context.Background(), event)
	if err != nil {
		t.Logf("%v: %v", front, err)
	}
	return c.Answer(r, payload, err != nil)
}

// post is a request with a JSON body.
func post(target, body string) *http.Request {
	r := httptest.NewRequest("POST", target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

type shopOrder struct {
	Shop   string     `path:"shop"`
	Page   int8       `query:"page"`
	Tags   []string   `query:"tag"`
	Tenant string     `header:"X-Tenant"`
	Since  *time.Time `header:"X-Since"`
	User   *string    `cookie:"user"`
	SKU    string     `json:"sku"`
	Count  int        `json:"count"`
}

func TestHTTP(t *testing.T) {
	var got shopOrder
	inv := HTTP(func(_ context.Context, o shopOrder) (answer, error) {
		got = o
		return answer{Text: o.SKU + " <&> " + o.Tenant}, nil
	}, Route("/shops/{shop}/orders"))
	since := time.Date(2025, 9, 22, 6, 30, 0, 0, time.UTC)
	user := "u 42"
	for _, front := range fronts {
		r := post("/shops/a%2Fb%20c/orders?page=-3&tag=tea&tag=gr%C3%BCn+", `{"sku":"T-1","count":2,"tenant":"evil","SHOP":"evil","Page":99}`)
		r.Header.Set("X-Tenant", "blue")
		r.Header.Set("X-Since", since.Format(time.RFC3339))
		r.Header.Set("Cookie", `theme=dark; user="u 42"`)
		a := send(t, front, inv, "/shops/{shop}/orders", r)
		if a.Status != 200 || string(a.Body) != `{"text":"T-1 <&> blue"}` || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%v: %d %s %v", front, a.Status, a.Body, a.Header)
			continue
		}
		want := shopOrder{"a/b c", -3, []string{"tea", "grün "}, "blue", &since, &user, "T-1", 2}
		if front == gateway.HTTPv2 && got.Shop == "a/b c" { // decoded in the path, but a parameter all the same
			got.Shop = want.Shop
		}
		if front == gateway.ALB {
			want.Tags = want.Tags[1:]
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, want %+v", front, got, want)
		}
	}
}

func TestHTTPInputAnswers(t *testing.T) {
	called := false
	f := func(_ context.Context, o shopOrder) (answer, error) { called = true; return answer{}, nil }
	for _, c := range []struct {
		name    string
		request *http.Request
		opts    []Option
		status  int
		message string
	}{
		{"no body", post("/shops/s", ``), nil, 400, "a body in JSON is needed"},
		{"null", post("/shops/s", `null`), nil, 400, "invalid JSON at offset 0: null where a value is expected"},
		{"broken", post("/shops/s", `{"sku":"a"`), nil, 400, "offset 10"},
		{"trailing", post("/shops/s", `{"sku":"a"} {}`), nil, 400, "offset 12"},
		{"type", post("/shops/s", `{"sku":{"a":1}}`), nil, 400, `invalid JSON of member "sku" at offset 7: an object where a string is expected`},
		{"range", post("/shops/s", `{"count":1e99}`), nil, 400, `member "count"`},
		{"a hidden member of another type is nothing", post("/shops/s", `{"tenant":{"a":[1]},"sku":"a"}`), nil, 200, ""},
		{"unknown member", post("/shops/s", `{"skew":"a"}`), []Option{DisallowUnknownFields()}, 400, `member "skew" at offset 8`},
		{"a hidden member is unknown", post("/shops/s", `{"sku":"a","X":1,"Tenant":"a"}`), []Option{DisallowUnknownFields()}, 400, `is not known`},
		{"hidden by case", post("/shops/s", `{"sku":"a","tEnant":"a"}`), []Option{DisallowUnknownFields()}, 400, `member "tEnant" at offset 20: a member of this name is not known`},
		{"query type", post("/shops/s?page=x", `{}`), nil, 400, `query parameter "page": an integer from -128 to 127 is expected`},
		{"query range", post("/shops/s?page=128", `{}`), nil, 400, `query parameter "page"`},
		{"header type", header(post("/shops/s", `{}`), "X-Since", "s3cret"), nil, 400, `header "X-Since": a value in another form is expected`},
		{"form", header(post("/shops/s", `a=b`), "Content-Type", "application/x-www-form-urlencoded"), nil, 415, "Content-Type"},
		{"latin-1", header(post("/shops/s", `{}`), "Content-Type", "application/json; charset=latin1"), nil, 415, "UTF-8"},
		{"problem+json", header(post("/shops/s", `{}`), "Content-Type", "application/problem+json"), nil, 200, ""},
	} {
		for _, front := range fronts {
			called = false
			inv := HTTP(f, append([]Option{Route("/shops/{shop}")}, c.opts...)...)
			body, _ := io.ReadAll(c.request.Body)
			c.request.Body = io.NopCloser(bytes.NewReader(body))
			r := c.request.Clone(t.Context())
			r.Body = io.NopCloser(bytes.NewReader(body))
			a := send(t, front, inv, "/shops/{shop}", r)
			c.request.Body = io.NopCloser(bytes.NewReader(body))
			var fault struct{ Message string }
			if a.Status != c.status || (c.status != 200 && (json.Unmarshal(a.Body, &fault) != nil || !strings.Contains(fault.Message, c.message))) {
				t.Errorf("%s, %v: %d %s, want %d %q", c.name, front, a.Status, a.Body, c.status, c.message)
			}
			if strings.Contains(string(a.Body), "s3cret") {
				t.Errorf("%s: the answer holds the value: %s", c.name, a.Body)
			}
			if called != (c.status == 200) {
				t.Errorf("%s, %v: logic called: %v", c.name, front, called)
			}
		}
	}
	encoded := header(post("/shops/s", `{}`), "Content-Encoding", "gzip")
	if a := send(t, gateway.HTTPv2, HTTP(f), "/shops/{shop}", encoded); a.Status != 415 {
		t.Errorf("Content-Encoding: %d", a.Status)
	}
	if a := send(t, gateway.FunctionURL, HTTP(f, Route("/shops/{shop}")), "", post("/other/s", `{}`)); a.Status != 404 {
		t.Errorf("another route: %d", a.Status)
	}
	if a := send(t, gateway.FunctionURL, HTTP(f), "", post("/shops/s", `{}`)); a.Status != 400 || !strings.Contains(string(a.Body), `path parameter \"shop\": it is missing`) {
		t.Errorf("no path parameter: %d %s", a.Status, a.Body)
	}
}

func header(r *http.Request, name, value string) *http.Request {
	r.Header.Set(name, value)
	return r
}

// Inputs that need no body, or nothing at all.
func TestHTTPEmptyBody(t *testing.T) {
	get := httptest.NewRequest("GET", "/?page=7", nil)
	type tagsOnly struct {
		Page int `query:"page"`
	}
	check := func(name string, inv Invoker, want string) {
		t.Helper()
		if a := send(t, gateway.HTTPv2, inv, "", get); a.Status != 200 || string(a.Body) != want {
			t.Errorf("%s: %d %s, want %s", name, a.Status, a.Body, want)
		}
	}
	check("tags only", HTTP(func(_ context.Context, in tagsOnly) (int, error) { return in.Page, nil }), "7")
	check("no fields", HTTP(func(_ context.Context, in struct{}) (int, error) { return 1, nil }), "1")
	check("pointer", HTTP(func(_ context.Context, in *tagsOnly) (int, error) { return in.Page, nil }), "7")
	check("pointer without tags", HTTP(func(_ context.Context, in *event) (bool, error) { return in == nil, nil }), "true")
	check("any", HTTP(func(_ context.Context, in any) (bool, error) { return in == nil, nil }), "true")
	check("map", HTTP(func(_ context.Context, in map[string]any) (bool, error) { return in == nil, nil }), "true")
}

type created struct {
	ID     int `json:"id"`
	status int
}

func (c created) HTTPStatus() int         { return c.status }
func (c created) HTTPHeader() http.Header { return http.Header{"Location": {fmt.Sprint("/", c.ID)}} }

type picture []byte

func (p picture) HTTPBody() ([]byte, string) { return p, "image/png" }

type pointerStatus struct{ A int }

func (p *pointerStatus) HTTPStatus() int { return 202 }

func TestHTTPOutput(t *testing.T) {
	in := struct{}{}
	for _, c := range []struct {
		name   string
		inv    Invoker
		status int
		body   string
		check  func(http.Header) bool
	}{
		{"status and header", HTTP(func(context.Context, struct{}) (created, error) { return created{7, 201}, nil }), 201, `{"id":7}`,
			func(h http.Header) bool { return h.Get("Location") == "/7" }},
		{"status 0", HTTP(func(context.Context, struct{}) (created, error) { return created{7, 0}, nil }), 200, `{"id":7}`, nil},
		{"status 204", HTTP(func(context.Context, struct{}) (created, error) { return created{7, 204}, nil }), 204, ``,
			func(h http.Header) bool { return h.Get("Content-Type") == "" && h.Get("Location") == "/7" }},
		{"not a status", HTTP(func(context.Context, struct{}) (created, error) { return created{7, 42}, nil }), 500, `{"message":"Internal Server Error"}`, nil},
		{"body", HTTP(func(context.Context, struct{}) (picture, error) { return picture("\x89PNG\xff"), nil }), 200, "\x89PNG\xff",
			func(h http.Header) bool { return h.Get("Content-Type") == "image/png" }},
		{"pointer receiver", HTTP(func(context.Context, struct{}) (pointerStatus, error) { return pointerStatus{1}, nil }), 202, `{"A":1}`, nil},
		{"nil pointer", HTTP(func(context.Context, struct{}) (*pointerStatus, error) { return nil, nil }), 200, `null`, nil},
		{"interface", HTTP(func(context.Context, struct{}) (any, error) { return created{8, 203}, nil }), 203, `{"id":8}`, nil},
		{"nil interface", HTTP(func(context.Context, struct{}) (any, error) { return nil, nil }), 200, `null`, nil},
		{"not JSON", HTTP(func(context.Context, struct{}) (chan int, error) { return nil, nil }), 500, `{"message":"Internal Server Error"}`, nil},
		{"nothing", HTTP(func(context.Context, struct{}) (struct{}, error) { return in, nil }), 200, `{}`, nil},
	} {
		logged := captureLog(t)
		for _, front := range fronts {
			logged.Reset()
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Accept", "image/png")
			a := send(t, front, c.inv, "", r)
			if a.Status != c.status || string(a.Body) != c.body || (c.check != nil && !c.check(a.Header)) {
				t.Errorf("%s, %v: %d %q %v, want %d %q", c.name, front, a.Status, a.Body, a.Header, c.status, c.body)
			}
			if (c.status == 500) != (logged.String() != "") {
				t.Errorf("%s: logged %q", c.name, logged)
			}
		}
	}
}

type notFoundError struct{ id string }

func (e *notFoundError) Error() string           { return "no order " + e.id }
func (e *notFoundError) HTTPStatus() int         { return 404 }
func (e *notFoundError) HTTPHeader() http.Header { return http.Header{"Retry-After": {"1"}} }

type bodyError struct{}

func (bodyError) Error() string              { return "internal" }
func (bodyError) HTTPStatus() int            { return 409 }
func (bodyError) HTTPBody() ([]byte, string) { return []byte("<p>conflict</p>"), "text/html" }

type statusError int

func (e statusError) Error() string   { return "secret detail" }
func (e statusError) HTTPStatus() int { return int(e) }

func TestHTTPErrors(t *testing.T) {
	var nilPointer *notFoundError
	for _, c := range []struct {
		name   string
		err    error
		status int
		body   string
		logged string
	}{
		{"plain", errors.New("password=hunter2"), 500, `{"message":"Internal Server Error","requestId":"r-1"}`, "hunter2"},
		{"status", &notFoundError{"7"}, 404, `{"message":"no order 7","requestId":"r-1"}`, ""},
		{"wrapped", fmt.Errorf("select from orders: %w", &notFoundError{"7"}), 404, `{"message":"no order 7","requestId":"r-1"}`, ""},
		{"503", statusError(503), 503, `{"message":"Service Unavailable","requestId":"r-1"}`, "secret detail"},
		{"own body", bodyError{}, 409, `<p>conflict</p>`, ""},
		{"not a status", statusError(700), 500, `{"message":"Internal Server Error","requestId":"r-1"}`, "not a status"},
		{"its methods panic", nilPointer, 500, `{"message":"Internal Server Error","requestId":"r-1"}`, "panic contained"},
		{"no such status", statusError(599), 599, `{"message":"Internal Server Error","requestId":"r-1"}`, "secret detail"},
		{"joined", errors.Join(errors.New("a"), statusError(418)), 418, `{"message":"secret detail","requestId":"r-1"}`, ""},
	} {
		logged := captureLog(t)
		inv := HTTP(func(context.Context, struct{}) (answer, error) { return answer{}, c.err })
		for _, front := range fronts {
			logged.Reset()
			config := edge.Config{Front: front}
			r := httptest.NewRequest("GET", "/", nil)
			event, _ := config.AppendEvent(nil, r, nil)
			payload, err := inv.Invoke(invocation.NewContext(t.Context(), invocation.Value{RequestID: "r-1"}), event)
			a := config.Answer(r, payload, err != nil)
			if a.Status != c.status || string(a.Body) != c.body {
				t.Errorf("%s, %v: %d %s, want %d %s", c.name, front, a.Status, a.Body, c.status, c.body)
			}
			if c.name == "wrapped" && a.Header.Get("Retry-After") != "1" {
				t.Errorf("header %v", a.Header)
			}
			if (c.logged == "") != (logged.String() == "") || !strings.Contains(logged.String(), c.logged) {
				t.Errorf("%s: logged %q, want %q", c.name, logged, c.logged)
			}
			if c.logged != "" && !strings.Contains(logged.String(), "r-1") {
				t.Errorf("%s: no request ID in %q", c.name, logged)
			}
		}
	}
}

func TestHTTPPanic(t *testing.T) {
	logged := captureLog(t)
	for _, value := range []any{"boom s3cret", statusError(404), errors.New("x")} {
		inv := HTTP(func(context.Context, struct{}) (answer, error) { panic(value) })
		for _, front := range fronts {
			logged.Reset()
			a := send(t, front, inv, "", httptest.NewRequest("GET", "/", nil))
			if a.Status != 500 || string(a.Body) != `{"message":"Internal Server Error"}` {
				t.Errorf("%v: %d %s", front, a.Status, a.Body)
			}
			if !strings.Contains(logged.String(), "panic contained") || strings.Count(logged.String(), "\n") != 1 {
				t.Errorf("logged %q", logged)
			}
		}
	}
	config := edge.Config{Front: gateway.HTTPv2}
	event, _ := config.AppendEvent(nil, httptest.NewRequest("GET", "/", nil), nil)
	ctx := context.WithValue(t.Context(), exitKey{}, true)
	for _, inv := range []Invoker{
		HTTP(func(context.Context, struct{}) (answer, error) { panic("x") }),
		HTTPHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") })),
		HTTPHandler(Endpoint(func(context.Context, struct{}) (answer, error) { panic("x") })),
	} {
		var p *PanicError
		if out, err := inv.Invoke(ctx, event); out != nil || !errors.As(err, &p) {
			t.Errorf("with ExitOnPanic: %s, %v", out, err)
		}
	}
}

func TestHTTPTooLarge(t *testing.T) {
	logged := captureLog(t)
	type big struct{ A string }
	for _, front := range []gateway.Front{gateway.REST, gateway.FunctionURL, gateway.ALB} {
		for _, inv := range []Invoker{
			HTTP(func(context.Context, struct{}) (big, error) { return big{strings.Repeat("a", 7<<20)}, nil }, CompressMin(-1)),
			HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 7<<20)) })),
		} {
			logged.Reset()
			a := send(t, front, inv, "", httptest.NewRequest("GET", "/", nil))
			if a.Status != 500 || string(a.Body) != `{"message":"the response is too large"}` {
				t.Errorf("%v: %d %.100s", front, a.Status, a.Body)
			}
			if !strings.Contains(logged.String(), "response too large") || !strings.Contains(logged.String(), front.String()) {
				t.Errorf("logged %q", logged)
			}
		}
	}
}

func TestHTTPNotAnEvent(t *testing.T) {
	called := false
	f := func(context.Context, shopOrder) (answer, error) { called = true; return answer{}, nil }
	for _, inv := range []Invoker{HTTP(f), HTTPHandler(Endpoint(f))} {
		for _, text := range []string{``, `{}`, `{"Records":[]}`, `null`, `{"httpMethod":1}`, `{"httpMethod":"POST","isBase64Encoded":true,"body":"*"}`} {
			out, err := inv.Invoke(t.Context(), []byte(text))
			var e *gateway.EventError
			if out != nil || !errors.As(err, &e) {
				t.Errorf("%s: %s, %v", text, out, err)
			}
		}
	}
	if called {
		t.Error("logic ran")
	}
}

func TestHTTPDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left time.Duration
		logic := func(ctx context.Context) {
			d, _ := ctx.Deadline()
			left = time.Until(d)
		}
		typed := func(opts ...Option) Invoker {
			return HTTP(func(ctx context.Context, _ struct{}) (answer, error) { logic(ctx); return answer{}, nil }, opts...)
		}
		routed := func(opts ...Option) Invoker {
			return HTTPHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { logic(r.Context()) }), opts...)
		}
		for _, make := range []func(...Option) Invoker{typed, routed} {
			for _, front := range fronts {
				for _, c := range []struct {
					platform, want time.Duration
					opts           []Option
				}{
					{10 * time.Second, 9500 * time.Millisecond, nil},
					{15 * time.Minute, 0, nil},
					{time.Minute, 49 * time.Second, []Option{GatewayTimeout(50 * time.Second), DeadlineReserve(time.Second)}},
				} {
					want := c.want
					switch {
					case !front.Capped() && c.opts != nil:
						want = c.platform - time.Second
					case want == 0 && front.Capped():
						want = 29*time.Second - 29*time.Second/20
					case want == 0:
						want = c.platform - 2*time.Second
					}
					ctx, cancel := context.WithTimeout(t.Context(), c.platform)
					config := edge.Config{Front: front}
					event, _ := config.AppendEvent(nil, httptest.NewRequest("GET", "/", nil), nil)
					if _, err := make(c.opts...).Invoke(ctx, event); err != nil || left != want {
						t.Errorf("%v with %v: %v left, want %v (%v)", front, c.platform, left, want, err)
					}
					cancel()
				}
			}
		}
	})
}

func TestRequestContext(t *testing.T) {
	event := []byte(`{"version":"2.0","rawPath":"/","requestContext":{"authorizer":{"jwt":{"claims":{"sub":"u-1"}}},"http":{"method":"GET"}}}`)
	var kept context.Context
	look := func(ctx context.Context) string {
		kept = ctx
		var v struct {
			Authorizer struct {
				JWT struct{ Claims map[string]string }
			}
		}
		raw := RequestContext(ctx)
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		clear(raw) // it is a copy
		return v.Authorizer.JWT.Claims["sub"]
	}
	for _, inv := range []Invoker{
		HTTP(func(ctx context.Context, _ struct{}) (string, error) { return look(ctx), nil }),
		HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%q", look(r.Context())) })),
	} {
		for range 2 {
			out, err := inv.Invoke(t.Context(), event)
			if err != nil || !strings.Contains(string(out), `u-1`) {
				t.Errorf("%s, %v", out, err)
			}
		}
		if raw := RequestContext(kept); raw != nil {
			t.Errorf("after the invocation: %s", raw)
		}
	}
	if RequestContext(t.Context()) != nil {
		t.Error("outside of an invocation it is not nil")
	}
}

func TestHTTPConfigErrors(t *testing.T) {
	type base struct {
		Tenant string `header:"X-Tenant"`
	}
	for _, c := range []struct {
		inv  Invoker
		want string
	}{
		{HTTP[struct{}, any](nil), "function is needed"},
		{HTTP(func(context.Context, struct {
			A map[string]string `query:"a"`
		}) (any, error) {
			return nil, nil
		}), "cannot be set from text"},
		{HTTP(func(context.Context, struct {
			A string `query:"a" header:"b"`
		}) (any, error) {
			return nil, nil
		}), "both a query and a header"},
		{HTTP(func(context.Context, struct {
			A string `query:""`
		}) (any, error) {
			return nil, nil
		}), "must be a name"},
		{HTTP(func(context.Context, struct {
			A []base
		}) (any, error) {
			return nil, nil
		}), "inside of a slice"},
		{HTTP(func(context.Context, map[string]base) (any, error) { return nil, nil }), "inside of a slice"},
		{HTTP(func(context.Context, struct {
			A []string `path:"a"`
		}) (any, error) {
			return nil, nil
		}), "cannot be set from text"},
		{HTTP(func(context.Context, struct {
			A []byte `header:"a"`
		}) (any, error) {
			return nil, nil
		}), "cannot be set from text"},
		{HTTP(func(context.Context, struct{}) (any, error) { return nil, nil }, ExitOnPanic()), "not an option of HTTP"},
		{HTTP(func(context.Context, struct{}) (any, error) { return nil, nil }, BinaryMediaTypes("png")), "BinaryMediaTypes"},
		{HTTP(func(context.Context, struct{}) (any, error) { return nil, nil }, Route("orders")), "slash"},
		{HTTP(func(context.Context, struct{}) (any, error) { return nil, nil }, Route("/{a+}/b")), "last segment"},
		{HTTP(func(context.Context, struct{}) (any, error) { return nil, nil }, Route("/a{b}")), "a{b}"},
		{HTTPHandler(nil), "needs an http.Handler"},
		{HTTPHandler(Endpoint[struct{}, any](nil)), "function is needed"},
		{HTTPHandler(http.NotFoundHandler(), DisallowUnknownFields()), "not an option of HTTPHandler"},
	} {
		err := configErrorOf(c.inv)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("configuration error %v, want %q", err, c.want)
			continue
		}
		if out, got := c.inv.Invoke(t.Context(), []byte(`{"httpMethod":"GET"}`)); out != nil || got == nil {
			t.Errorf("Invoke = %s, %v, want %v", out, got, err)
		}
	}
}

// TestHTTPKeepsNothing overwrites the event after each invocation.
func TestHTTPKeepsNothing(t *testing.T) {
	type in struct {
		Raw  json.RawMessage `json:"raw"`
		Text string          `json:"text"`
		Q    string          `query:"q"`
		H    []string        `header:"X-H"`
		P    *string         `path:"p"`
		C    netip.Addr      `cookie:"c"`
	}
	var got []in
	inv := HTTP(func(_ context.Context, i in) (answer, error) { got = append(got, i); return answer{}, nil })
	for range 3 {
		event := []byte(`{"version":"2.0","rawPath":"/","rawQueryString":"q=query","headers":{"x-h":"a, b"},"cookies":["c=192.0.2.1"],"pathParameters":{"p":"path"},` +
			`"requestContext":{"http":{"method":"PUT"}},"body":"{\"raw\":{\"a\":1},\"text\":\"text\"}"}`)
		if _, err := inv.Invoke(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		for i := range event {
			event[i] = '#'
		}
	}
	path := "path"
	want := in{json.RawMessage(`{"a":1}`), "text", "query", []string{"a", "b"}, &path, netip.MustParseAddr("192.0.2.1")}
	for _, g := range got {
		if !reflect.DeepEqual(g, want) {
			t.Errorf("%+v, want %+v", g, want)
		}
	}
}

// TestHTTPAllocations: what the adapter itself allocates, besides the strings
// of the input and the encoder's own.
func TestHTTPAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	type in struct {
		Page int `query:"page"`
		N    int `json:"n"`
	}
	inv := HTTP(func(_ context.Context, i in) (in, error) { return i, nil })
	for _, front := range fronts {
		config := edge.Config{Front: front}
		event, err := config.AppendEvent(nil, header(post("/?page=7", `{"n":1}`), "X-Other", "a"), []byte(`{"n":1}`))
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(200, func() {
			if _, err := inv.Invoke(t.Context(), event); err != nil {
				t.Fatal(err)
			}
		}); n > 4 {
			t.Errorf("%v: %v allocations, want 4 at most", front, n)
		}
	}
}
