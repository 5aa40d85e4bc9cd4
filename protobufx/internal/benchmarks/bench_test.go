package benchmarks

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/internal/benchmarks/vtpb"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

const mediaType = "application/protobuf"

var joseph = &testpb.Person{Id: 9971, Name: "Joseph", Email: "joseph@example.com"}

// people returns a list of about n bytes in protobuf.
func people(n int) *testpb.People {
	p := &testpb.People{}
	for i := 0; i < n/48; i++ {
		s := strconv.Itoa(i * 7919)
		p.People = append(p.People, &testpb.Person{Id: int32(i * 31), Name: "Joseph " + s, Email: "joseph." + s + "@example.com"})
	}
	return p
}

func vt(p *testpb.People) *vtpb.People {
	out := &vtpb.People{}
	for _, m := range p.People {
		out.People = append(out.People, &vtpb.Person{Id: m.Id, Name: m.Name, Email: m.Email})
	}
	return out
}

func codec(b testing.TB, opts ...protobufx.Option) *protobufx.Codec {
	c, err := protobufx.New(opts...)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// naive is the code of AWS's documentation.
func naive(m proto.Message) ([]byte, error) {
	body, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	return json.Marshal(events.APIGatewayProxyResponse{
		StatusCode:      200,
		Headers:         map[string]string{"Content-Type": mediaType},
		Body:            base64.StdEncoding.EncodeToString(body),
		IsBase64Encoded: true,
	})
}

func BenchmarkResponse(b *testing.B) {
	for _, c := range []struct {
		name string
		m    proto.Message
		vt   proto.Message
	}{
		{"Person", joseph, &vtpb.Person{Id: joseph.Id, Name: joseph.Name, Email: joseph.Email}},
		{"10KB", people(10 << 10), vt(people(10 << 10))},
		{"1MB", people(1 << 20), vt(people(1 << 20))},
	} {
		run := func(name string, f func() ([]byte, error)) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if out, err := f(); err != nil || len(out) < 31 {
						b.Fatal(len(out), err)
					}
				}
			})
		}
		run("marshal-alone", func() ([]byte, error) { return proto.Marshal(c.m) })
		run("naive", func() ([]byte, error) { return naive(c.m) })
		run("naive-vt", func() ([]byte, error) { return naive(c.vt) })
		pb := codec(b)
		buf := make([]byte, 0, 3<<20)
		for name, m := range map[string]proto.Message{"ours": c.m, "ours-vt": c.vt} {
			run(name, func() ([]byte, error) {
				return pb.AppendResponse(buf, protobufx.REST, 200, mediaType, m)
			})
		}
	}
}

func event(b testing.TB, body []byte, contentType string) []byte {
	r := httptest.NewRequest("POST", "/people", bytes.NewReader(body))
	for name, value := range map[string]string{
		"Content-Type": contentType, "Accept": contentType, "Accept-Encoding": "gzip, deflate, br",
		"CloudFront-Forwarded-Proto": "https", "CloudFront-Viewer-Country": "DE", "User-Agent": "curl/8.5.0",
		"X-Amzn-Trace-Id": "Root=1-67c2f0a2-4a2c8d6f3b0e5f7a9c1d2e3f", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443",
		"Via": "2.0 51e4cbf3a9ab7b1b3e1e0f4f5f1c2d3e.cloudfront.net (CloudFront)",
	} {
		r.Header.Set(name, value)
	}
	c := edge.Config{Front: gateway.REST, BinaryMediaTypes: []string{mediaType}}
	out, err := c.AppendEvent(nil, r, body)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

type person struct {
	ID    int32  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

func BenchmarkInvoke(b *testing.B) {
	body, _ := proto.Marshal(joseph)
	pb := event(b, body, mediaType)
	js := event(b, []byte(`{"id":9971,"name":"Joseph","email":"joseph@example.com"}`), "application/json")
	for _, c := range []struct {
		name  string
		event []byte
		inv   protobufx.Invoker
	}{
		{"aws-lambda-go", pb, lambda.NewHandler(func(_ context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			var p testpb.Person
			raw, err := base64.StdEncoding.DecodeString(r.Body)
			if err == nil {
				err = proto.Unmarshal(raw, &p)
			}
			if err == nil {
				raw, err = proto.Marshal(&p)
			}
			return events.APIGatewayProxyResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": mediaType}, Body: base64.StdEncoding.EncodeToString(raw), IsBase64Encoded: true}, err
		})},
		{"aws-lambda-go-json", js, lambda.NewHandler(func(_ context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			var p person
			err := json.Unmarshal([]byte(r.Body), &p)
			raw, _ := json.Marshal(p)
			return events.APIGatewayProxyResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(raw)}, err
		})},
		{"ours", pb, protobufx.Handle(func(_ context.Context, p *testpb.Person) (*testpb.Person, error) { return p, nil })},
		{"ours-vt", pb, protobufx.Handle(func(_ context.Context, p *vtpb.Person) (*vtpb.Person, error) { return p, nil })},
		{"ours-json", js, protobufx.Handle(func(_ context.Context, p *testpb.Person) (*testpb.Person, error) { return p, nil }, protobufx.JSON(pbjson.Format{}))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if out, err := c.inv.Invoke(context.Background(), c.event); err != nil || len(out) < 31 {
					b.Fatal(len(out), err)
				}
			}
		})
	}
}

// BenchmarkInvoke1MB is a whole invocation with a context that is canceled once
// the answer is sent, as the loop does. The contexts are made beforehand.
func BenchmarkInvoke1MB(b *testing.B) {
	list := people(1 << 20)
	body, _ := proto.Marshal(joseph)
	pb := event(b, body, mediaType)
	inv := protobufx.Handle(func(context.Context, *testpb.Person) (*testpb.People, error) { return list, nil })
	b.ReportAllocs()
	for b.Loop() {
		ctx, cancel := context.WithCancel(context.Background())
		if out, err := inv.Invoke(ctx, pb); err != nil || len(out) < 1<<20 {
			b.Fatal(len(out), err)
		}
		cancel()
	}
}

// BenchmarkGuard is what honest traffic pays for the limits: decoding with the
// scan for messages, which bodies of 200 KB and more get, beside without.
func BenchmarkGuard(b *testing.B) {
	for _, size := range []int{10 << 10, 1 << 20} {
		list := people(size)
		body, _ := proto.Marshal(list)
		text := base64.StdEncoding.AppendEncode(nil, body)
		guarded, free := codec(b), codec(b, protobufx.MaxMessages(len(body)))
		for name, c := range map[string]*protobufx.Codec{"guarded": guarded, "free": free} {
			b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					var m testpb.People
					if err := c.Unmarshal(text, true, mediaType, &m); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("%d/%s-vt", size, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					var m vtpb.People
					if err := c.Unmarshal(text, true, mediaType, &m); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkHostile is what it takes to refuse what is hostile.
func BenchmarkHostile(b *testing.B) {
	c := codec(b)
	for name, body := range map[string][]byte{
		"bomb":  bytes.Repeat([]byte{0x0a, 0}, 2_250_000),
		"wrong": bytes.Repeat([]byte{0x72, 0}, 100),
		"cut":   {0x0a, 100, 1, 2, 3},
	} {
		text := base64.StdEncoding.AppendEncode(nil, body)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var m testpb.People
				if err := c.Unmarshal(text, true, mediaType, &m); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
