package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	connectgo "connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/connect"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

// FuzzDecode: whatever the body, both servers hand the same message to logic, or
// refuse with the same code.
func FuzzDecode(f *testing.F) {
	free, err := structpb.NewStruct(map[string]any{"a": []any{1.5, "b", nil, true, map[string]any{}}})
	if err != nil {
		f.Fatal(err)
	}
	mixed := &testpb.Mixed{
		Text: "\u00fc", Blob: []byte{0, 0xff}, Doubles: []float64{1, -0.5}, Ints: []int64{-1, 1 << 60}, Texts: []string{"", "a"},
		Labels: map[string]string{"k": "v"}, Free: free, Deltas: []int64{-3}, Blobs: [][]byte{nil}, Flag: true, Stamps: []uint64{7},
	}
	inJSON, err := protojson.Marshal(mixed)
	if err != nil {
		f.Fatal(err)
	}
	for _, body := range []string{encode(f, mixed), string(inJSON), "", "{}", "\x9a\x06\x01a", `{"other":1}`, string(zip([]byte("\x0a\x01a")))} {
		for mode := range uint8(8) {
			f.Add([]byte(body), mode)
		}
	}
	var seen proto.Message // by logic
	echo := func(_ context.Context, m *testpb.Mixed) (*testpb.Mixed, error) {
		seen = proto.Clone(m)
		return &testpb.Mixed{}, nil
	}
	theirs := connectgo.NewUnaryHandlerSimple(procedure, echo, connectgo.WithReadMaxBytes(maxBytes))
	ours := connect.Handle(connect.Service{
		Procedures: []connect.Procedure{connect.Unary(procedure, echo)},
		Options:    []protobufx.Option{protobufx.JSON(pbjson.Format{}), protobufx.MaxBytes(maxBytes)},
	})
	f.Fuzz(func(t *testing.T, body []byte, mode uint8) {
		if mode&2 != 0 {
			body = zip(body)
		}
		request := func() *http.Request {
			r := httptest.NewRequest("POST", procedure, bytes.NewReader(body))
			if r.Header.Set("Content-Type", "application/proto"); mode&1 != 0 {
				r.Header.Set("Content-Type", "application/json")
			}
			if mode&2 != 0 || mode&4 != 0 {
				r.Header.Set("Content-Encoding", "gzip")
			}
			return r
		}
		seen = nil
		w := httptest.NewRecorder()
		theirs.ServeHTTP(w, request())
		want := seen
		seen = nil
		l := &lambda{front: fronts[len(fronts)-1], function: ours}
		if mode&1 != 0 { // as base64, which is the body byte for byte
			l.front = fronts[0]
		}
		a := l.answer(request(), body)
		var got, theirError struct{ Code, Message string }
		json.Unmarshal(a.Body, &got)                      //nolint:errcheck // empty is fine
		json.Unmarshal(w.Body.Bytes(), &theirError)       //nolint:errcheck // likewise
		if strings.Contains(got.Message, "deeper than") { // connect-go has no such limit
			return
		}
		if mode&6 == 4 && a.Status == 200 && l.front.Front == fronts[0].Front {
			return // a REST API may have undone gzip and left the header
		}
		if a.Status != w.Code || got.Code != theirError.Code {
			t.Errorf("%q: %d %s, want %d %s", body, a.Status, a.Body, w.Code, w.Body)
		}
		if (seen == nil) != (want == nil) || seen != nil && !proto.Equal(seen, want) {
			t.Errorf("%q: %v, want %v", body, seen, want)
		}
	})
}
