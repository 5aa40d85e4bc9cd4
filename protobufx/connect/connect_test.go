package connect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
	"github.com/lambdatune/lambdatune/internal/invocation"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/connect"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

const path = "/lambdatune.test.v1.PersonService/Do"

func do(ctx context.Context, in *testpb.Person) (*testpb.Person, error) { return in, nil }

// handle is a service of one procedure.
func handle[Req, Res any, PReq interface {
	*Req
	proto.Message
}, PRes interface {
	*Res
	proto.Message
}](f func(context.Context, PReq) (PRes, error), opts ...protobufx.Option) protobufx.Invoker {
	return connect.Handle(connect.Service{Procedures: []connect.Procedure{connect.Unary(path, f)}, Options: opts})
}

func failing(err error) protobufx.Invoker {
	return handle(func(context.Context, *testpb.Person) (*testpb.Person, error) { return nil, err })
}

func encode(t testing.TB, m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// post is a request with a message in protobuf.
func post(body []byte, header ...string) *http.Request {
	r := httptest.NewRequest("POST", path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/proto")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// send plays a request through a front to inv and returns what its client gets.
func send(t testing.TB, ctx context.Context, front edge.Config, inv protobufx.Invoker, r *http.Request) edge.Answer {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	event, err := front.AppendEvent(nil, r, body)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := inv.Invoke(ctx, event)
	if err != nil {
		t.Errorf("Invoke: %v", err)
	}
	return front.Answer(r, payload, err != nil)
}

func outcome(t testing.TB, inv protobufx.Invoker, r *http.Request) (status int, code, message string) {
	t.Helper()
	a := send(t, t.Context(), edge.Config{Front: gateway.HTTPv2}, inv, r)
	var e struct{ Code, Message string }
	if a.Status != 200 {
		if err := json.Unmarshal(a.Body, &e); err != nil {
			t.Errorf("%d %q: %v", a.Status, a.Body, err)
		}
	}
	return a.Status, e.Code, e.Message
}

func logged(t testing.TB) *bytes.Buffer {
	var b bytes.Buffer
	old := log.Writer()
	log.SetOutput(&b)
	t.Cleanup(func() { log.SetOutput(old) })
	return &b
}

func TestConfigError(t *testing.T) {
	ok := connect.Unary(path, do)
	var none func(context.Context, *testpb.Person) (*testpb.Person, error)
	for _, c := range []struct {
		name string
		s    connect.Service
		want string // empty: none
	}{
		{"fine", connect.Service{Procedures: []connect.Procedure{ok, connect.Unary("/S/Other_2", do)}, Prefix: "/api/v1"}, ""},
		{"no procedures", connect.Service{}, "at least one procedure"},
		{"twice", connect.Service{Procedures: []connect.Procedure{ok, ok}}, "is there twice"},
		{"zero", connect.Service{Procedures: []connect.Procedure{{}}}, "zero value"},
		{"nil function", connect.Service{Procedures: []connect.Procedure{connect.Unary(path, none)}}, "not nil"},
		{"no slash", connect.Service{Procedures: []connect.Procedure{connect.Unary("acme.S/Get", do)}}, "/package.Service/Method"},
		{"no method", connect.Service{Procedures: []connect.Procedure{connect.Unary("/acme.S/", do)}}, "/package.Service/Method"},
		{"no service", connect.Service{Procedures: []connect.Procedure{connect.Unary("/Get", do)}}, "/package.Service/Method"},
		{"more", connect.Service{Procedures: []connect.Procedure{connect.Unary("/a/b/c", do)}}, "/package.Service/Method"},
		{"dots", connect.Service{Procedures: []connect.Procedure{connect.Unary("/a..b/c", do)}}, "/package.Service/Method"},
		{"digit", connect.Service{Procedures: []connect.Procedure{connect.Unary("/a.b/1c", do)}}, "/package.Service/Method"},
		{"other characters", connect.Service{Procedures: []connect.Procedure{connect.Unary("/a.b/c d", do)}}, "/package.Service/Method"},
		{"prefix", connect.Service{Procedures: []connect.Procedure{ok}, Prefix: "api"}, "prefix"},
		{"prefix with an end", connect.Service{Procedures: []connect.Procedure{ok}, Prefix: "/api/"}, "prefix"},
		{"media types", connect.Service{Procedures: []connect.Procedure{ok}, Options: []protobufx.Option{protobufx.MediaTypes("application/x-own")}}, "MediaTypes"},
		{"option", connect.Service{Procedures: []connect.Procedure{ok}, Options: []protobufx.Option{protobufx.MaxBytes(0)}}, "MaxBytes"},
	} {
		inv := connect.Handle(c.s)
		err := inv.(interface{ ConfigError() error }).ConfigError()
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", c.name, err, c.want)
		}
		if _, again := inv.Invoke(t.Context(), nil); !errors.Is(again, err) {
			t.Errorf("%s: Invoke gives %v", c.name, again)
		}
	}
}

func TestPrefix(t *testing.T) {
	inv := connect.Handle(connect.Service{Procedures: []connect.Procedure{connect.Unary(path, do)}, Prefix: "/api"})
	for _, c := range []struct {
		path string
		want int
	}{{"/api" + path, 200}, {path, 404}, {"/other/api" + path, 404}, {"/api" + path + "/", 404}} {
		r := post(nil)
		r.URL.Path = c.path
		if status, code, _ := outcome(t, inv, r); status != c.want || status != 200 && code != "unimplemented" {
			t.Errorf("%s: %d %s, want %d", c.path, status, code, c.want)
		}
	}
}

func TestRequireProtocolHeader(t *testing.T) {
	inv := connect.Handle(connect.Service{
		Procedures:            []connect.Procedure{connect.Unary(path, do).NoSideEffects()},
		RequireProtocolHeader: true,
		Options:               []protobufx.Option{protobufx.JSON(pbjson.Format{})},
	})
	if status, code, message := outcome(t, inv, post(nil)); code != "invalid_argument" || !strings.Contains(message, "Connect-Protocol-Version") {
		t.Errorf("without: %d %s %s", status, code, message)
	}
	if status, _, _ := outcome(t, inv, post(nil, "Connect-Protocol-Version", "1")); status != 200 {
		t.Errorf("with: %d", status)
	}
	for query, want := range map[string]int{"?encoding=json&message=%7B%7D": 400, "?connect=v1&encoding=json&message=%7B%7D": 200} {
		if status, _, _ := outcome(t, inv, httptest.NewRequest("GET", path+query, nil)); status != want {
			t.Errorf("GET %s: %d, want %d", query, status, want)
		}
	}
}

// GET is for procedures that are said to have no side effects.
func TestGET(t *testing.T) {
	a := send(t, t.Context(), edge.Config{Front: gateway.HTTPv2}, handle(do), httptest.NewRequest("GET", path+"?encoding=proto&message=", nil))
	if a.Status != 405 || a.Header.Get("Allow") != "POST" {
		t.Errorf("%d %v %q", a.Status, a.Header, a.Body)
	}
}

func TestWithoutJSON(t *testing.T) {
	a := send(t, t.Context(), edge.Config{Front: gateway.HTTPv2}, handle(do), post([]byte("{}"), "Content-Type", "application/json"))
	if a.Status != 415 || a.Header.Get("Accept-Post") != "application/proto" {
		t.Errorf("%d %v %q", a.Status, a.Header, a.Body)
	}
}

// httpError says its status, as errors for handler.HTTP do.
type httpError int

func (e httpError) Error() string   { return "the text of a status" }
func (e httpError) HTTPStatus() int { return int(e) }

func TestErrors(t *testing.T) {
	const secret = "password=hunter2"
	cause := errors.New(secret)
	for _, c := range []struct {
		name           string
		err            error
		status         int
		code, message  string
		isLogged, hide bool
	}{
		{"own", &connect.Error{Code: connect.CodeNotFound, Message: "no such person", Err: cause}, 404, "not_found", "no such person", false, true},
		{"own, wrapped", fmt.Errorf("get: %w", &connect.Error{Code: connect.CodeUnavailable, Message: "try later", Err: cause}), 503, "unavailable", "try later", true, true},
		{"own without a code", &connect.Error{Message: "hm"}, 500, "unknown", "hm", true, false},
		{"protobufx by status", &protobufx.Error{Status: 404, Message: "no such person", Err: cause}, 404, "not_found", "no such person", false, true},
		{"protobufx by code", &protobufx.Error{Code: 6, Message: "is there"}, 409, "already_exists", "is there", false, false},
		{"protobufx of the server", &protobufx.Error{Status: 503, Message: secret}, 503, "unavailable", "Service Unavailable", true, true},
		{"protobufx of no code", &protobufx.Error{Code: 99, Status: 400, Message: "hm"}, 500, "unknown", "hm", false, false},
		{"status", httpError(412), 400, "failed_precondition", "the text of a status", false, false},
		{"status of the server", httpError(500), 500, "internal", "Internal Server Error", true, false},
		{"any", cause, 500, "unknown", "Internal Server Error", true, true},
		{"canceled", errors.Join(cause, context.Canceled), 499, "canceled", "context canceled", false, true},
		{"too late", fmt.Errorf("%s: %w", secret, context.DeadlineExceeded), 504, "deadline_exceeded", "context deadline exceeded", true, true},
		{"typed nil", (*connect.Error)(nil), 500, "internal", "Internal Server Error", true, false},
	} {
		out := logged(t)
		status, code, message := outcome(t, failing(c.err), post(nil))
		if status != c.status || code != c.code || message != c.message {
			t.Errorf("%s: %d %s %q, want %d %s %q", c.name, status, code, message, c.status, c.code, c.message)
		}
		if (out.Len() > 0) != c.isLogged {
			t.Errorf("%s: logged %q", c.name, out)
		}
		if c.isLogged && c.hide && !strings.Contains(out.String(), secret) {
			t.Errorf("%s: the log has not what the client may not see: %q", c.name, out)
		}
	}
}

func TestErrorText(t *testing.T) {
	err := &connect.Error{Code: connect.CodeAborted, Message: "again", Err: io.EOF}
	if got, want := err.Error(), "connect: aborted: again: EOF"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !errors.Is(err, io.EOF) {
		t.Error("the cause is lost")
	}
	if got := connect.Code(17).String(); got != "code_17" {
		t.Error(got)
	}
}

// wireDetail is a detail as it is on the wire.
type wireDetail struct{ Type, Value string }

func details(t *testing.T, ctx context.Context, inv protobufx.Invoker) []wireDetail {
	a := send(t, ctx, edge.Config{Front: gateway.HTTPv2}, inv, post(nil))
	var e struct{ Details []wireDetail }
	if err := json.Unmarshal(a.Body, &e); err != nil {
		t.Fatalf("%q: %v", a.Body, err)
	}
	return e.Details
}

func TestDetails(t *testing.T) {
	logged(t)
	person := &testpb.Person{Id: 5}
	inAny, err := anypb.New(person)
	if err != nil {
		t.Fatal(err)
	}
	inv := failing(&connect.Error{Code: connect.CodeNotFound, Details: []proto.Message{person, inAny, &testpb.Person{Name: "\xff"}}})
	want := wireDetail{"lambdatune.protobufx.test.Person", "CAU"}
	// The last cannot be encoded: strings are in UTF-8.
	if got := details(t, t.Context(), inv); len(got) != 2 || got[0] != want || got[1] != want {
		t.Errorf("%q", got)
	}
	ctx := invocation.NewContext(t.Context(), invocation.Value{RequestID: "8d5c"})
	if got := details(t, ctx, failing(io.EOF)); len(got) != 1 || got[0] != (wireDetail{"google.rpc.RequestInfo", "CgQ4ZDVj"}) {
		t.Errorf("%q", got)
	}
	// A nil detail panics; the error gets through without details.
	if status, code, _ := outcome(t, failing(&connect.Error{Code: connect.CodeNotFound, Details: []proto.Message{nil}}), post(nil)); status != 404 || code != "not_found" {
		t.Errorf("%d %s", status, code)
	}
	// So does one whose details are larger than the front takes.
	big := &testpb.Person{Name: strings.Repeat("x", 7<<20)}
	if status, code, _ := outcome(t, failing(&connect.Error{Code: connect.CodeNotFound, Details: []proto.Message{big}}), post(nil)); status != 404 || code != "not_found" {
		t.Errorf("%d %s", status, code)
	}
	if status, code, _ := outcome(t, failing(&connect.Error{Code: connect.CodeNotFound, Message: big.Name}), post(nil)); status != 404 || code != "not_found" {
		t.Errorf("%d %s", status, code)
	}
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		for _, c := range []struct {
			header   string
			platform time.Duration
			want     time.Duration
		}{
			{"", 10 * time.Second, 9500 * time.Millisecond}, // the reserve is 5 %
			{"3000", 10 * time.Second, 3 * time.Second},
			{"0000009600", 10 * time.Second, 9500 * time.Millisecond},
			{"9999999999", 10 * time.Second, 9500 * time.Millisecond},
			{"3000", 0, 3 * time.Second}, // none, as in a test
		} {
			var left time.Duration
			inv := handle(func(ctx context.Context, in *testpb.Person) (*testpb.Person, error) {
				end, _ := ctx.Deadline()
				if kept != nil && protobufx.CallFrom(kept).Path() != "" {
					t.Error("a call that is over sees the request of another")
				}
				left, kept = time.Until(end), ctx
				return in, nil
			})
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if c.platform > 0 {
				ctx, cancel = context.WithTimeout(t.Context(), c.platform)
			}
			r := post(nil)
			if c.header != "" {
				r.Header.Set("Connect-Timeout-Ms", c.header)
			}
			a := send(t, ctx, edge.Config{Front: gateway.FunctionURL}, inv, r)
			if a.Status != 200 || left != c.want {
				t.Errorf("timeout %q: %d, %v left, want %v", c.header, a.Status, left, c.want)
			}
			if kept.Err() == nil {
				t.Errorf("timeout %q: the context goes on after the call", c.header)
			}
			cancel()
			protobufx.CallFrom(kept).AddHeader("X-Late", "1") // of no effect, and no race
		}
	})
}

