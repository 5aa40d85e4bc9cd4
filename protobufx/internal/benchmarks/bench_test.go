package benchmarks

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
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

type person struct {
	ID    int32  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// The three events are named apart, since what aws-lambda-go takes depends on how
// much there is in one: see restEvents.
func BenchmarkInvoke(b *testing.B) {
	body, _ := proto.Marshal(joseph)
	pbs := restEvents(b, body, mediaType)
	jss := restEvents(b, []byte(`{"id":9971,"name":"Joseph","email":"joseph@example.com"}`), "application/json")
	for _, name := range []string{"documented", "browser", "lean"} {
		b.Run("event="+name, func(b *testing.B) { benchmarkInvoke(b, pbs[name], jss[name]) })
	}
}

func benchmarkInvoke(b *testing.B, pb, js []byte) {
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
		{"floor", pb, floor{body(b, pb)}},
	} {
		b.Run("impl="+c.name, func(b *testing.B) {
			out, err := c.inv.Invoke(context.Background(), c.event)
			if err != nil || !bytes.Contains(out, []byte(`"statusCode":200`)) && c.name != "floor" {
				b.Fatal(string(out), err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if out, err := c.inv.Invoke(context.Background(), c.event); err != nil || len(out) < 31 {
					b.Fatal(len(out), err)
				}
			}
		})
	}
}

// floor is the least that any library must do: see that the event is valid, undo
// base64, decode, encode, and make base64 of it. It takes it for granted where the
// body is, and which front it is.
type floor struct{ text []byte }

func (f floor) Invoke(_ context.Context, event []byte) ([]byte, error) {
	if err := jsonscan.Valid(event); err != nil {
		return nil, err
	}
	var raw, out [64]byte
	b, err := base64.StdEncoding.AppendDecode(raw[:0], f.text)
	if err != nil {
		return nil, err
	}
	var p testpb.Person
	if err := proto.Unmarshal(b, &p); err != nil {
		return nil, err
	}
	if b, err = (proto.MarshalOptions{}).MarshalAppend(out[:0], &p); err != nil {
		return nil, err
	}
	return base64.StdEncoding.AppendEncode(make([]byte, 0, 128), b), nil
}

// body is the body of an event.
func body(tb testing.TB, event []byte) []byte {
	v, err := jsonscan.Find(event, "body")
	if err != nil || len(v) < 3 {
		tb.Fatalf("%s: %v", v, err)
	}
	return v[1 : len(v)-1]
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
