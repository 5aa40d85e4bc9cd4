package connect_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"testing"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/connect"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

// FuzzInvoke: whatever the bytes, the answer is one of the Connect protocol, or
// the error says that there was no HTTP event.
func FuzzInvoke(f *testing.F) {
	for front := gateway.REST; front <= gateway.ALBMulti; front++ {
		c := edge.Config{Front: front, BinaryMediaTypes: []string{"*/*"}}
		for _, contentType := range []string{"application/proto", "application/json"} {
			body := encode(f, &testpb.Mixed{Text: "a", Ints: []int64{1}})
			if contentType == "application/json" {
				body = []byte(`{"text":"a","free":{"b":[1]}}`)
			}
			r := post(body, "Content-Type", contentType, "Content-Encoding", "gzip", "Connect-Timeout-Ms", "1000")
			event, err := c.AppendEvent(nil, r, body)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(event)
			r.Method, r.URL.RawQuery = "GET", "connect=v1&encoding=proto&base64=1&message=CgFh&compression="
			if event, err = c.AppendEvent(nil, r, nil); err != nil {
				f.Fatal(err)
			}
			f.Add(event)
		}
	}
	old := log.Writer()
	log.SetOutput(io.Discard)
	f.Cleanup(func() { log.SetOutput(old) })
	echo := func(_ context.Context, in *testpb.Mixed) (*testpb.Mixed, error) { return in, nil }
	inv := connect.Handle(connect.Service{
		Procedures: []connect.Procedure{connect.Unary(path, echo).NoSideEffects()},
		Options:    []protobufx.Option{protobufx.JSON(pbjson.Format{})},
	})
	f.Fuzz(func(t *testing.T, event []byte) {
		answer, err := inv.Invoke(t.Context(), event)
		if _, ok := errors.AsType[*gateway.EventError](err); ok {
			return
		}
		if err != nil {
			t.Fatalf("%T %v", err, err)
		}
		var a struct {
			StatusCode int
			Headers    map[string]string
			Multi      map[string][]string `json:"multiValueHeaders"`
			Body       string
		}
		if err := json.Unmarshal(answer, &a); err != nil {
			t.Fatalf("%q: %v", answer, err)
		}
		contentType := a.Headers["Content-Type"]
		if m := a.Multi["Content-Type"]; len(m) == 1 {
			contentType = m[0]
		}
		if a.StatusCode == 200 {
			if contentType != "application/proto" && contentType != "application/json" && contentType != "application/json; charset=utf-8" {
				t.Errorf("%q", answer)
			}
			return
		}
		if contentType != "application/json" {
			t.Errorf("%q", answer)
		}
		if a.Body == "" { // HEAD
			return
		}
		var e struct{ Code, Message string }
		if err := json.Unmarshal([]byte(a.Body), &e); err != nil || e.Message == "" {
			t.Errorf("%q: %v", answer, err)
		}
		switch e.Code {
		case "invalid_argument", "unimplemented", "unknown", "resource_exhausted", "failed_precondition", "deadline_exceeded":
		default:
			t.Errorf("%q", answer)
		}
	})
}
