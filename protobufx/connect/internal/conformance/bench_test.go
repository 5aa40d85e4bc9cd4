package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	connectgo "connectrpc.com/connect"
	"github.com/aws/aws-lambda-go/events"
	lambdago "github.com/aws/aws-lambda-go/lambda"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/connect"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

// A service is one procedure in both packages, which does next to nothing.
type service struct {
	ours    protobufx.Invoker
	adapter *httpadapter.HandlerAdapter // connect-go in front of it
	theirs  lambdago.Handler
}

func serve[M any, P interface {
	*M
	proto.Message
}](err error) service {
	ours := func(_ context.Context, m P) (P, error) { return m, err }
	theirs := func(_ context.Context, m *M) (*M, error) {
		if err == nil {
			return m, nil
		}
		e := connectgo.NewError(connectgo.CodeNotFound, err)
		d, err := connectgo.NewErrorDetail(joseph)
		if err != nil {
			return nil, err
		}
		e.AddDetail(d)
		return nil, e
	}
	if err != nil {
		own := &connect.Error{Code: connect.CodeNotFound, Message: err.Error(), Details: []proto.Message{joseph}}
		ours = func(context.Context, P) (P, error) { return nil, own }
	}
	mux := http.NewServeMux()
	// Not compressed, which would be slower still.
	mux.Handle(procedure, connectgo.NewUnaryHandlerSimple(procedure, theirs, connectgo.WithCompressMinBytes(1<<30)))
	adapter := httpadapter.New(mux)
	return service{
		ours: connect.Handle(connect.Service{
			Procedures: []connect.Procedure{connect.Unary(procedure, ours)},
			Options:    []protobufx.Option{protobufx.JSON(pbjson.Format{})},
		}),
		adapter: adapter,
		theirs:  lambdago.NewHandler(adapter.ProxyWithContext),
	}
}

var joseph = &testpb.Person{Id: 9971, Name: "Joseph", Email: "joseph@example.com"}

func people(n int) *testpb.People {
	p := &testpb.People{}
	for i := range n {
		p.People = append(p.People, &testpb.Person{Id: int32(i), Name: fmt.Sprint("Joseph ", i), Email: fmt.Sprintf("joseph.%d@example.com", i)})
	}
	return p
}

// event is what a REST API with */* sends for a call of connect-go's client.
func event(b *testing.B, contentType, body string) []byte {
	r := httptest.NewRequest("POST", "https://example.com"+procedure, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Connect-Protocol-Version", "1")
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("User-Agent", "connect-go/1.21.1 (go1.26)")
	r.Header.Set("Connect-Timeout-Ms", "2500")
	e, err := fronts[0].AppendEvent(nil, r, []byte(body))
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// BenchmarkInvoke is one call, from the event's bytes to the answer's: of this
// package; of connect-go behind awslabs' adapter, as a function with aws-lambda-go
// runs it; of the same without the event's and the answer's JSON; and of reading
// the event alone, which is the floor.
func BenchmarkInvoke(b *testing.B) {
	inJSON, err := protojson.Marshal(joseph)
	if err != nil {
		b.Fatal(err)
	}
	many := encode(b, people(240))
	for _, c := range []struct {
		name    string
		service service
		event   []byte
		status  int
	}{
		{"person", serve[testpb.Person](nil), event(b, "application/proto", encode(b, joseph)), 200},
		{"person-json", serve[testpb.Person](nil), event(b, "application/json", string(inJSON)), 200},
		{"people-10KB", serve[testpb.People](nil), event(b, "application/proto", many), 200},
		{"error", serve[testpb.Person](fmt.Errorf("no such person")), event(b, "application/proto", encode(b, joseph)), 404},
	} {
		ctx, cancel := context.WithCancel(b.Context())
		b.Cleanup(cancel)
		check := func(b *testing.B, answer []byte, err error) {
			b.Helper()
			var a events.APIGatewayProxyResponse
			if err != nil || json.Unmarshal(answer, &a) != nil || a.StatusCode != c.status {
				b.Fatalf("%s %v", answer, err)
			}
		}
		b.Run(c.name+"/who=ours", func(b *testing.B) {
			b.ReportAllocs()
			var out []byte
			var err error
			for b.Loop() {
				out, err = c.service.ours.Invoke(ctx, c.event)
			}
			check(b, out, err)
		})
		b.Run(c.name+"/who=connect-go", func(b *testing.B) {
			b.ReportAllocs()
			var out []byte
			var err error
			for b.Loop() {
				out, err = c.service.theirs.Invoke(ctx, c.event)
			}
			check(b, out, err)
		})
		b.Run(c.name+"/who=connect-go-without-event", func(b *testing.B) {
			var e events.APIGatewayProxyRequest
			if err := json.Unmarshal(c.event, &e); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var a events.APIGatewayProxyResponse
			var err error
			for b.Loop() {
				a, err = c.service.adapter.ProxyWithContext(ctx, e)
			}
			if err != nil || a.StatusCode != c.status {
				b.Fatal(a, err)
			}
		})
		b.Run(c.name+"/who=floor", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := gateway.Parse(c.event)
				if err != nil {
					b.Fatal(err)
				}
				r.Release()
			}
		})
	}
}