func TestPanic(t *testing.T) {
	out := logged(t)
	inv := handle(func(context.Context, *testpb.Person) (*testpb.Person, error) { panic("hunter2") })
	status, code, message := outcome(t, inv, post(nil))
	if status != 500 || code != "internal" || message != "Internal Server Error" {
		t.Errorf("%d %s %s", status, code, message)
	}
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "hunter2") || !strings.Contains(got, "connect_test.go") {
		t.Errorf("logged %q", got)
	}
}

func TestStatusOfLogic(t *testing.T) {
	out := logged(t)
	inv := handle(func(ctx context.Context, in *testpb.Person) (*testpb.Person, error) {
		protobufx.CallFrom(ctx).SetStatus(201)
		return in, nil
	})
	if status, code, _ := outcome(t, inv, post(nil)); status != 500 || code != "internal" || !strings.Contains(out.String(), "201") {
		t.Errorf("%d %s, logged %q", status, code, out)
	}
}

func TestAnswerTooLarge(t *testing.T) {
	out := logged(t)
	inv := handle(func(context.Context, *testpb.Person) (*testpb.Person, error) {
		return &testpb.Person{Name: strings.Repeat("x", 5<<20)}, nil
	})
	if status, code, _ := outcome(t, inv, post(nil)); status != 429 || code != "resource_exhausted" || !strings.Contains(out.String(), "takes 6291556") {
		t.Errorf("%d %s, logged %q", status, code, out)
	}
}

