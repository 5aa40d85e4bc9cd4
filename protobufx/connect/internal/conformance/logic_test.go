package conformance

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"

	connectgo "connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/connect"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
)

const (
	procedure = "/lambdatune.test.v1.PersonService/Do"
	maxBytes  = 64 << 10 // of requests
	secret    = "password=hunter2"
)

// A failure is an error that both packages can be told.
type failure struct {
	code    connect.Code
	message string
	details []proto.Message
	header  map[string]string
}

// A metadata is how logic hears and tells of metadata, in either package.
type metadata struct {
	request         func(name string) string
	header, trailer func(name, value string)
	fail            func(failure) error
}

// logic does what the name of the person says.
func logic(ctx context.Context, in *testpb.Person, m metadata) (*testpb.Person, error) {
	if v := m.request("X-Ask"); v != "" {
		m.header("X-Answer", v+" to you")
		m.header("X-Several", "one")
		m.header("X-Several", "two")
		m.trailer("X-Cost", "3")
		m.trailer("X-Cost", "4")
		m.header("Content-Type", "text/html") // the protocol's, not ours
	}
	verb, rest, _ := strings.Cut(in.Name, ":")
	switch verb {
	case "code":
		n, err := strconv.Atoi(rest)
		if err != nil {
			return nil, err
		}
		return nil, m.fail(failure{
			code:    connect.Code(n),
			message: "it is <code> " + rest + " \u2028 \"quoted\"\n",
			details: []proto.Message{
				&testpb.Person{Id: int32(n), Name: "detail", Email: "\u00fc"},
				&testpb.People{People: []*testpb.Person{{Id: 1}, {}}},
				&testpb.Person{},
			},
			header: map[string]string{"X-Meta": "of the error", "Content-Encoding": "br"},
		})
	case "bare":
		return nil, m.fail(failure{code: connect.CodeNotFound})
	case "plain":
		return nil, errors.New(secret)
	case "canceled":
		return nil, fmt.Errorf("%s: %w", secret, context.Canceled)
	case "deadline":
		return nil, context.DeadlineExceeded
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "panic":
		panic(secret)
	case "big":
		return &testpb.Person{Name: big()}, nil
	}
	return in, nil
}

// big is more than any front takes, compressed or not.
var big = sync.OnceValue(func() string {
	random := rand.NewChaCha8([32]byte{})
	b := make([]byte, 5<<20)
	random.Read(b) //nolint:errcheck // cannot fail
	return base64.StdEncoding.EncodeToString(b)
})

// ours is logic in protobufx/connect.
func ours(ctx context.Context, in *testpb.Person) (*testpb.Person, error) {
	call := protobufx.CallFrom(ctx)
	return logic(ctx, in, metadata{
		request: call.Header,
		header:  call.AddHeader,
		trailer: func(name, value string) { connect.AddTrailer(ctx, name, value) },
		fail: func(f failure) error {
			e := &connect.Error{Code: f.code, Message: f.message, Details: f.details, Header: map[string][]string{}}
			for k, v := range f.header {
				e.Header.Add(k, v)
			}
			return e
		},
	})
}

// theirs is logic in connect-go.
func theirs(ctx context.Context, in *testpb.Person) (*testpb.Person, error) {
	call, ok := connectgo.CallInfoForHandlerContext(ctx)
	if !ok {
		return nil, errors.New("no call in the context")
	}
	return logic(ctx, in, metadata{
		request: call.RequestHeader().Get,
		header:  call.ResponseHeader().Add,
		trailer: call.ResponseTrailer().Add,
		fail: func(f failure) error {
			var cause error
			if f.message != "" {
				cause = errors.New(f.message)
			}
			e := connectgo.NewError(connectgo.Code(f.code), cause)
			for _, d := range f.details {
				detail, err := connectgo.NewErrorDetail(d)
				if err != nil {
					return err
				}
				e.AddDetail(detail)
			}
			for k, v := range f.header {
				e.Meta().Add(k, v)
			}
			return e
		},
	})
}
