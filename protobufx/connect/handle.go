package connect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/internal/contain"
	"github.com/lambdatune/lambdatune/protobufx/internal/engine"
)

// A Service is what a function answers to, for [Handle].
type Service struct {
	// Procedures are the procedures, of one or more protobuf services. At least
	// one is needed, and each name must be there once.
	Procedures []Procedure
	// Prefix stands before the names in the path, as /api. Empty means none. A REST
	// API's base path mapping is one; the stages of APIs are not.
	Prefix string
	// RequireProtocolHeader refuses requests that do not tell the version of the
	// protocol, in the header Connect-Protocol-Version or, for GET, the query
	// parameter connect. A browser asks before it sends such a header to another
	// origin. Without it both curl and Connect clients are answered.
	RequireProtocolHeader bool
	// Options are those of package protobufx. All but MediaTypes count, with the
	// meaning they have there but for two things: unknown names in JSON and
	// messages whose fields are all unknown are taken, as every Connect server does.
	Options []protobufx.Option
}

// Handle returns an Invoker for the four HTTP fronts, which it tells apart by the
// event:
//
//	handler.Start(connect.Handle(connect.Service{
//		Procedures: []connect.Procedure{
//			connect.Unary("/acme.v1.PersonService/Get", Get).NoSideEffects(),
//			connect.Unary("/acme.v1.PersonService/Put", Put),
//		},
//	}))
//
// What is wrong with the service is an error of every Invoke, and handler.Start
// finds it out at INIT. What is not an HTTP event at all is an error of Invoke
// too; everything else is answered. Memory is used as protobufx.Handle says.
func Handle(s Service) protobufx.Invoker {
	h := &handler{procedures: make(map[string]*Procedure, len(s.Procedures)), requireVersion: s.RequireProtocolHeader}
	var errs []error
	if len(s.Procedures) == 0 {
		errs = append(errs, errors.New("connect: at least one procedure is needed"))
	}
	if p := s.Prefix; p != "" && (p[0] != '/' || strings.HasSuffix(p, "/") || strings.ContainsAny(p, "?#% ")) {
		errs = append(errs, fmt.Errorf("connect: prefix %q: it must begin with a slash, not end with one, and need no escapes", p))
	}
	for _, p := range s.Procedures {
		if err := p.check(); err != nil {
			errs = append(errs, err)
			continue
		}
		if h.procedures[s.Prefix+p.name] != nil {
			errs = append(errs, fmt.Errorf("connect: procedure %q is there twice", p.name))
		}
		h.procedures[s.Prefix+p.name] = &p
	}
	var err error
	h.codec, err = engine.New(engine.Protocol{Name: "Connect", MediaType: protoType}, s.Options)
	h.err = errors.Join(append(errs, err)...)
	return h
}

type handler struct {
	procedures     map[string]*Procedure // by path
	requireVersion bool
	codec          engine.Codec
	err            error
}

// ConfigError is what is wrong with the service, or nil; handler.Start asks for
// it at INIT.
func (h *handler) ConfigError() error { return h.err }

func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if h.err != nil {
		return nil, h.err
	}
	r, err := gateway.Parse(payload)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	call := h.codec.Begin(ctx, r)
	defer call.Finish()
	out, err := h.serve(r, call)
	if err != nil {
		return fail(ctx, r, call, err)
	}
	return out, nil
}

func (h *handler) serve(r *gateway.Request, call engine.Call) ([]byte, error) {
	q, err := h.judge(r)
	if err != nil {
		return nil, err
	}
	in := q.procedure.fresh()
	if err := q.read(r, call, in); err != nil {
		return nil, err
	}
	res, err := call.Do(q.limit, q.procedure.call, in)
	if err != nil {
		return nil, err
	}
	return answer(r, call, &q, res)
}

// answer builds the answer of a call that went well.
func answer(r *gateway.Request, call engine.Call, q *request, res proto.Message) ([]byte, error) {
	status, header := call.Said()
	if status != 0 && status != http.StatusOK {
		return nil, notSent(CodeInternal, fmt.Errorf("SetStatus(%d): the answers of Connect have status 200", status))
	}
	out, err := call.Answer(metadata(header, nil), q.contentType, res)
	if _, ok := errors.AsType[*contain.PanicError](err); ok || err == nil {
		return out, err
	}
	if _, ok := errors.AsType[*gateway.TooLargeError](err); ok {
		return nil, notSent(CodeResourceExhausted, err)
	}
	return nil, notSent(CodeInternal, err)
}

// notSent is logged whatever its code: the client can do nothing about it.
func notSent(code Code, err error) error {
	return &Error{Code: code, Message: "the response cannot be sent", Err: err, log: true}
}