// A REST API that is told not to pass protobuf is not sent any, and the procedure
// is not called in vain.
func TestToldMediaTypes(t *testing.T) {
	called := 0
	inv := handle(func(_ context.Context, in *testpb.Person) (*testpb.Person, error) {
		called++
		return in, nil
	}, protobufx.BinaryMediaTypes("application/proto"))
	front := edge.Config{Front: gateway.REST, BinaryMediaTypes: []string{"application/proto"}}
	for _, c := range []struct {
		accept       string
		status, call int
	}{{"", 400, 0}, {"application/proto", 200, 1}} {
		called = 0
		r := post(encode(t, &testpb.Person{Id: 1}))
		if c.accept != "" {
			r.Header.Set("Accept", c.accept)
		}
		if a := send(t, t.Context(), front, inv, r); a.Status != c.status || called != c.call {
			t.Errorf("Accept %q: %d %q, called %d times", c.accept, a.Status, a.Body, called)
		}
	}
}

// What is hostile is refused as protobufx refuses it.
func TestHostile(t *testing.T) {
	inv := handle(func(_ context.Context, in *testpb.People) (*testpb.People, error) { return in, nil })
	if status, code, message := outcome(t, inv, post(bytes.Repeat([]byte{0x0a, 0}, 1_000_000))); status != 429 || code != "resource_exhausted" || !strings.Contains(message, "100000") {
		t.Errorf("%d %s %s", status, code, message)
	}
	if status, code, _ := outcome(t, inv, post([]byte{0x0a, 5, 1})); status != 400 || code != "invalid_argument" {
		t.Errorf("%d %s", status, code)
	}
}

func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under -race")
	}
	front := edge.Config{Front: gateway.REST, BinaryMediaTypes: []string{"*/*"}}
	body := encode(t, &testpb.Person{Id: 9971, Name: "Joseph", Email: "joseph@example.com"})
	event, err := front.AppendEvent(nil, post(body, "Connect-Protocol-Version", "1"), body)
	if err != nil {
		t.Fatal(err)
	}
	inv := handle(do)
	// The call with the answer in it, the message, and its two strings.
	if n := testing.AllocsPerRun(100, func() {
		if _, err := inv.Invoke(context.Background(), event); err != nil {
			t.Fatal(err)
		}
	}); n > 4 {
		t.Errorf("%v allocations, want 4", n)
	}
}
