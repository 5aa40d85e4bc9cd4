package connect

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
)

// A Procedure is core logic under a name. Get one from [Unary].
type Procedure struct {
	name          string
	noSideEffects bool
	isNil         bool
	fresh         func() proto.Message
	call          func(context.Context, proto.Message) (proto.Message, error)
}

// Unary returns the procedure of that name, as /acme.v1.PersonService/Get: the
// full name of the service and that of the method. Code generated for connect-go
// has it as a constant that begins with the service's name. Of the type
// parameters only the first two are ever written, and usually none:
//
//	func Get(ctx context.Context, req *pb.GetRequest) (*pb.Person, error)
//	connect.Unary("/acme.v1.PersonService/Get", Get)
//
// A name of another form and a nil f are errors of what [Handle] returns.
func Unary[Req, Res any, PReq message[Req], PRes message[Res]](name string, f func(context.Context, PReq) (PRes, error)) Procedure {
	return Procedure{
		name:  name,
		isNil: f == nil,
		fresh: func() proto.Message { return PReq(new(Req)) },
		call: func(ctx context.Context, in proto.Message) (proto.Message, error) {
			return f(ctx, in.(PReq))
		},
	}
}

// message is *M, which is a proto.Message.
type message[M any] interface {
	*M
	proto.Message
}

// NoSideEffects returns the procedure with GET allowed beside POST, so that
// browsers and CDNs can cache it: what a .proto file says of a method by
//
//	option idempotency_level = NO_SIDE_EFFECTS;
func (p Procedure) NoSideEffects() Procedure {
	p.noSideEffects = true
	return p
}

func (p *Procedure) check() error {
	switch {
	case p.fresh == nil:
		return fmt.Errorf("connect: a Procedure is the zero value; Unary makes one")
	case !validName(p.name):
		return fmt.Errorf("connect: procedure %q: the name must have the form /package.Service/Method", p.name)
	case p.isNil:
		return fmt.Errorf("connect: procedure %q: a function is needed, not nil", p.name)
	}
	return nil
}

// validName reports whether the name has the form /package.Service/Method, in the
// names of protobuf.
func validName(name string) bool {
	rest, ok := strings.CutPrefix(name, "/")
	service, method, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 || !identifier(method) {
		return false
	}
	for part := range strings.SplitSeq(service, ".") {
		if !identifier(part) {
			return false
		}
	}
	return true
}

func identifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		if letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'; !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
